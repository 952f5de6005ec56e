"""From a row of the table to a compiled Keras model."""

import math

import keras

from tasks.encode.encodings import Encoding
from tasks.train.variants import Variant


def build_model(variant: Variant, encoding: Encoding, *, num_classes: int, learning_rate: float) -> keras.Model:
    """Build a compiled model: token ids of shape (batch, length) -> probabilities of shape (batch, 1) for two classes.

    More classes get one softmax output each.
    """
    is_binary = num_classes == 2  # noqa: PLR2004
    model = keras.Sequential(
        [
            keras.Input((encoding.length,), dtype="int32"),
            keras.layers.Embedding(encoding.vocab_size, variant.embedding_dim, mask_zero=variant.mask),
            *variant.body(keras.layers),
            keras.layers.Dense(1 if is_binary else num_classes, activation="sigmoid" if is_binary else "softmax"),
        ],
        name=variant.name.replace("-", "_"),
    )
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="binary_crossentropy" if is_binary else "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def describe_model(model: keras.Model) -> str:
    """Return the text of `model.summary()`."""
    lines: list[str] = []
    model.summary(line_length=88, print_fn=lambda text, **_: lines.append(text))
    return "\n".join(lines) + "\n"


def count_parameters(model: keras.Model) -> int:
    """Count the trainable parameters."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)

"""Build a compiled Keras model from a row of the table of variants."""

import math
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from tasks.encode.encodings import Encoding
from tasks.encoders.facts import Pretrained
from tasks.train.encoder import connect, load_layers
from tasks.train.layers import RegionUnits
from tasks.train.losses import WeightedLoss
from tasks.train.variants import Variant
from tasks.train.word_vectors import start_from

BINARY: Final = 2
# The share of the updates in which a schedule's learning rate rises.
WARMUP: Final = 0.1
OPTIMIZERS: Final = {"adam": keras.optimizers.Adam, "adagrad": keras.optimizers.Adagrad}


def build_model(
    variant: Variant,
    encoding: Encoding,
    *,
    num_classes: int,
    learning_rate: float,
    clip_norm: float | None = None,
    soft_labels: bool = False,
    class_weights: Sequence[float] | None = None,
    vectors: Path | None = None,
    encoder: Pretrained | None = None,
    regions: Path | None = None,
    num_updates: int | None = None,
) -> keras.Model:
    """Build a compiled model: token ids of shape (batch, length) -> probabilities of shape (batch, 1) for two classes.

    More classes get one softmax output each. `clip_norm` bounds the norm of the gradients of all weights together. With
    `soft_labels`, it learns from the probabilities of the classes, of shape (batch, num_classes), or (batch,) for the
    second of two. `class_weights` multiply the losses of the reviews of each class. `vectors` is a file with the first
    values of word vectors. A variant with an `encoder` begins with this one, and one with `regions` with the embeddings
    in this file. The schedule of a learning rate that has
    one ends after `num_updates`.
    """
    if variant.encoder and encoder is None:
        raise ValueError(f"{variant.name} begins with a pretrained encoder; expected one.")
    tokens = keras.Input((encoding.length,), dtype="int32")
    words = read_with(encoder, tokens, variant) if encoder else embed(tokens, variant, encoding, vectors)
    steps = [
        *make_dropout(variant.embedding_dropout),
        *variant.body(keras.layers, **variant.options),
        *make_dropout(variant.dropout),
        *make_head(variant, num_classes),
    ]
    outputs = reduce(lambda given, step: step(given), steps, words)
    model = keras.Model(tokens, outputs, name=variant.name.replace("-", "_"))
    if regions:
        load_regions(model, regions)
    if variant.initialise:
        variant.initialise(model, encoding.length)
    loss = choose_loss(num_classes, soft_labels=soft_labels)
    rate = make_schedule(learning_rate, num_updates) if variant.schedule and num_updates else learning_rate
    model.compile(
        optimizer=OPTIMIZERS[variant.optimizer](rate, global_clipnorm=clip_norm),
        loss=WeightedLoss(loss, tuple(class_weights)) if class_weights else loss,
        # Keras would compare the probabilities of two classes with 0 and 1.
        metrics=[keras.metrics.MeanMetricWrapper(find_agreement, name="accuracy")]
        if soft_labels and num_classes == BINARY
        else ["accuracy"],
    )
    return model


def embed(tokens: Any, variant: Variant, encoding: Encoding, vectors: Path | None) -> Any:
    """Look up the word vectors of tokens: (batch, length) -> (batch, length, embedding_dim)."""
    embedding = keras.layers.Embedding(
        encoding.vocab_size,
        variant.embedding_dim,
        mask_zero=variant.mask,
        trainable=variant.vectors != "frozen" and not variant.regions,
    )
    words = embedding(tokens)
    if vectors:
        embedding.embeddings.assign(start_from(vectors, np.asarray(embedding.embeddings)))
    return words


def load_regions(model: keras.Model, path: Path) -> None:
    """Give a model the embeddings of regions in a file."""
    with np.load(path, allow_pickle=False) as found:
        for layer in model.layers:
            if isinstance(layer, keras.layers.Embedding):
                layer.embeddings.assign(found["weights"])
            elif isinstance(layer, RegionUnits):
                layer.bias.assign(found["bias"])


def read_with(encoder: Pretrained, tokens: Any, variant: Variant) -> Any:
    """Read texts with a pretrained encoder: (batch, length) -> (batch, dim)."""
    layers = load_layers(encoder, length=tokens.shape[1], trainable=variant.encoder != "frozen")
    return connect(layers, tokens)


def make_schedule(rate: float, num_updates: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Let the rate rise linearly from 0 in the first tenth of the updates, and then fall to 0 along a cosine."""
    warmup = math.ceil(WARMUP * num_updates)
    return keras.optimizers.schedules.CosineDecay(
        0.0, max(1, num_updates - warmup), warmup_target=rate, warmup_steps=warmup
    )


def make_dropout(rate: float) -> list[keras.Layer]:
    """Make the layer that drops this share of its inputs in training; none for a share of 0."""
    return [keras.layers.Dropout(rate)] if rate else []


def choose_loss(num_classes: int, *, soft_labels: bool) -> str:
    """Name the cross-entropy that suits the labels."""
    if num_classes == BINARY:
        return "binary_crossentropy"
    return "categorical_crossentropy" if soft_labels else "sparse_categorical_crossentropy"


def find_agreement(labels: Any, outputs: Any) -> Any:
    """Tell whether labels and outputs take the same of two classes for the likelier one: shape (batch,)."""
    half = 0.5
    agree = keras.ops.equal(keras.ops.squeeze(outputs, -1) > half, keras.ops.reshape(labels, (-1,)) > half)
    return keras.ops.cast(agree, "float32")


def make_head(variant: Variant, num_classes: int) -> list[keras.Layer]:
    """Make the layers that turn the output of the variant's body into probabilities.

    They are float32 whatever the rest computes in, because bfloat16 has only 128 numbers between 1/2 and 1.
    """
    hidden = [keras.layers.Dense(variant.hidden, activation="relu")] if variant.hidden else []
    if num_classes == BINARY:
        return [*hidden, keras.layers.Dense(1, activation="sigmoid", dtype="float32")]
    return [*hidden, keras.layers.Dense(num_classes, activation="softmax", dtype="float32")]


def quantize_model(model: keras.Model, mode: str) -> keras.Model:
    """Store the word vectors in fewer bits: with `int8`, a quarter of the bytes and 255 steps for each word.

    The layers change in place. They can no longer be trained.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.Embedding):
            layer.quantize(mode)
    return forget_training(model)


def forget_training(model: keras.Model) -> keras.Model:
    """Return a model with the same layers that is saved without an optimizer and its state, loss and metrics."""
    return keras.Model(model.input, model.output, name=model.name)


def describe_model(model: keras.Model) -> str:
    """Return the text of `model.summary()`."""
    lines: list[str] = []
    model.summary(line_length=88, print_fn=lambda text, **_: lines.append(text))
    return "\n".join(lines) + "\n"


def count_parameters(model: keras.Model) -> int:
    """Count the trainable parameters."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)

"""The layers of a Transformer encoder as BERT has them (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).

Once this module is imported, `keras.models.load_model` finds them by their names. Sums of squares, exponentials and
means are taken in 32 bits, whatever the rest computes in.
"""

from typing import Any, Final

import keras
from keras import ops

ACTIVATIONS: Final = {
    # That of Keras has an operation that ONNX lacks.
    "gelu": lambda values: 0.5 * values * (1.0 + ops.erf(values * 0.5**0.5)),
    "gelu-tanh": lambda values: ops.gelu(values, approximate=True),
    "relu": ops.relu,
}
# What is added to the logit of a padded place, so that its weight is 0 in 32 bits.
NEVER: Final = -1e9


def normalise(values: Any, scale: Any, shift: Any, epsilon: float) -> Any:
    """Normalise vectors to mean 0 and variance 1, then scale and shift them (layer normalisation)."""
    exact = ops.cast(values, "float32")
    centred = exact - ops.mean(exact, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
    found = ops.cast(centred * ops.rsqrt(variance + epsilon), values.dtype)
    return found * scale + shift


@keras.saving.register_keras_serializable(package="bakeoff")
class EncoderInput(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """The vectors of tokens and of their places, added and normalised: (batch, length) -> (batch, length, dim).

    Tokens of id 0 are padding, which is masked.
    """

    def __init__(self, vocab_size: int, dim: int, *, epsilon: float, dropout: float, **options: Any) -> None:
        super().__init__(**options)
        self.vocab_size, self.dim, self.epsilon, self.dropout = vocab_size, dim, epsilon, dropout
        self.drop = keras.layers.Dropout(dropout)

    def build(self, input_shape: tuple[int | None, int]) -> None:
        """Make the weights."""
        self.tokens = self.add_weight(shape=(self.vocab_size, self.dim), name="tokens")
        self.places = self.add_weight(shape=(input_shape[1], self.dim), name="places")
        self.scale = self.add_weight(shape=(self.dim,), initializer="ones", name="scale")
        self.shift = self.add_weight(shape=(self.dim,), initializer="zeros", name="shift")

    def call(self, tokens: Any, training: Any = None) -> Any:
        """Look the vectors up; there may be fewer tokens than places."""
        words = ops.take(self.tokens, tokens, axis=0) + self.places[: tokens.shape[1]]
        return self.drop(normalise(words, self.scale, self.shift, self.epsilon), training=training)

    def compute_mask(self, tokens: Any, _mask: Any = None) -> Any:
        """Mask padding: (batch, length), false for padding."""
        return ops.not_equal(tokens, 0)

    def get_config(self) -> dict[str, Any]:
        """Return what a saved layer needs to be made again."""
        own = {"vocab_size": self.vocab_size, "dim": self.dim, "epsilon": self.epsilon, "dropout": self.dropout}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="bakeoff")
class EncoderBlock(keras.layers.Layer):  # type: ignore[misc]  # likewise
    """A block: attention with several heads, then a layer of `inner_dim` units; each is added and normalised.

    Shape (batch, length, dim), before and after. Masked places are not looked at.
    """

    def __init__(
        self,
        num_heads: int,
        inner_dim: int,
        *,
        activation: str,
        epsilon: float,
        dropout: float,
        attention_dropout: float,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.num_heads, self.inner_dim, self.activation, self.epsilon = num_heads, inner_dim, activation, epsilon
        self.dropout, self.attention_dropout = dropout, attention_dropout
        self.supports_masking = True
        self.drop_weights = keras.layers.Dropout(attention_dropout)
        self.drop_attended, self.drop_outer = keras.layers.Dropout(dropout), keras.layers.Dropout(dropout)

    def build(self, input_shape: tuple[int | None, int, int]) -> None:
        """Make the weights; raises ValueError if the heads cannot share the numbers of a vector equally."""
        _, self.length, dim = input_shape
        if dim % self.num_heads:
            raise ValueError(f"vectors of {dim} numbers cannot be divided among {self.num_heads} heads.")
        for name, shape in {
            "attention": (dim, 3 * dim),
            "attended": (dim, dim),
            "inner": (dim, self.inner_dim),
            "outer": (self.inner_dim, dim),
        }.items():
            setattr(self, f"{name}_kernel", self.add_weight(shape=shape, name=f"{name}_kernel"))
            bias = self.add_weight(shape=shape[1:], initializer="zeros", name=f"{name}_bias")
            setattr(self, f"{name}_bias", bias)
        for name in ("attended", "outer"):
            scale = self.add_weight(shape=(dim,), initializer="ones", name=f"{name}_scale")
            setattr(self, f"{name}_scale", scale)
            shift = self.add_weight(shape=(dim,), initializer="zeros", name=f"{name}_shift")
            setattr(self, f"{name}_shift", shift)

    @property
    def num_values(self) -> int:
        """How many numbers the largest arrays within hold for a text: logits and weights of attention, and units."""
        return int(self.length * (3 * self.num_heads * self.length + 3 * self.inner_dim))

    def call(self, words: Any, mask: Any = None, training: Any = None) -> Any:
        """Let the words look at each other, and transform each."""
        looked = self.drop_attended(self.attend(words, mask, training=training), training=training)
        attended = normalise(words + looked, self.attended_scale, self.attended_shift, self.epsilon)
        units = ACTIVATIONS[self.activation](ops.matmul(attended, self.inner_kernel) + self.inner_bias)
        outer = self.drop_outer(ops.matmul(units, self.outer_kernel) + self.outer_bias, training=training)
        return normalise(attended + outer, self.outer_scale, self.outer_shift, self.epsilon)

    def attend(self, words: Any, mask: Any, *, training: Any) -> Any:
        """Replace each word by what it looks at, in several ways at once: (batch, length, dim)."""
        length, dim = words.shape[1:]
        size = dim // self.num_heads
        projected = ops.matmul(words, self.attention_kernel) + self.attention_bias
        heads = ops.transpose(ops.reshape(projected, (-1, length, 3, self.num_heads, size)), (2, 0, 3, 1, 4))
        queries, keys, values = heads[0], heads[1], heads[2]
        logits = ops.cast(ops.matmul(queries * size**-0.5, ops.transpose(keys, (0, 1, 3, 2))), "float32")
        if mask is not None:
            logits = logits + NEVER * (1.0 - ops.cast(mask, "float32"))[:, None, None, :]
        weights = ops.cast(ops.softmax(logits, axis=-1), values.dtype)
        looked = ops.matmul(self.drop_weights(weights, training=training), values)
        joined = ops.reshape(ops.transpose(looked, (0, 2, 1, 3)), (-1, length, dim))
        return ops.matmul(joined, self.attended_kernel) + self.attended_bias

    def get_config(self) -> dict[str, Any]:
        """Return what a saved layer needs to be made again."""
        names = ("num_heads", "inner_dim", "activation", "epsilon", "dropout", "attention_dropout")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable(package="bakeoff")
class EncoderPooling(keras.layers.Layer):  # type: ignore[misc]  # likewise
    """The vector of a text: the mean of its tokens' vectors, their maxima, or that of its first token.

    Shape (batch, length, dim) -> (batch, dim), in 32 bits. Masked places do not count.
    """

    def __init__(self, pooling: str, **options: Any) -> None:
        super().__init__(**options)
        self.pooling = pooling
        self.supports_masking = True

    def call(self, words: Any, mask: Any = None) -> Any:
        """Pool the vectors."""
        exact = ops.cast(words, "float32")
        if self.pooling == "first":
            return exact[:, 0]
        keep = ops.ones_like(exact[..., :1]) if mask is None else ops.cast(mask, "float32")[..., None]
        if self.pooling == "max":
            return ops.max(exact + NEVER * (1.0 - keep), axis=1)
        return ops.sum(exact * keep, axis=1) / ops.sum(keep, axis=1)

    def compute_mask(self, _words: Any, mask: Any = None) -> None:
        """Say that nothing of the result is masked."""
        del mask

    def get_config(self) -> dict[str, Any]:
        """Return what a saved layer needs to be made again."""
        return {**super().get_config(), "pooling": self.pooling}

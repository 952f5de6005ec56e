"""Layers that Keras lacks. Once this module is imported, `keras.models.load_model` finds them by their names."""

from collections.abc import Sequence
from typing import Any, Final

import keras
from keras import ops

# A smaller region would begin after its position.
LEAST_REGION: Final = 3


@keras.saving.register_keras_serializable(package="bakeoff")
class RegionMaximum(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """The maxima over a text of filters on one-hot words (Johnson & Zhang 2015, https://aclanthology.org/N15-1011).

    A filter of width w has a weight for each word at each of w places. The word vectors are these weights, so that the
    layer has no matrix to multiply them by: a vector holds, for each width, first the weights of all its filters at the
    first place, then those at the second, and so on. Shape (batch, length, sum of width * filters) -> (batch, sum of
    filters).

    The value of a filter at a position is the sum of its weights for the words from there on, a bias, and ReLU. Masked
    words and places beyond the end add nothing, no filter starts at a masked word, and a text without words gets 0. The
    gradient of a maximum goes to the first position that has it, with every backend.
    """

    def __init__(self, widths: Sequence[int], filters: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.widths = tuple(widths)
        self.filters = tuple(filters)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the biases; raises ValueError when the vectors have another size than the filters need."""
        size = sum(width * filters for width, filters in zip(self.widths, self.filters, strict=True))
        if input_shape[-1] != size:
            raise ValueError(f"word vectors of {input_shape[-1]} numbers; expected {size} for these filters.")
        self.bias = self.add_weight(shape=(sum(self.filters),), initializer="zeros", name="bias")

    def call(self, words: Any, mask: Any = None) -> Any:
        """Compute the maxima; `mask` of shape (batch, length) is false for padding."""
        keep = None if mask is None else ops.expand_dims(ops.cast(mask, words.dtype), -1)
        read = words if keep is None else words * keep
        sums, first = [], 0
        for width, filters in zip(self.widths, self.filters, strict=True):
            sums.append(sum(self.shift(read, place, first + place * filters, filters) for place in range(width)))
            first += width * filters
        values = ops.relu(ops.concatenate(sums, axis=-1) + self.bias)
        read_values = values if keep is None else values * keep
        places = ops.expand_dims(ops.argmax(read_values, axis=1), 1)
        return ops.squeeze(ops.take_along_axis(read_values, places, axis=1), 1)

    @staticmethod
    def shift(words: Any, place: int, first: int, filters: int) -> Any:
        """Return what the words `place` positions later weigh: shape (batch, length, filters)."""
        weights = words[:, place:, first : first + filters]
        return ops.pad(weights, [[0, 0], [0, min(place, words.shape[1])], [0, 0]]) if place else weights

    def compute_mask(self, _words: Any, mask: Any = None) -> None:
        """Say that nothing of the result is masked."""
        del mask

    def get_config(self) -> dict[str, Any]:
        """Return what a saved layer needs to be made again."""
        return {**super().get_config(), "widths": self.widths, "filters": self.filters}


@keras.saving.register_keras_serializable(package="bakeoff")
class RegionUnits(keras.layers.Layer):  # type: ignore[misc]  # likewise
    """Rectified units that read the words around each position, whatever their order (Johnson & Zhang 2015).

    A word vector holds, for each size, what the word adds to the units that read so many words. The value of a unit at
    a position is relu(bias + the sum of its numbers for these words); the bias is not trained here. A region begins
    (size - 3) // 2 places before the position, so that it surrounds the two or three words that a filter from there on
    reads: one of 5 words begins one place before it, one of 20 words eight. Shape (batch, length, sum
    of units) -> the same. Source: https://arxiv.org/abs/1504.01255

    Masked words and places outside the text add nothing, and the units are 0 at masked words, so that what follows
    needs no mask.
    """

    def __init__(self, sizes: Sequence[int] = (5, 20), units: Sequence[int] = (160, 128), **options: Any) -> None:
        if any(size < LEAST_REGION for size in sizes):
            raise ValueError(f"regions of {list(sizes)} words; expected at least {LEAST_REGION}.")
        super().__init__(**options)
        self.sizes = tuple(sizes)
        self.units = tuple(units)
        self.supports_masking = True

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the biases; raises ValueError when the vectors have another size than the units need."""
        if input_shape[-1] != sum(self.units):
            raise ValueError(f"word vectors of {input_shape[-1]} numbers; expected {sum(self.units)} for these units.")
        self.bias = self.add_weight(shape=(sum(self.units),), initializer="zeros", trainable=False, name="bias")

    def call(self, words: Any, mask: Any = None) -> Any:
        """Compute the units; `mask` of shape (batch, length) is false for padding."""
        keep = None if mask is None else ops.expand_dims(ops.cast(mask, words.dtype), -1)
        read = words if keep is None else words * keep
        sums, first = [], 0
        for size, units in zip(self.sizes, self.units, strict=True):
            sums.append(self.add_words(read[..., first : first + units], size))
            first += units
        values = ops.relu(ops.concatenate(sums, axis=-1) + self.bias)
        return values if keep is None else values * keep

    @staticmethod
    def add_words(words: Any, size: int) -> Any:
        """Return the sum of the vectors of the `size` words around each position: the same shape."""
        before = (size - LEAST_REGION) // 2
        padded = ops.pad(words, [[0, 0], [before, size - 1 - before], [0, 0]])
        # With TensorFlow, a pool takes a quarter of the time of a cumulative sum, and its rounding does not add up.
        return ops.average_pool(padded, size, 1, data_format="channels_last") * size

    def compute_mask(self, _words: Any, mask: Any = None) -> None:
        """Say that nothing of the result is masked."""
        del mask

    def get_config(self) -> dict[str, Any]:
        """Return what a saved layer needs to be made again."""
        return {**super().get_config(), "sizes": self.sizes, "units": self.units}


@keras.saving.register_keras_serializable(package="bakeoff")
class ResponseNormalization(keras.layers.Layer):  # type: ignore[misc]  # likewise
    """Scale each vector x to x / sqrt(1 + |x|^2), so that no text has a long one (Johnson & Zhang 2015)."""

    def call(self, inputs: Any) -> Any:
        """Scale the vectors of the last axis."""
        return inputs / ops.sqrt(1 + ops.sum(ops.square(inputs), axis=-1, keepdims=True))

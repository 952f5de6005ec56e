"""The layers that Keras lacks, against plain loops over words."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from tasks.train.layers import RegionMaximum, RegionUnits, ResponseNormalization

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

WIDTHS, FILTERS, ROW = (1, 3, 2), (4, 2, 3), 4 + 6 + 6
VOCAB_SIZE, LENGTH = 9, 6
TEXTS = [[1, 2, 3, 4, 5, 6], [7, 8, 0, 0, 0, 0], [0, 0, 0, 0, 2, 2], [3, 0, 5, 0, 0, 0], [0] * LENGTH]


def build() -> keras.Model:
    keras.utils.set_random_seed(1)
    tokens = keras.Input((LENGTH,), dtype="int32")
    words = keras.layers.Embedding(VOCAB_SIZE, ROW, mask_zero=True, embeddings_initializer="normal")(tokens)
    model = keras.Model(tokens, ResponseNormalization()(RegionMaximum(WIDTHS, FILTERS)(words)))
    table, bias = model.get_weights()
    model.set_weights([20 * table, np.linspace(-0.5, 0.5, len(bias), dtype=np.float32)])
    return model


def find_maximum(text: list[int], table: np.ndarray, columns: list[int], bias: float) -> float:
    """The largest value of one filter, whose weights are in a column of the table for each place."""
    found = [0.0]
    for start, first_word in enumerate(text):
        if first_word:
            read = zip(text[start:], columns, strict=False)
            found.append(sum(table[word, column] for word, column in read if word) + bias)
    return max(found)


def test_maxima_are_those_of_loops_over_words() -> None:
    model = build()
    table, bias = model.get_weights()
    columns = [[0], [1], [2], [3], [4, 6, 8], [5, 7, 9], [10, 13], [11, 14], [12, 15]]
    wanted = np.array([[find_maximum(text, table, *of) for of in zip(columns, bias, strict=True)] for text in TEXTS])
    assert (wanted > 0).any(axis=1).tolist() == [True, True, True, True, False]
    wanted /= np.sqrt(1 + (wanted**2).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(np.asarray(model(np.array(TEXTS, np.int32))), wanted, atol=1e-6)


def test_text_is_read_alike_whatever_its_padding() -> None:
    model = build()
    texts = np.array([[5, 7, 2, 0, 0, 0], [0, 5, 7, 2, 0, 0], [0, 0, 0, 5, 7, 2]], np.int32)
    outputs = np.asarray(model(texts))
    np.testing.assert_allclose(outputs, outputs[[0, 0, 0]], atol=1e-6)


def test_filter_may_be_wider_than_the_text() -> None:
    layer = RegionMaximum((3,), (1,))
    words = np.array([[[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]], np.float32)
    assert float(ops.squeeze(layer(words))) == 17.0


def test_vectors_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="word vectors of 5 numbers; expected 7 for these filters"):
        RegionMaximum((1, 2), (3, 2))(np.zeros((1, 4, 5), np.float32))


SIZES, UNITS = (5, 20, 3), (4, 3, 2)


def build_units() -> keras.Model:
    keras.utils.set_random_seed(4)
    tokens = keras.Input((LENGTH,), dtype="int32")
    words = keras.layers.Embedding(VOCAB_SIZE, sum(UNITS), mask_zero=True, embeddings_initializer="normal")(tokens)
    model = keras.Model(tokens, RegionUnits(SIZES, UNITS)(words))
    model.set_weights([20 * model.get_weights()[0], np.linspace(-0.5, 0.5, sum(UNITS), dtype=np.float32)])
    return model


def add_region(text: list[int], position: int, size: int, numbers: np.ndarray, bias: float) -> float:
    """The value of one unit at a position, whose numbers are one for each word of the vocabulary."""
    first = position - (size - 3) // 2
    if not text[position]:
        return 0.0
    words = [text[place] for place in range(max(0, first), min(len(text), first + size))]
    return max(0.0, sum(numbers[word] for word in words if word) + bias)


def test_units_are_those_of_loops_over_words() -> None:
    model = build_units()
    table, bias = model.get_weights()
    sizes = np.repeat(SIZES, UNITS)
    wanted = [
        [[add_region(text, at, *unit) for unit in zip(sizes, table.T, bias, strict=True)] for at in range(LENGTH)]
        for text in TEXTS
    ]
    assert (np.array(wanted) > 0).any(axis=(1, 2)).tolist() == [True, True, True, True, False]
    np.testing.assert_allclose(np.asarray(model(np.array(TEXTS, np.int32))), wanted, atol=2e-6)


@pytest.mark.parametrize(("size", "before"), [(3, 0), (4, 0), (5, 1), (20, 8)])
def test_region_begins_before_its_position(size: int, before: int) -> None:
    words = np.zeros((1, 50, 1), np.float32)
    words[0, 25] = 1.0
    reached = np.flatnonzero(np.asarray(RegionUnits((size,), (1,))(words)))
    np.testing.assert_array_equal(reached, np.arange(25 + before - size + 1, 25 + before + 1))


def test_word_vectors_without_a_mask_are_all_read() -> None:
    words = np.ones((1, 3, 2), np.float32)
    np.testing.assert_allclose(np.asarray(RegionUnits((3, 20), (1, 1))(words))[0], [[3, 3], [2, 3], [1, 3]], rtol=1e-6)


def test_units_are_read_without_a_mask_and_their_bias_is_not_trained() -> None:
    model = build_units()
    assert keras.layers.Conv1D(16, 2)(model.output).shape == (None, LENGTH - 1, 16)
    assert getattr(model.output, "_keras_mask", None) is None
    assert [weight.path.rpartition("/")[2] for weight in model.trainable_weights] == ["embeddings"]


@pytest.mark.parametrize("make", [build, build_units])
def test_saved_layers_are_found_by_their_names(make: Callable[[], keras.Model], tmp_path: Path) -> None:
    model = make()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    tokens = np.array(TEXTS, np.int32)
    np.testing.assert_array_equal(np.asarray(loaded(tokens)), np.asarray(model(tokens)))


def test_units_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="word vectors of 5 numbers; expected 7 for these units"):
        RegionUnits((5, 20), (4, 3))(np.zeros((1, 4, 5), np.float32))
    with pytest.raises(ValueError, match=r"regions of \[5, 2\] words; expected at least 3"):
        RegionUnits((5, 2), (4, 3))

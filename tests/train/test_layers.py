"""The layers that Keras lacks, against plain loops over words."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from tasks.train.layers import RegionMaximum, ResponseNormalization

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


def test_saved_layers_are_found_by_their_names(tmp_path: Path) -> None:
    model = build()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    tokens = np.array(TEXTS, np.int32)
    np.testing.assert_array_equal(np.asarray(loaded(tokens)), np.asarray(model(tokens)))


def test_vectors_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="word vectors of 5 numbers; expected 7 for these filters"):
        RegionMaximum((1, 2), (3, 2))(np.zeros((1, 4, 5), np.float32))

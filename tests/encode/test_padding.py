"""Padding equals that of Keras."""

from typing import Literal

import keras
import numpy as np
import pytest

from tasks.encode.padding import Tokens, pad_tokens

Padding = Literal["pre", "post"]


def join(sequences: list[list[int]]) -> Tokens:
    return Tokens(
        np.array([token for sequence in sequences for token in sequence], np.int32),
        np.array([len(sequence) for sequence in sequences], np.int64),
    )


@pytest.mark.parametrize(("padding", "expected"), [("pre", [[0, 7, 9]]), ("post", [[7, 9, 0]])])
def test_short_text_is_padded_with_zeros(padding: Padding, expected: list[list[int]]) -> None:
    assert pad_tokens(join([[7, 9]]), length=3, padding=padding).tolist() == expected


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_long_text_keeps_its_first_tokens(padding: Padding) -> None:
    assert pad_tokens(join([[5, 6, 7, 8]]), length=3, padding=padding).tolist() == [[5, 6, 7]]


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_text_of_the_right_length_is_unchanged(padding: Padding) -> None:
    assert pad_tokens(join([[5, 6, 7]]), length=3, padding=padding).tolist() == [[5, 6, 7]]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("sequences", [[[]], [[], []], [[], [4], []], [[4, 5, 6], [], [7]], [[], [4, 5, 6]]])
def test_empty_texts_become_zeros_and_shift_no_neighbour(sequences: list[list[int]], padding: Padding) -> None:
    expected = keras.utils.pad_sequences(sequences, maxlen=2, padding=padding, truncating="post")

    assert pad_tokens(join(sequences), length=2, padding=padding).tolist() == expected.tolist()


def test_no_texts_give_no_rows() -> None:
    assert pad_tokens(join([]), length=3, padding="pre").shape == (0, 3)


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("length", [1, 2, 7, 30])
def test_random_texts_are_padded_as_by_keras(length: int, padding: Padding) -> None:
    rng = np.random.default_rng(length)
    for _ in range(20):
        sizes = rng.integers(0, 15, rng.integers(1, 40))
        sequences = [rng.integers(1, 30_000, size).tolist() for size in sizes]
        expected = keras.utils.pad_sequences(sequences, maxlen=length, padding=padding, truncating="post")
        padded = pad_tokens(join(sequences), length=length, padding=padding)
        np.testing.assert_array_equal(padded, expected, strict=True)

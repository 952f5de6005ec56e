"""Texts are divided into the same tokens, whether each of their words is divided once or each time that it occurs."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers

from tasks.encode import repeated_words
from tasks.encode.encodings import Encoding
from tasks.encode.padding import Tokens
from tasks.encode.repeated_words import divide_repeated_words, divide_whole_texts, gather, split_words
from tasks.encode.subwords import MANY_TEXTS, encode_subwords, fit_subwords, prepare_bytes

PIECES = [
    *["a", "film", "FILM", "don't", "it's", "'s", "good!", "...", "42", "3.5", "<PAD>", "<OOV>", "x\x00y"],
    *["caf\u00e9", "cafe\u0301", "\u0301", "\u0130", "\u03a3\u0391\u03a3", "\u0120", "\u0120film", "\ufb01"],
    *["\u96fb\u5f71", "\U0001f44d\U0001f3fd", "\u200b", "\u200d", "\ufeff", "\u1100", "\u1161", "\ud55c"],
    *[
        " ",
        " ",
        " ",
        " ",
        "  ",
        "   ",
        "    ",
        "\t",
        "\n",
        "\r\n",
        "\u00a0",
        "\u2003",
        "\u2028",
        "\u3000",
        "\x85",
        "\x1c",
    ],
    *["\u1680", "\u180e", "\u202f", "\u205f", "\x0b", "\x0c"],
]


def make_bpe() -> Tokenizer:
    encoding = Encoding(name="tiny", kind="subwords", vocab_size=400, length=12, padding="pre", description="for tests")
    # Also runs of spaces become tokens.
    texts = ["a film", "a film   with    spaces", "good     film !!", "a  film's caf\u00e9\n\nfilm \t film"] * 5
    return fit_subwords([pa.array(texts)], encoding)


def make_unigram() -> Tokenizer:
    alphabet = sorted(make_bpe().get_vocab(), key=len)
    return prepare_bytes(Tokenizer(models.Unigram([(token, -float(len(alphabet))) for token in alphabet], unk_id=1)))


TOKENIZERS = {"bpe": make_bpe(), "unigram": make_unigram()}


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    return TOKENIZERS[request.param]


def draw_texts(rng: np.random.Generator, num_texts: int, most_pieces: int) -> list[str]:
    lengths = rng.integers(0, most_pieces, num_texts)
    return ["".join(rng.choice(PIECES, length)) for length in lengths]


def as_lists(tokens: Tokens) -> list[list[int]]:
    ends: NDArray[np.int64] = np.cumsum(tokens.num_tokens)
    return [part.tolist() for part in np.split(tokens.ids, ends[:-1])] if len(ends) else []


def assert_same(texts: list[str], tokenizer: Tokenizer) -> None:
    array = pa.array(texts, pa.string())
    one, other = divide_repeated_words(array, tokenizer), divide_whole_texts(array, tokenizer)

    for text, found, expected in zip(texts, as_lists(one), as_lists(other), strict=True):
        assert found == expected, ascii(text)
    assert (one.ids.dtype, one.num_tokens.dtype) == (other.ids.dtype, other.num_tokens.dtype)


@pytest.mark.parametrize("seed", range(5))
def test_generated_texts(seed: int, tokenizer: Tokenizer) -> None:
    assert_same(draw_texts(np.random.default_rng(seed), 1_000, 20), tokenizer)


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_each_piece_at_each_place(piece: str, tokenizer: Tokenizer) -> None:
    others = ["", " ", "  ", "   ", "film", " film", "film ", "'s"]
    assert_same([f"{before}{piece}{after}" for before in others for after in others], tokenizer)


@pytest.mark.parametrize("texts", [[], [""], ["", ""], [" "], ["a"], ["", "a", ""], ["a ", " b"], ["\n"], ["\n", "a"]])
def test_few_texts(texts: list[str], tokenizer: Tokenizer) -> None:
    assert_same(texts, tokenizer)


def test_a_part_of_an_array(tokenizer: Tokenizer) -> None:
    array = pa.array(["another", "a film", "", "good  film", "another"])
    found = divide_repeated_words(array.slice(1, 3), tokenizer)

    assert as_lists(found) == as_lists(divide_whole_texts(array.slice(1, 3), tokenizer))


def test_more_words_than_are_divided_at_a_time(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeated_words, "WORDS_AT_A_TIME", 3)
    assert_same(draw_texts(np.random.default_rng(9), 50, 20), tokenizer)


def test_split_before_the_last_space_of_a_run_and_before_the_run() -> None:
    words, num_words = split_words(pa.array(["a  b c", "", " a ", "   ", "  a"]))

    assert words.to_pylist() == ["a", " ", " b", " c", " a", " ", "   ", " ", " a"]
    assert num_words.tolist() == [4, 0, 2, 1, 2]


@pytest.mark.parametrize(
    "pre_tokenizer",
    [
        pre_tokenizers.Whitespace(),
        pre_tokenizers.Metaspace(),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.ByteLevel(use_regex=False),
        None,
    ],
    ids=str,
)
def test_tokenizers_that_do_not_read_bytes_divide_whole_texts(pre_tokenizer: Any) -> None:
    other = make_bpe()
    if pre_tokenizer:
        other.pre_tokenizer = pre_tokenizer
    else:
        other = Tokenizer.from_str(json.dumps({**json.loads(other.to_str()), "pre_tokenizer": None}))
    texts = pa.array(draw_texts(np.random.default_rng(3), 2 * MANY_TEXTS, 20))

    assert as_lists(encode_subwords(texts, other)) == as_lists(divide_whole_texts(texts, other))


def test_gather() -> None:
    parts = Tokens(np.array([7, 8, 9], np.int32), np.array([2, 1]))
    found = gather(parts, np.array([1, 0, 1]), np.array([2, 0, 1]))

    assert (found.ids.tolist(), found.num_tokens.tolist()) == ([9, 7, 8, 9], [3, 0, 1])

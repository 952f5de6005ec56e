"""Words are those of Keras's own `Tokenizer`, token for token, and the saved file says the same to other programs."""

import inspect
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pyarrow as pa
import pytest
from keras.src.legacy.preprocessing.text import Tokenizer as KerasTokenizer
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import encode_texts, fit_tokenizer
from tasks.encode.words import FILTERS, OOV, OOV_ID, PAD, fit_words, split_words
from tasks.ingest.sources.tfds import open_tfds

Padding = Literal["pre", "post"]

REVIEWS = [
    "This film was good, really GOOD: it's the best of the year!",
    "A dull film. Dull, dull, dull... I didn't like it (at all).",
    'She said: "the plot\'s thin" -- and thin it was; 2/10.',
    "the the the THE The tHe",
    "well-known actors,no space after commas,and\ttabs\nand lines",
    "numbers 1 22 333 and 1,000.50; e-mail me@example.com #film @you $5 50%",
    "a a a b b b c c c d",
    "so_called under_scores and `ticks` ~ | ^ {braces} [brackets] <tags> back\\slash",
    "It was the best of times, it was the worst of times; it was the age of a film.",
]
EMPTY = ["", " ", "   ", "...", "!?!", "\t\n", "-- -- --", "word", "", "()", "a", ""]
TIES = ["zebra apple mango", "mango apple zebra", "kiwi zebra kiwi", "fig fig apple", "date elder grape"]
UNICODE = {
    # The small form of this letter depends on whether it ends a word.
    "final sigma": "\u039f\u0394\u039f\u03a3 \u03a3 \u03a3a a\u03a3, a\u03a3.b a\u03a3' \u03a3\u03a3",
    "dotted and dotless i": "\u0130stanbul I\u0131 ISTANBUL istanbul i\u0307",
    "signs that are letters": "300 \u212a k K \u212b \u2126 \u1e9e Stra\u00dfe \u01c5",
    "emoji": "good \U0001f44d good\U0001f44d\U0001f3fd \u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "spaces": "no\u00a0break thin\u2009space ideographic\u3000space",
    "zero width": "zero\u200bwidth \ufeffbom join\u200der soft\u00adhyphen",
    "combining marks": "caf\u00e9 cafe\u0301 CAF\u00c9 \u0301lone",
    "line ends": "line\rend vertical\vtab form\ffeed next\x85line sep\u2028arator para\u2029graph\x1cfile",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u200f\u0645\u064e\u060c \u202eleft\u202c rtl",
    "typographic marks": "\u201cquoted\u201d it\u2019s dash\u2014ed wait\u2026",
    "full width": "\u96fb\u5f71\u3002 \uff21\uff0cb",
    "control characters": "nul\0byte del\x7f \x01",
    "beyond the basic plane": "\U00010400 \U0001d400bc",
}
CORPORA = {
    "reviews": REVIEWS,
    "empty": EMPTY,
    "ties": TIES,
    "unicode": [*UNICODE.values()],
    "all": [*REVIEWS, *EMPTY, *TIES, *UNICODE.values()],
}
# What random texts are made of: single characters, and pieces that make words recur.
NASTY = [
    *"aAbBcC zZ''  ..,,!?\t\n\r\v\f\\\"#<>&;:-_/0019\0\x1c\x85",
    *"".join(UNICODE.values()),
    *("the ", "film ", " good", "\r\n", "<br />", "...", "I\u0307", "\u03a3 "),
]


def make_encoding(*, vocab_size: int = 1_000, length: int = 12, padding: Padding = "pre") -> Encoding:
    return Encoding(
        name="tiny", kind="words", vocab_size=vocab_size, length=length, padding=padding, description="for tests"
    )


def encode(texts: Sequence[str], tokenizer: Tokenizer, encoding: Encoding) -> NDArray[np.int32]:
    tokens: NDArray[np.int32] = encode_texts(pa.array(texts, pa.string()), tokenizer, encoding)["tokens"]
    return tokens


def encode_by_keras(train: Sequence[str], texts: Sequence[str], encoding: Encoding) -> NDArray[np.int32]:
    tokenizer = KerasTokenizer(num_words=encoding.vocab_size, oov_token=OOV)
    tokenizer.fit_on_texts(train)
    padded: NDArray[np.int32] = keras.utils.pad_sequences(
        tokenizer.texts_to_sequences(texts), maxlen=encoding.length, padding=encoding.padding, truncating="post"
    )
    return padded


def assert_as_by_keras(train: Sequence[str], texts: Sequence[str], encoding: Encoding) -> None:
    tokenizer = fit_words([pa.array(train, pa.string())], encoding)

    np.testing.assert_array_equal(
        encode(texts, tokenizer, encoding), encode_by_keras(train, texts, encoding), strict=True
    )


def generate_texts(rng: np.random.Generator, num_texts: int) -> list[str]:
    return ["".join(rng.choice(NASTY, rng.integers(0, 60))) for _ in range(num_texts)]


def test_worked_case_holds() -> None:
    vocabulary = fit_words([pa.array(["a b b"])], make_encoding()).get_vocab()

    assert vocabulary == {PAD: 0, OOV: OOV_ID, "b": 2, "a": 3}


def test_filters_are_those_of_keras() -> None:
    assert inspect.signature(KerasTokenizer).parameters["filters"].default == FILTERS


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("vocab_size", [3, 8, 1_000])
@pytest.mark.parametrize("corpus", CORPORA)
def test_tokens_are_those_of_keras(corpus: str, vocab_size: int, padding: Padding) -> None:
    texts = CORPORA[corpus]

    assert_as_by_keras(texts, texts, make_encoding(vocab_size=vocab_size, padding=padding))


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_tokens_of_unseen_texts_are_those_of_keras(padding: Padding) -> None:
    assert_as_by_keras(REVIEWS, CORPORA["all"], make_encoding(vocab_size=30, padding=padding))


@pytest.mark.parametrize("seed", range(8))
def test_tokens_of_random_texts_are_those_of_keras(seed: int) -> None:
    rng = np.random.default_rng(seed)
    train, texts = generate_texts(rng, 60), generate_texts(rng, 60)

    assert_as_by_keras(train, [*train, *texts], make_encoding(vocab_size=int(rng.integers(3, 150)), length=9))


@pytest.fixture(scope="module")
def imdb_reviews() -> list[str]:
    folder = os.environ.get("TFDS_DATA_DIR")
    if not folder or not Path(folder, "imdb_reviews").is_dir():
        pytest.skip("TFDS_DATA_DIR holds no imdb_reviews")
    texts: list[str] = next(open_tfds("imdb_reviews", Path(folder)).readers["train"]()).texts[:500].to_pylist()
    return texts


@pytest.mark.parametrize(("vocab_size", "length", "padding"), [(10_000, 120, "pre"), (1_000, 120, "post")])
def test_tokens_of_real_reviews_are_those_of_keras(
    imdb_reviews: list[str], vocab_size: int, length: int, padding: Padding
) -> None:
    encoding = make_encoding(vocab_size=vocab_size, length=length, padding=padding)

    assert_as_by_keras(imdb_reviews[:400], imdb_reviews, encoding)


def test_equally_frequent_words_rank_in_order_of_first_appearance() -> None:
    vocabulary = fit_words([pa.array(["c b c", "a b", "a d"])], make_encoding()).get_vocab()

    assert sorted(vocabulary, key=vocabulary.__getitem__) == [PAD, OOV, "c", "b", "a", "d"]


@pytest.mark.parametrize("batch_rows", [1, 2, 5])
def test_fitting_in_batches_equals_fitting_at_once(batch_rows: int) -> None:
    texts = CORPORA["all"]
    batches = [pa.array(texts[start : start + batch_rows]) for start in range(0, len(texts), batch_rows)]

    in_batches = fit_words(batches, make_encoding(vocab_size=40))
    assert in_batches.get_vocab() == fit_words([pa.array(texts)], make_encoding(vocab_size=40)).get_vocab()


def test_batch_that_is_a_slice_is_read_from_its_own_start() -> None:
    words, num_words = split_words(pa.array(["left out", "It's bad!", "", "so bad", "left out"])[1:4])

    assert words.to_pylist() == ["it's", "bad", "so", "bad"]
    assert num_words.tolist() == [2, 0, 2]


def test_no_texts_have_no_words() -> None:
    words, num_words = split_words(pa.array([], pa.string()))

    assert (words.to_pylist(), num_words.tolist()) == ([], [])


@pytest.mark.parametrize("vocab_size", [2, 3, 7])
def test_vocabulary_keeps_to_its_size(vocab_size: int) -> None:
    tokenizer = fit_words([pa.array(REVIEWS)], make_encoding(vocab_size=vocab_size))

    assert tokenizer.get_vocab_size() == vocab_size
    assert encode(REVIEWS, tokenizer, make_encoding(vocab_size=vocab_size)).max() == vocab_size - 1


@pytest.mark.parametrize("text", ["<OOV>", "<PAD>", "<pad> <oov>"])
def test_names_of_special_tokens_are_ordinary_words_in_a_review(text: str) -> None:
    encoding = make_encoding(length=2, padding="post")
    tokenizer = fit_words([pa.array([text])], encoding)

    assert encode([text], tokenizer, encoding)[0, 0] == 2


def load_saved(path: Path, encoding: Encoding, folder: Path) -> tuple[Tokenizer, Tokenizer]:
    """Fit on a file; returns the tokenizer and what the `tokenizers` library makes of the saved one."""
    tokenizer = fit_tokenizer(path, encoding)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer, Tokenizer.from_file(str(folder / "tokenizer.json"))


def assert_saved_encodes_alike(
    tokenizer: Tokenizer, saved: Tokenizer, texts: Sequence[str], encoding: Encoding
) -> None:
    expected = encode(texts, tokenizer, encoding).tolist()

    assert dict(zip(texts, (encoded.ids for encoded in saved.encode_batch(list(texts))), strict=True)) == dict(
        zip(texts, expected, strict=True)
    )


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("corpus", ["reviews", "empty", "ties"])
def test_saved_tokenizer_gives_the_same_tokens(
    save_texts: Callable[..., Path], tmp_path: Path, corpus: str, padding: Padding
) -> None:
    encoding = make_encoding(vocab_size=30, padding=padding)
    tokenizer, saved = load_saved(save_texts(CORPORA[corpus]), encoding, tmp_path)

    assert_saved_encodes_alike(tokenizer, saved, CORPORA[corpus], encoding)


@pytest.mark.parametrize("text", UNICODE.values(), ids=UNICODE)
def test_saved_tokenizer_gives_the_same_tokens_for_odd_unicode(
    save_texts: Callable[..., Path], tmp_path: Path, text: str
) -> None:
    encoding = make_encoding()
    tokenizer, saved = load_saved(save_texts(CORPORA["unicode"]), encoding, tmp_path)

    assert_saved_encodes_alike(tokenizer, saved, [text], encoding)


def test_saved_tokenizer_gives_the_same_tokens_for_random_greek(
    save_texts: Callable[..., Path], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    letters = list("\u0391\u0392\u03a3\u03a3\u03c3\u03c2\u03ac ,.!'\u2019-\n")
    texts = ["".join(rng.choice(letters, rng.integers(0, 9))) for _ in range(1_000)]
    encoding = make_encoding()
    tokenizer, saved = load_saved(save_texts(texts), encoding, tmp_path)

    assert_saved_encodes_alike(tokenizer, saved, texts, encoding)


def test_saved_tokenizer_treats_every_ascii_character_alike(save_texts: Callable[..., Path], tmp_path: Path) -> None:
    texts = [f"a{chr(code)}b {chr(code)}" for code in range(128)]
    encoding = make_encoding(length=4)
    tokenizer, saved = load_saved(save_texts(texts), encoding, tmp_path)

    assert_saved_encodes_alike(tokenizer, saved, texts, encoding)


def test_saved_tokenizer_gives_the_same_tokens_for_real_reviews(
    imdb_reviews: list[str], save_texts: Callable[..., Path], tmp_path: Path
) -> None:
    encoding = make_encoding(vocab_size=10_000, length=120)
    tokenizer, saved = load_saved(save_texts(imdb_reviews[:400]), encoding, tmp_path)

    assert_saved_encodes_alike(tokenizer, saved, imdb_reviews, encoding)


def test_saved_tokenizer_names_the_special_tokens(save_texts: Callable[..., Path], tmp_path: Path) -> None:
    _, saved = load_saved(save_texts(["good film"]), make_encoding(length=4), tmp_path)

    assert saved.encode("good unheard").tokens == [PAD, PAD, "good", OOV]

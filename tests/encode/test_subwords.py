"""Subwords fill their vocabulary, know every text, and come out the same each time."""

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from tasks.encode.encodings import ENCODINGS, Encoding
from tasks.encode.sequences import encode_texts, fit_tokenizer
from tasks.encode.subwords import encode_subwords, fit_subwords
from tasks.encode.words import OOV, OOV_ID, PAD

# Two special tokens and one for each byte.
NUM_BASE_TOKENS = 258

REVIEWS = [
    "This film was good, really GOOD: it's the best film of the year!",
    "A dull film. Dull, dull, dull... I didn't like the film (at all).",
    "The best of times, the worst of times; the film of the times.",
    "Caf\u00e9 society was a good film, the best caf\u00e9 film.",
]
ODD_TEXTS = [
    "never seen before: qqq xylophone",
    "\U0001f44d\U0001f3fd \u2764\ufe0f",
    "\u96fb\u5f71 \u05e9\u05dc\u05d5\u05dd \u0645\u064e",
    "\0 \x01 \x7f \x85",
    "\u03a3\u0391\u03a3 \u0130 \u212a",
    "tab\tline\nreturn\r\u2028",
    "  many   spaces  ",
    "\ufffd \ue000 \U0010ffff",
]


def make_encoding(*, vocab_size: int = 300, length: int = 12) -> Encoding:
    return Encoding(
        name="tiny", kind="subwords", vocab_size=vocab_size, length=length, padding="pre", description="for tests"
    )


def fit(texts: Sequence[str] = REVIEWS, *, vocab_size: int = 300) -> Tokenizer:
    return fit_subwords([pa.array(texts, pa.string())], make_encoding(vocab_size=vocab_size))


def encode(texts: Sequence[str], tokenizer: Tokenizer) -> list[list[int]]:
    """Return each text's tokens, neither cut nor padded."""
    ids, num_tokens = encode_subwords(pa.array(texts, pa.string()), tokenizer)
    return [part.tolist() for part in np.split(ids, np.cumsum(num_tokens)[:-1])]


def generate_rich_texts() -> list[str]:
    """Enough different words for 8,192 subwords."""
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 7)) for _ in range(3_000)]
    return [" ".join(words[start : start + 50]) for start in range(0, len(words), 50)]


def test_vocabulary_has_exactly_its_size_where_the_texts_allow() -> None:
    tokenizer = fit_subwords([pa.array(generate_rich_texts())], ENCODINGS["subwords-8k-120"])

    assert tokenizer.get_vocab_size() == 8_192
    assert sorted(tokenizer.get_vocab().values()) == list(range(8_192))


def test_small_vocabulary_has_exactly_its_size() -> None:
    assert fit(vocab_size=290).get_vocab_size() == 290


def test_vocabulary_is_smaller_where_the_texts_yield_less() -> None:
    assert NUM_BASE_TOKENS < fit(["a film"], vocab_size=8_192).get_vocab_size() < NUM_BASE_TOKENS + 10


def test_special_tokens_have_the_ids_of_padding_and_out_of_vocabulary() -> None:
    vocabulary = fit().get_vocab()

    assert (vocabulary[PAD], vocabulary[OOV]) == (0, OOV_ID)


def test_every_byte_has_a_token() -> None:
    assert fit(["a"], vocab_size=NUM_BASE_TOKENS).get_vocab_size() == NUM_BASE_TOKENS


def test_frequent_word_is_one_token() -> None:
    (tokens,) = encode(["film"], fit())

    assert len(tokens) == 1


def test_same_texts_give_the_same_json() -> None:
    texts = generate_rich_texts()[:20]

    assert fit(texts, vocab_size=600).to_str() == fit(texts, vocab_size=600).to_str()


def test_fitting_in_batches_equals_fitting_at_once() -> None:
    batches = [pa.array([text]) for text in REVIEWS]

    assert fit_subwords(batches, make_encoding()).to_str() == fit().to_str()


@pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
def test_no_text_is_out_of_vocabulary(text: str) -> None:
    (tokens,) = encode([text], fit())

    assert min(tokens) > OOV_ID


def test_no_random_text_is_out_of_vocabulary() -> None:
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 0x110000, (50, 20))
    texts = ["".join(chr(code) for code in row if not 0xD800 <= code <= 0xDFFF) for row in codes.tolist()]

    assert min(min(tokens) for tokens in encode(texts, fit())) > OOV_ID


@pytest.mark.parametrize("text", ["<OOV>", "<PAD>", "a <PAD> film", "<OOV><OOV>"])
def test_names_of_special_tokens_are_ordinary_text_in_a_review(text: str) -> None:
    (tokens,) = encode([text], fit())

    assert min(tokens) > OOV_ID


@pytest.mark.parametrize("text", [*REVIEWS, *ODD_TEXTS[:3]], ids=ascii)
def test_tokens_spell_the_text_in_small_letters(text: str) -> None:
    tokenizer = fit()
    (tokens,) = encode([text], tokenizer)

    assert tokenizer.decode(tokens).strip() == unicodedata.normalize("NFC", text).lower()


@pytest.mark.parametrize(("one", "other"), [("GOOD Film", "good film"), ("caf\u00e9", "cafe\u0301")])
def test_case_and_composition_do_not_matter(one: str, other: str) -> None:
    first, second = encode([one, other], fit())

    assert first == second


def test_parts_of_characters_are_unknown_where_that_is_asked_for() -> None:
    tokenizer, encoding = fit(), make_encoding(length=40)
    texts = pa.array(["caf\u00e9 film", "\u96fb", "\u96fb\u5f71 film", ""])

    # The space before a text is a token of its own before an unknown character, which has three bytes.
    found = encode_texts(texts, tokenizer, encoding)
    assert found["num_unknown"].tolist() == [0, 3, 6, 0]
    assert found["num_oov"].tolist() == [0, 0, 0, 0]


def test_empty_text_has_no_tokens() -> None:
    assert encode(["film", "", "film"], fit())[1] == []


def test_saved_tokenizer_gives_the_same_tokens(save_texts: Callable[..., Path], tmp_path: Path) -> None:
    encoding = make_encoding(length=20)
    tokenizer = fit_tokenizer(save_texts(REVIEWS), encoding)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    saved = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = [*REVIEWS, *ODD_TEXTS, ""]
    tokenizer.no_truncation()
    tokenizer.no_padding()

    expected = encode_texts(pa.array(texts), tokenizer, encoding)["tokens"].tolist()
    assert [encoded.ids for encoded in saved.encode_batch(texts)] == expected

"""Words of any language: the same tokens from columns as from the saved file in the `tokenizers` library."""

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import encode_texts, fit_tokenizer
from tasks.encode.unicode_words import fit_unicode_words, split_unicode_words
from tasks.encode.words import OOV, OOV_ID, PAD

TOKENS = {
    "Don\u2019t go\u2026 DON'T": ["don't", "go", "\u2026", "don't"],
    "\u201cgreat\u201d film\u2026really": ["\u201c", "great", "\u201d", "film", "\u2026", "really"],
    "no\u00a0break\u3000space\u200btab\tline\r\n": ["no", "break", "space", "tab", "line"],
    "the end.The _best_ e.g. 9:30": ["the", "end", ".", "the", "_", "best", "_", "e", ".", "g", ".", "9", ":", "30"],
    "3.5 of 1,000, or 10/10.": ["3.5", "of", "1,000", ",", "or", "10", "/", "10", "."],
    "rock 'n' roll '90s": ["rock", "'", "n", "'", "roll", "'", "90s"],
    "Stra\u00dfe STRASSE \u03a3\u0391\u03a3 \u03c3\u03b1\u03c2": [
        "strasse",
        "strasse",
        "\u03c3\u03b1\u03c3",
        "\u03c3\u03b1\u03c3",
    ],
    "caf\u00e9 cafe\u0301 so\u00adft": ["caf\u00e9", "caf\u00e9", "soft"],
    "\u623f\u95f4\u5f88\u597d\uff0cwifi\u5feb\uff01": [
        "\u623f",
        "\u95f4",
        "\u5f88",
        "\u597d",
        "\uff0c",
        "wifi",
        "\u5feb",
        "\uff01",
    ],
    "\u3053\u306e\u30db\u30c6\u30eb": ["\u3053", "\u306e", "\u30db\u30c6\u30eb"],
    "\u0e14\u0e35\u0e21\u0e32\u0e01": ["\u0e14\u0e35", "\u0e21", "\u0e32", "\u0e01"],
    "\u0905\u091a\u094d\u091b\u0940 \u092b\u093f\u0932\u094d\u092e": [
        "\u0905\u091a\u094d\u091b\u0940",
        "\u092b\u093f\u0932\u094d\u092e",
    ],
    "\u0645\u064e\u0631\u062d\u0628\u0627\u060c \u05e6\u05d4\u05f4\u05dc": [
        "\u0645\u064e\u0631\u062d\u0628\u0627",
        "\u060c",
        "\u05e6\u05d4\u05f4\u05dc",
    ],
    "\ud55c\uad6d\uc5b4 \uc601\ud654": ["\ud55c\uad6d\uc5b4", "\uc601\ud654"],
    "good\U0001f44d\U0001f44d\U0001f3fd \u2764\ufe0f\u2764": [
        "good",
        "\U0001f44d",
        "\U0001f44d\U0001f3fd",
        "\u2764",
        "\u2764",
    ],
    "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1ee": [
        "\U0001f1e9\U0001f1ea",
        "\U0001f1eb\U0001f1f7",
        "\U0001f1ee",
    ],
    "\U0001f468\u200d\U0001f469\u200d\U0001f467!": ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "!"],
    "1\ufe0f\u20e3 #tag @you": ["1\u20e3", "#", "tag", "@", "you"],
    "<PAD> <OOV>": ["<", "pad", ">", "<", "oov", ">"],
    "\u0301lone": ["\u0301", "lone"],
    "": [],
    " \u200b\u00a0": [],
}
PIECES = [*"".join(TOKENS), *"aB1 '.,\u200d\u200c\u0301\u0e33\u30fc\u30fb\u00b7\u066b\ufb01\uab70\u13a0\u0345\u1d2b"]
NUM_TEXTS = 2_000
LAST_ASSIGNED = 0x323AF


def make_encoding(*, vocab_size: int = 1_000, length: int = 20) -> Encoding:
    return Encoding(
        name="tiny", kind="unicode-words", vocab_size=vocab_size, length=length, padding="pre", description="for tests"
    )


def split(texts: Sequence[str]) -> list[list[str]]:
    tokens, num_tokens = split_unicode_words(pa.array(texts, pa.string()))
    ends = np.cumsum(num_tokens)
    return [tokens[end - num : end].to_pylist() for end, num in zip(ends, num_tokens, strict=True)]


def split_by_library(texts: Sequence[str]) -> list[list[str]]:
    tokenizer = fit_unicode_words([pa.array(["a"])], make_encoding())
    normalised = [tokenizer.normalizer.normalize_str(text) for text in texts]
    return [[token for token, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)] for text in normalised]


@pytest.mark.parametrize(("text", "tokens"), TOKENS.items(), ids=map(ascii, TOKENS))
def test_text_is_split_into_its_words(text: str, tokens: list[str]) -> None:
    assert split([text]) == [tokens]


def test_texts_are_split_together_as_alone() -> None:
    assert split([*TOKENS, *TOKENS]) == [*TOKENS.values(), *TOKENS.values()]


def test_no_texts_have_no_tokens() -> None:
    assert split([]) == []


@pytest.mark.parametrize("seed", range(3))
def test_library_splits_random_texts_alike(seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = ["".join(rng.choice(PIECES, rng.integers(0, 30))) for _ in range(NUM_TEXTS)]

    assert split(texts) == split_by_library(texts)


def test_library_knows_every_character_alike() -> None:
    # Every third of those that have been assigned; 3 divides the size of no block.
    points = [point for point in range(0, LAST_ASSIGNED, 3) if unicodedata.category(chr(point)) not in ("Cn", "Cs")]
    texts = [
        "".join(f"a{chr(point)}b {chr(point)} " for point in points[at : at + 50]) for at in range(0, len(points), 50)
    ]

    assert split(texts) == split_by_library(texts)


def test_commonest_tokens_are_known() -> None:
    tokenizer = fit_unicode_words([pa.array(["good! good! bad", "good?"])], make_encoding(vocab_size=4))

    assert tokenizer.get_vocab() == {PAD: 0, OOV: OOV_ID, "good": 2, "!": 3}


def test_saved_tokenizer_gives_the_same_tokens(save_texts: Callable[..., Path], tmp_path: Path) -> None:
    encoding = make_encoding(vocab_size=40)
    tokenizer = fit_tokenizer(save_texts([*TOKENS]), encoding)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    saved = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    texts = [*TOKENS, "never seen \U0001f984"]

    expected = encode_texts(pa.array(texts), tokenizer, encoding)["tokens"].tolist()
    assert [encoded.ids for encoded in saved.encode_batch(texts)] == expected

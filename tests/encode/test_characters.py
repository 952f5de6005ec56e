"""Characters of any language: the same tokens from columns as from the saved file in the `tokenizers` library."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from tasks.encode.characters import fit_characters, split_characters
from tasks.encode.encodings import Encoding
from tasks.encode.sequences import encode_texts, fit_tokenizer
from tasks.encode.words import OOV, OOV_ID, PAD
from tests.encode.test_unicode_words import PIECES, TOKENS

CHARACTERS = {
    "Good!": "good!",
    "  two \t\n words\u3000": "two words",
    "\u623f\u95f4 \u5f88\u597d": "\u623f\u95f4 \u5f88\u597d",
    "cafe\u0301\u00ad": "caf\u00e9",
    "": "",
    " \u200b ": "",
    "a": "a",
}


def make_encoding(*, vocab_size: int = 1_000, length: int = 20) -> Encoding:
    return Encoding(
        name="tiny", kind="characters", vocab_size=vocab_size, length=length, padding="post", description="for tests"
    )


def split(texts: Sequence[str]) -> list[str]:
    characters, num_tokens = split_characters(pa.array(texts, pa.string()))
    return ["".join(map(chr, part)) for part in np.split(characters, np.cumsum(num_tokens))[:-1]]


@pytest.mark.parametrize(("text", "characters"), CHARACTERS.items(), ids=map(ascii, CHARACTERS))
def test_text_is_split_into_its_characters(text: str, characters: str) -> None:
    assert split([text]) == [characters]


def test_texts_are_split_together_as_alone() -> None:
    assert split(["", *CHARACTERS, "", *CHARACTERS, ""]) == ["", *CHARACTERS.values(), "", *CHARACTERS.values(), ""]


def test_no_texts_have_no_characters() -> None:
    assert split([]) == []


def test_commonest_characters_are_known_and_ties_follow_code_points() -> None:
    batches = [pa.array(["ccb"]), pa.array(["ba", "d"])]

    assert fit_characters(batches, make_encoding(vocab_size=5)).get_vocab() == {
        PAD: 0,
        OOV: OOV_ID,
        "b": 2,
        "c": 3,
        "a": 4,
    }


def test_saved_tokenizer_gives_the_same_tokens(save_texts: Callable[..., Path], tmp_path: Path) -> None:
    encoding = make_encoding(vocab_size=60)
    tokenizer = fit_tokenizer(save_texts([*TOKENS]), encoding)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    saved = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    rng = np.random.default_rng(0)
    texts = [*TOKENS, *CHARACTERS, *("".join(rng.choice(PIECES, 30)) for _ in range(200)), "<PAD>"]

    expected = encode_texts(pa.array(texts), tokenizer, encoding)["tokens"].tolist()
    assert [encoded.ids for encoded in saved.encode_batch(texts)] == expected

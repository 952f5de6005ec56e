"""Exported tokenizers read raw texts, and give the tokens that cleaning and encoding them gives."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer

from tasks.encode.encodings import Encoding, Kind
from tasks.encode.sequences import ENCODE, FIT
from tasks.export.sample_texts import HARD_TEXTS
from tasks.export.tokenizers import add_cleaning
from tasks.ingest.clean import ENTITIES, LONGEST_TEXT, clean_texts

RAW = (
    *HARD_TEXTS,
    *(f"a{entity}b {entity}{entity} &amp;{entity[1:]} {entity.upper()}" for entity in ENTITIES),
    "one<br>two<BR/>three</p><p class='x'>four<h2>five</h2><h7>six<span\nid=1>seven",
    "  leading and trailing \n\n",
    "\r\r\n\n\r",
    "&&amp;amp;quot; &amp;amp;lt;",
)
DRAWN = "ab <>/&;#3\r\n\t'\u00a0\u0301\u200dΣςİß映🙂"


def draw_texts(number: int) -> Iterator[str]:
    """Texts of characters that cleaning or encoding treats in a special way."""
    random = np.random.default_rng(11)
    for length in random.integers(0, 30, number):
        yield "".join(random.choice(list(DRAWN), length))


@pytest.mark.parametrize("kind", FIT)
def test_exported_tokenizer_gives_the_tokens_of_the_cleaned_text(kind: Kind) -> None:
    encoding = Encoding(name="tiny", kind=kind, vocab_size=300, length=9, padding="pre", description="")
    texts = [*RAW, *draw_texts(2_000)]
    cleaned = clean_texts(pa.array(texts, pa.string()))
    tokenizer = FIT[kind]([cleaned], encoding)
    own = ENCODE[kind](cleaned, tokenizer)
    borders = np.cumsum([0, *own.num_tokens])
    for index, found in enumerate(add_cleaning(tokenizer).encode_batch(texts, add_special_tokens=False)):
        assert found.ids == own.ids[borders[index] : borders[index + 1]].tolist(), texts[index]


def test_the_tokenizer_itself_stays_as_it_is() -> None:
    encoding = Encoding(name="tiny", kind="words", vocab_size=10, length=9, padding="pre", description="")
    tokenizer = FIT["words"]([pa.array(["a b"])], encoding)
    before = tokenizer.to_str()
    assert isinstance(add_cleaning(tokenizer), Tokenizer)
    assert tokenizer.to_str() == before


def test_what_no_tokenizer_can_do_is_known() -> None:
    """The limits that the README of an export names: a text that is cut, and a bytes literal."""
    assert len(clean_texts(pa.array(["a" * (LONGEST_TEXT + 1)]))[0].as_py()) == LONGEST_TEXT
    assert clean_texts(pa.array(["b'good'"]))[0].as_py() == "good"

"""An encoder's tokens lie between those that it puts around each text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tasks.encode.encodings import ENCODINGS, fit_to_encoder
from tasks.encode.padding import Tokens
from tasks.encode.pretrained import Frame, find_frame, frame_texts
from tasks.encode.sequences import encode_texts, load_tokenizer, write_encoding
from tasks.store.layout import SPLIT_FILES

VOCABULARY = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "a": 4, "good": 5, "film": 6}


def make_tokenizer(template: str = "[CLS] $A [SEP]") -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel(VOCABULARY, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


@pytest.mark.parametrize(
    ("template", "before", "after"),
    [("[CLS] $A [SEP]", [2], [3]), ("$A [SEP]", [], [3]), ("[CLS] [SEP] $A", [2, 3], []), ("$A", [], [])],
)
def test_frame_is_what_the_tokenizer_puts_around_texts(template: str, before: list[int], after: list[int]) -> None:
    found = find_frame(make_tokenizer(template))
    assert (found.before.tolist(), found.after.tolist(), found.size) == (before, after, len(before) + len(after))


def test_texts_are_cut_so_that_the_frame_fits() -> None:
    frame = Frame(np.array([2], np.int32), np.array([3], np.int32))
    texts = Tokens(np.array([7, 8, 9, 6, 5], np.int32), np.array([3, 0, 2]))
    found = frame_texts(texts, frame, length=4)
    assert found.ids.tolist() == [2, 7, 8, 3, 2, 3, 2, 6, 5, 3]
    assert found.num_tokens.tolist() == [4, 2, 4]


@pytest.mark.parametrize("length", [3, 4, 5, 9])
def test_sequences_are_those_of_the_library(length: int, tmp_path: Path) -> None:
    texts = ["a good film", "", "film", "a strange and good film a film"]
    for file in SPLIT_FILES.values():
        table = pa.table({"id": list("abcd"), "text": texts, "label": pa.array([0, 1, 0, 1], pa.int32())})
        pa.parquet.write_table(table, tmp_path / file)
    make_tokenizer().save(str(tmp_path / "given.json"))
    encoding = fit_to_encoder(replace(ENCODINGS["encoder-256"], length=length), vocab_size=7, most_tokens=512)
    folder = tmp_path / "encoded"
    folder.mkdir()
    facts = write_encoding(tmp_path, encoding, folder, tokenizer_path=tmp_path / "given.json")
    found = encode_texts(pa.array(texts), load_tokenizer(folder / "tokenizer.json"), encoding)
    saved = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert found["tokens"].tolist() == [it.ids for it in saved.encode_batch(texts)]
    # The tokens around the text are counted too, so that a text is truncated if it has more than the length.
    assert found["num_tokens"].tolist() == [5, 2, 3, 9]
    assert found["num_oov"].tolist() == [0, 0, 0, 2]
    assert facts.splits["train"].num_truncated == sum(size > length for size in (5, 2, 3, 9))
    assert facts.vocab_size == 7


def test_encoding_has_no_more_tokens_than_the_encoder_has_places() -> None:
    row = replace(ENCODINGS["encoder-256"], length=1_000)
    found = fit_to_encoder(row, vocab_size=50, most_tokens=512)
    assert (found.name, found.length, found.vocab_size) == ("encoder-512", 512, 50)

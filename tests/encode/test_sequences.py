"""Every split's sequences follow from the training split's vocabulary and nothing else."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer

from tasks.encode.encodings import ENCODINGS, OF_BYTES, PRETRAINED, Encoding, Kind
from tasks.encode.facts import EncodingFacts
from tasks.encode.sequences import (
    encode_texts,
    load_tokenizer,
    read_sequences,
    sequence_schema,
    write_encoding,
    write_more_sequences,
)
from tasks.encode.unknown import find_largest_share
from tasks.ingest import batches
from tasks.store.layout import SPLITS
from tests.tiny_encoder import take

KINDS = get_args(Kind)

TRAIN = ["good good good film film", "a good long film with many words", "bad", "", "dull dull film"]
VALIDATION = ["a good film", "unheard good"]
TEST = ["secret secret film", "good", "..."]


def make_encoding(
    *, kind: Kind = "words", vocab_size: int = 1_000, length: int = 4, padding: Literal["pre", "post"] = "pre"
) -> Encoding:
    return Encoding(
        name="tiny", kind=kind, vocab_size=vocab_size, length=length, padding=padding, description="for tests"
    )


@pytest.fixture
def write(save_texts: Callable[..., Path], tmp_path: Path) -> Callable[..., tuple[Path, EncodingFacts]]:
    """Encode three splits: write(encoding, test=[...]) -> the folder and the facts."""
    counter = iter(range(100))

    def write_splits(
        encoding: Encoding,
        *,
        train: Sequence[str] = TRAIN,
        validation: Sequence[str] = VALIDATION,
        test: Sequence[str] = TEST,
    ) -> tuple[Path, EncodingFacts]:
        number = next(counter)
        for split, texts in (("train", train), ("validation", validation), ("test", test)):
            reviews = save_texts(texts, split=split, folder=f"reviews-{number}").parent
        folder = tmp_path / f"encoding-{number}"
        folder.mkdir()
        given = take().weights.parent / "tokenizer.json" if encoding.kind == PRETRAINED else None
        return folder, write_encoding(reviews, encoding, folder, tokenizer_path=given)

    return write_splits


Write = Callable[..., tuple[Path, EncodingFacts]]


def read_column(folder: Path, split: str, column: str) -> list[Any]:
    values: list[Any] = pq.read_table(folder / f"{split}.parquet")[column].to_pylist()
    return values


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=lambda encoding: encoding.name)
def test_files_have_the_agreed_columns(write: Write, encoding: Encoding) -> None:
    folder, _ = write(encoding)

    expected = pa.schema(
        [
            ("id", pa.string()),
            ("label", pa.int32()),
            ("tokens", pa.list_(pa.uint16(), encoding.length)),
            ("num_tokens", pa.int32()),
            ("num_oov", pa.int32()),
        ]
    )
    assert [pq.read_schema(folder / f"{split}.parquet") for split in SPLITS] == [expected] * 3


@pytest.mark.parametrize(
    ("vocab_size", "expected"),
    [(256, pa.uint8()), (257, pa.uint16()), (1_000, pa.uint16()), (65_536, pa.uint16()), (65_537, pa.uint32())],
)
def test_tokens_take_the_smallest_unsigned_integers(vocab_size: int, expected: pa.DataType) -> None:
    assert sequence_schema(make_encoding(vocab_size=vocab_size)).field("tokens").type.value_type == expected


def test_files_are_compressed(write: Write) -> None:
    folder, _ = write(make_encoding())

    for split in SPLITS:
        row_group = pq.ParquetFile(folder / f"{split}.parquet").metadata.row_group(0)
        assert {row_group.column(index).compression for index in range(row_group.num_columns)} == {"ZSTD"}


@pytest.mark.parametrize("kind", KINDS)
def test_largest_share_of_unknown_tokens_is_what_scoring_would_find_in_the_training_texts(
    write: Write, kind: Kind
) -> None:
    # One rare letter, for which the vocabularies have no room.
    texts = [*TRAIN, "a long film of many good good words, \u96fb", "\u96fb"]
    encoding = make_encoding(kind=kind, vocab_size=270 if kind in OF_BYTES else 8)
    folder, facts = write(encoding, train=texts)
    found = encode_texts(pa.array(texts), load_tokenizer(folder / "tokenizer.json"), encoding)

    assert facts.most_unknown == find_largest_share(found["num_tokens"], found["num_unknown"])
    assert facts.most_unknown < 1
    # Unigrams begin with every character.
    assert (facts.most_unknown > 0) == (kind != "unigram")


@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_labels_are_those_of_the_reviews_in_their_order(write: Write, kind: Kind) -> None:
    folder, _ = write(make_encoding(kind=kind))

    assert [read_column(folder, split, "id") for split in SPLITS] == [
        [f"train-{index}" for index in range(5)],
        ["validation-0", "validation-1"],
        ["test-0", "test-1", "test-2"],
    ]
    assert [read_column(folder, split, "label") for split in SPLITS] == [[0, 1, 0, 1, 0], [0, 1], [0, 1, 0]]


def test_num_tokens_counts_before_truncation(write: Write) -> None:
    folder, _ = write(make_encoding(length=4))

    assert read_column(folder, "train", "num_tokens") == [5, 7, 1, 0, 3]


def test_num_tokens_of_subwords_does_not_depend_on_the_length(write: Write) -> None:
    short, long = (write(make_encoding(kind="subwords", length=length))[0] for length in (2, 50))

    assert read_column(short, "train", "num_tokens") == read_column(long, "train", "num_tokens")


def test_num_oov_counts_unknown_words_before_truncation(write: Write) -> None:
    folder, _ = write(make_encoding(length=2), test=["film a secret and a secret", "good film", ""])

    # The words "film", "a" and "good" occur in train; "secret" and "and" do not.
    assert read_column(folder, "test", "num_oov") == [3, 0, 0]


def test_num_oov_counts_words_that_did_not_fit_the_vocabulary(write: Write) -> None:
    folder, _ = write(make_encoding(vocab_size=4))

    # Only "film" and "good", four times each, fit.
    assert read_column(folder, "train", "num_oov") == [0, 5, 1, 0, 2]


def test_subwords_are_never_out_of_vocabulary(write: Write) -> None:
    folder, facts = write(make_encoding(kind="subwords"), test=["secret \U0001f44d", "\u96fb\u5f71"])

    assert read_column(folder, "test", "num_oov") == [0, 0]
    assert facts.splits["test"].num_oov == 0


@pytest.mark.parametrize(("padding", "expected"), [("pre", [0, 0, 2, 3]), ("post", [2, 3, 0, 0])])
def test_short_review_is_padded(write: Write, padding: Literal["pre", "post"], expected: list[int]) -> None:
    folder, _ = write(make_encoding(padding=padding), test=["Good film!"])

    assert read_column(folder, "test", "tokens") == [expected]


def test_review_without_words_is_all_padding(write: Write) -> None:
    folder, _ = write(make_encoding())

    assert read_column(folder, "test", "tokens")[2] == [0, 0, 0, 0]


def test_words_of_other_splits_are_out_of_vocabulary(write: Write) -> None:
    folder, _ = write(make_encoding())

    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    assert vocabulary.keys().isdisjoint({"secret", "unheard"})
    assert read_column(folder, "test", "tokens")[0] == [0, 1, 1, vocabulary["film"]]
    assert read_column(folder, "validation", "tokens")[1] == [0, 0, 1, vocabulary["good"]]


@pytest.mark.parametrize("kind", KINDS)
def test_tokenizer_does_not_depend_on_other_splits(write: Write, kind: Kind) -> None:
    encoding = make_encoding(kind=kind)
    first, _ = write(encoding)
    second, _ = write(encoding, validation=["secret " * 50], test=["unheard " * 50])

    assert (first / "tokenizer.json").read_bytes() == (second / "tokenizer.json").read_bytes()


@pytest.mark.parametrize(
    ("kind", "vocab_size"),
    [("words", 3), ("words", 6), ("unicode-words", 3), ("characters", 5), ("subwords", 260), ("subwords", 265)],
)
def test_vocabulary_never_exceeds_its_size(write: Write, kind: Kind, vocab_size: int) -> None:
    folder, facts = write(make_encoding(kind=kind, vocab_size=vocab_size, length=30))

    assert facts.vocab_size == vocab_size
    assert max(max(tokens) for tokens in read_column(folder, "train", "tokens")) < vocab_size


def test_facts_add_up_each_split(write: Write) -> None:
    _, facts = write(make_encoding(length=5))

    # The words are good, film, dull, a, long, with, many, words and bad.
    assert facts.model_dump() == {
        "vocab_size": 11,
        "splits": {
            "train": {"num_tokens": 16, "num_oov": 0, "num_truncated": 1},
            "validation": {"num_tokens": 5, "num_oov": 1, "num_truncated": 0},
            "test": {"num_tokens": 4, "num_oov": 2, "num_truncated": 0},
        },
        "most_unknown": 0.0,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_size_of_batches_changes_no_row(write: Write, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    whole, whole_facts = write(make_encoding(kind=kind))
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    in_batches, facts = write(make_encoding(kind=kind))

    assert pq.ParquetFile(in_batches / "train.parquet").num_row_groups == math.ceil(len(TRAIN) / 2)
    assert facts == whole_facts
    for split in SPLITS:
        assert pq.read_table(in_batches / f"{split}.parquet") == pq.read_table(whole / f"{split}.parquet")


@pytest.mark.parametrize("kind", KINDS)
def test_same_reviews_give_the_same_files(write: Write, kind: Kind) -> None:
    first, second = (write(make_encoding(kind=kind))[0] for _ in range(2))

    names = ["tokenizer.json", *(f"{split}.parquet" for split in SPLITS)]
    assert [(first / name).read_bytes() for name in names] == [(second / name).read_bytes() for name in names]


@pytest.mark.parametrize("kind", KINDS)
def test_saved_tokenizer_gives_the_written_tokens(write: Write, kind: Kind) -> None:
    folder, _ = write(make_encoding(kind=kind))

    saved = Tokenizer.from_file(str(folder / "tokenizer.json"))
    for split, texts in (("train", TRAIN), ("validation", VALIDATION), ("test", TEST)):
        assert [encoded.ids for encoded in saved.encode_batch(texts)] == read_column(folder, split, "tokens")


def test_written_sequences_are_read_back(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    folder, _ = write(make_encoding())
    tokens, labels = read_sequences(folder / "train.parquet")

    assert (tokens.shape, tokens.dtype) == ((5, 4), np.uint16)
    written = read_column(folder, "train", "tokens")
    assert written[3] == [0, 0, 0, 0], "a review without words"
    assert tokens.tolist() == [*written[:3], [1, 0, 0, 0], *written[4:]]
    assert (labels.dtype, labels.tolist()) == (np.int32, [0, 1, 0, 1, 0])


def test_several_files_are_read_one_after_the_other(write: Write, tmp_path: Path) -> None:
    folder, _ = write(make_encoding())
    paths = [folder / "train.parquet", folder / "test.parquet"]
    tokens, labels = read_sequences(*paths, scratch=tmp_path / "scratch", budget=1)
    parts = [read_sequences(path) for path in paths]
    assert isinstance(tokens, np.memmap)
    np.testing.assert_array_equal(tokens, np.concatenate([tokens_of_file for tokens_of_file, _ in parts]))
    np.testing.assert_array_equal(labels, np.concatenate([labels_of_file for _, labels_of_file in parts]))


def test_more_texts_are_encoded_with_the_tokenizer_of_the_training_split(write: Write, tmp_path: Path) -> None:
    folder, _ = write(make_encoding())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    known = tokenizer.id_to_token(2)
    texts = pa.table({"id": ["u"], "text": [f"{known} neverseen"], "label": pa.array([-1], pa.int32())})
    pq.write_table(texts, tmp_path / "unlabelled.parquet")
    before = (folder / "tokenizer.json").read_bytes()
    target = tmp_path / "encoded.parquet"
    totals = write_more_sequences(tmp_path / "unlabelled.parquet", folder / "tokenizer.json", make_encoding(), target)
    assert pq.read_table(target).column("tokens").to_pylist() == [[0, 0, 2, 1]]
    assert pq.read_table(target).column("label").to_pylist() == [-1]
    assert (totals.num_tokens, totals.num_oov, totals.num_truncated) == (2, 1, 0)
    assert (folder / "tokenizer.json").read_bytes() == before


def test_sequences_beyond_the_budget_are_mapped_from_disk(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(batches, "BATCH_ROWS", 2)
    folder, _ = write(make_encoding())
    tokens, labels = read_sequences(folder / "train.parquet", scratch=tmp_path / "scratch", budget=39)
    expected, expected_labels = read_sequences(folder / "train.parquet", scratch=tmp_path / "none", budget=40)

    assert isinstance(tokens, np.memmap)
    assert not isinstance(expected, np.memmap)
    np.testing.assert_array_equal(tokens, expected)
    np.testing.assert_array_equal(labels, expected_labels)
    assert not (tmp_path / "none").exists()

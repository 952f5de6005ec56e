"""A source's reviews become three Parquet files that share no text that was held out."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.reviews import write_reviews
from tasks.ingest.sources.base import Batch, Source
from tasks.store.layout import SPLITS

Rows = list[tuple[str, int]]


def make_source(*, batch_rows: int = 100, label_names: tuple[str, ...] = ("neg", "pos"), **splits: Rows) -> Source:
    readers = {split: partial(read_rows, rows, batch_rows) for split, rows in splits.items()}
    return Source(name="tiny", label_names=label_names, identity={}, readers=readers)


def read_rows(rows: Rows, batch_rows: int) -> Iterator[Batch]:
    for start in range(0, len(rows), batch_rows):
        texts, labels = zip(*rows[start : start + batch_rows], strict=True)
        yield Batch(pa.array(texts, pa.string()), np.array(labels, np.int32))


def make_rows(num_negative: int, num_positive: int, *, name: str = "train") -> Rows:
    """Different texts in an order that mixes the labels."""
    labels = np.random.default_rng(0).permutation([0] * num_negative + [1] * num_positive).tolist()
    return [(f"{name} review {number}", label) for number, label in enumerate(labels)]


def make_rows_with_duplicates() -> Rows:
    """400 reviews of 150 texts that differ in case and white space only, some with conflicting labels."""
    rng = np.random.default_rng(1)
    spellings = ("film {} was good", "FILM {} was  good", " Film {}\twas good ")
    return [
        (spellings[rng.integers(3)].format(number), int(rng.random() < 0.1) ^ int(number % 2))
        for number in rng.integers(0, 150, 400)
    ]


def write(
    source: Source, folder: Path, *, validation_fraction: float = 0.1, limit: int | None = None
) -> dict[str, Rows]:
    """Write the reviews and read back the rows of each split."""
    folder.mkdir(exist_ok=True)
    write_reviews(source, folder, validation_fraction=validation_fraction, limit=limit)
    tables = {split: pq.read_table(folder / f"{split}.parquet") for split in SPLITS}
    return {
        split: list(zip(table["text"].to_pylist(), table["label"].to_pylist(), strict=True))
        for split, table in tables.items()
    }


def normalise(rows: Rows) -> set[str]:
    return {" ".join(text.lower().split()) for text, _ in rows}


def count_labels(rows: Rows) -> list[int]:
    return [count for _, count in sorted(Counter(label for _, label in rows).items())]


def read_column(folder: Path, column: str, splits: Iterable[str] = SPLITS) -> list[str]:
    return [value for split in splits for value in pq.read_table(folder / f"{split}.parquet")[column].to_pylist()]


def test_files_have_the_agreed_columns(tmp_path: Path) -> None:
    write(make_source(train=make_rows(60, 60)), tmp_path)

    expected = pa.schema([("id", pa.string()), ("text", pa.string()), ("label", pa.int32())])
    assert [pq.read_schema(tmp_path / f"{split}.parquet") for split in SPLITS] == [expected] * 3


def test_ids_are_unique_across_splits(tmp_path: Path) -> None:
    write(make_source(train=make_rows(200, 200), test=make_rows(60, 60, name="test")), tmp_path)

    assert len(set(read_column(tmp_path, "id"))) == 520


def test_id_names_the_place_in_the_source(tmp_path: Path) -> None:
    rows = make_rows(150, 150)
    write(make_source(train=rows), tmp_path)

    ids, texts = read_column(tmp_path, "id"), read_column(tmp_path, "text")
    assert dict(zip(ids, texts, strict=True)) == {f"train-{index}": text for index, (text, _) in enumerate(rows)}


def test_every_review_is_written_once(tmp_path: Path) -> None:
    rows = make_rows_with_duplicates()
    written = write(make_source(train=rows), tmp_path)

    texts = [" ".join(text.split()) for text, _ in rows]
    assert sorted(" ".join(text.split()) for split in SPLITS for text, _ in written[split]) == sorted(texts)


def test_labels_stay_with_their_texts(tmp_path: Path) -> None:
    rows = make_rows(150, 150)
    written = write(make_source(train=rows), tmp_path)

    assert sorted(row for split in SPLITS for row in written[split]) == sorted(rows)


def test_reviews_stay_in_the_order_of_the_source(tmp_path: Path) -> None:
    write(make_source(train=make_rows(150, 150)), tmp_path)

    numbers = [int(name.removeprefix("train-")) for name in read_column(tmp_path, "id", ["train"])]
    assert numbers == sorted(numbers)


def test_texts_are_cleaned(tmp_path: Path) -> None:
    rows = [(f"b'good<br />film {number} &amp; more'", number % 2) for number in range(40)]
    written = write(make_source(train=rows), tmp_path)

    assert normalise([row for split in SPLITS for row in written[split]]) == {
        f"good film {number} & more" for number in range(40)
    }


def test_each_batch_becomes_a_row_group(tmp_path: Path) -> None:
    source = make_source(train=make_rows(200, 150), test=make_rows(60, 60, name="test"), batch_rows=50)
    write(source, tmp_path)

    assert [pq.ParquetFile(tmp_path / f"{split}.parquet").num_row_groups for split in SPLITS] == [7, 7, 3]


def test_files_are_compressed(tmp_path: Path) -> None:
    write(make_source(train=make_rows(60, 60)), tmp_path)

    row_group = pq.ParquetFile(tmp_path / "train.parquet").metadata.row_group(0)
    assert {row_group.column(index).compression for index in range(3)} == {"ZSTD"}


def test_validation_split_is_held_out_with_the_labels_shares(tmp_path: Path) -> None:
    written = write(
        make_source(train=make_rows(300, 100), test=make_rows(20, 20, name="test")), tmp_path, validation_fraction=0.2
    )

    assert [count_labels(written[split]) for split in SPLITS] == [[240, 80], [60, 20], [20, 20]]


def test_missing_test_split_is_held_out_with_the_labels_shares(tmp_path: Path) -> None:
    written = write(make_source(train=make_rows(300, 100)), tmp_path, validation_fraction=0.1)

    assert [count_labels(written[split]) for split in SPLITS] == [[216, 72], [24, 8], [60, 20]]


def test_existing_validation_split_is_used_as_it_is(tmp_path: Path) -> None:
    validation = make_rows(15, 25, name="validation")
    written = write(make_source(train=make_rows(100, 100), validation=validation, test=make_rows(9, 9)), tmp_path)

    assert written["validation"] == validation
    assert len(written["train"]) == 200


def test_existing_test_split_is_used_as_it_is(tmp_path: Path) -> None:
    test = make_rows(15, 25, name="test")

    assert write(make_source(train=make_rows(100, 100), test=test), tmp_path)["test"] == test


def test_equal_texts_are_never_in_train_and_validation_both(tmp_path: Path) -> None:
    written = write(
        make_source(train=make_rows_with_duplicates(), test=make_rows(9, 9)), tmp_path, validation_fraction=0.3
    )

    assert len(written["validation"]) > 80
    assert normalise(written["train"]).isdisjoint(normalise(written["validation"]))


def test_equal_texts_are_never_in_a_held_out_test_split_and_another(tmp_path: Path) -> None:
    written = write(make_source(train=make_rows_with_duplicates()), tmp_path, validation_fraction=0.3)

    assert len(written["test"]) > 50
    assert normalise(written["test"]).isdisjoint(normalise(written["train"] + written["validation"]))


def test_texts_that_are_equal_once_cleaned_are_duplicates(tmp_path: Path) -> None:
    spellings = ("film {} &amp; more", "film {}<br />& more", "b'film {} & more'")
    rows = [(spelling.format(number), number % 2) for number in range(60) for spelling in spellings]
    written = write(make_source(train=rows), tmp_path, validation_fraction=0.3)

    assert normalise(written["train"]).isdisjoint(normalise(written["validation"]))


def test_limit_holds_for_every_split(tmp_path: Path) -> None:
    source = make_source(train=make_rows(300, 100), validation=make_rows(9, 90, name="v"), test=make_rows(50, 50))
    written = write(source, tmp_path, limit=40)

    assert [len(written[split]) for split in SPLITS] == [40, 40, 40]


def test_limit_covers_what_is_held_out(tmp_path: Path) -> None:
    written = write(make_source(train=make_rows(300, 100), test=make_rows(50, 50)), tmp_path, limit=100)

    assert len(written["train"]) + len(written["validation"]) == 100


def test_limit_keeps_the_labels_shares(tmp_path: Path) -> None:
    written = write(make_source(train=make_rows(300, 100), test=make_rows(40, 80)), tmp_path, limit=60)

    assert count_labels(written["train"] + written["validation"]) == [45, 15]
    assert count_labels(written["test"]) == [20, 40]


def test_limit_is_not_exceeded_by_duplicates(tmp_path: Path) -> None:
    written = write(
        make_source(train=make_rows_with_duplicates(), test=make_rows_with_duplicates()), tmp_path, limit=90
    )

    assert 70 <= len(written["train"]) + len(written["validation"]) <= 90
    assert 70 <= len(written["test"]) <= 90


def test_limit_above_the_number_of_reviews_changes_nothing(tmp_path: Path) -> None:
    source = make_source(train=make_rows(60, 60))

    assert write(source, tmp_path / "limited", limit=121) == write(source, tmp_path / "whole")


@pytest.mark.parametrize("limit", [None, 100])
def test_same_source_gives_the_same_files(tmp_path: Path, limit: int | None) -> None:
    source = make_source(train=make_rows_with_duplicates())
    for name in ("first", "second"):
        write(source, tmp_path / name, limit=limit)

    first, second = (
        [(tmp_path / name / f"{split}.parquet").read_bytes() for split in SPLITS] for name in ("first", "second")
    )
    assert first == second


@pytest.mark.parametrize("limit", [None, 100])
def test_size_of_batches_changes_no_row(tmp_path: Path, limit: int | None) -> None:
    rows = make_rows_with_duplicates()

    small = write(make_source(train=rows, batch_rows=7), tmp_path / "small", limit=limit)
    assert small == write(make_source(train=rows, batch_rows=1_000), tmp_path / "large", limit=limit)


def test_facts_agree_with_the_files(tmp_path: Path) -> None:
    test = make_rows(8, 0, name="test")
    source = make_source(train=make_rows(300, 100), test=test, label_names=("neg", "pos", "none"))
    facts = write_reviews(source, tmp_path, validation_fraction=0.1)

    assert facts.model_dump() == {
        "dataset": "tiny",
        "label_names": ["neg", "pos", "none"],
        "counts": {
            "train": {"neg": 270, "pos": 90, "none": 0},
            "validation": {"neg": 30, "pos": 10, "none": 0},
            "test": {"neg": 8, "pos": 0, "none": 0},
        },
        "num_reviews": {"train": 360, "validation": 40, "test": 8},
        "duplicates": {
            "within": {"train": 0, "validation": 0, "test": 0},
            "across": {"train and validation": 0, "train and test": 0, "validation and test": 0},
            "conflicting": 0,
        },
        "warnings": ["classes without any example: 'none'"],
        "rows": {"num_read": 408, "num_used": 408, "num_left_out": 0, "dropped": {}},
        "ordinal": False,
    }


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_empty_split_of_the_source_is_an_error(tmp_path: Path, split: str) -> None:
    splits = {"train": make_rows(50, 50), split: []}

    with pytest.raises(UserError, match=f"'tiny' has an empty {split} split"):
        write_reviews(make_source(**splits), tmp_path, validation_fraction=0.1)


def test_validation_split_without_reviews_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="validation split would be empty"):
        write_reviews(make_source(train=make_rows(10, 10)), tmp_path, validation_fraction=0.01)


def test_limit_that_empties_a_split_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--limit"):
        write_reviews(make_source(train=make_rows(50, 50)), tmp_path, validation_fraction=0.1, limit=2)


@pytest.mark.parametrize("label", [-1, 2])
def test_label_outside_the_classes_is_an_error(tmp_path: Path, label: int) -> None:
    rows = [*make_rows(50, 50), ("odd one", label)]

    with pytest.raises(UserError, match="'tiny' has train labels outside its classes"):
        write_reviews(make_source(train=rows), tmp_path, validation_fraction=0.1)

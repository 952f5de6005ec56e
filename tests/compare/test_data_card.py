"""The data card: counts, lengths and duplicates on a handful of reviews whose answers are plain to see."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.data_card import count_words, describe_data, find_unseen, read_split

TRAIN = (["Good film", "good  FILM", "bad film", "dull"], [1, 1, 0, 0])
VALIDATION = (["a fine one", "dull"], [1, 1])
TEST = (["GOOD film", "never seen before", "a fine one"], [1, 0, 1])
ENCODINGS = {
    "tiny": {
        "length": 2,
        "splits": {
            split: {"num_tokens": 10, "num_oov": 1, "num_truncated": 1} for split in ("train", "validation", "test")
        },
    }
}


@pytest.fixture
def splits(tmp_path: Path) -> dict[str, object]:
    found = {}
    for name, (texts, labels) in {"train": TRAIN, "validation": VALIDATION, "test": TEST}.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"text": texts, "label": pa.array(labels, pa.int32())}), path)
        found[name] = read_split(path)
    return found


@pytest.mark.parametrize(("text", "count"), [("It is  bad", 3), ("", 0), (" \n ", 0), ("one", 1), ("a\tb", 2)])
def test_words_are_what_stands_between_white_space(text: str, count: int) -> None:
    assert count_words(pa.array([text])).tolist() == [count]


def test_splits_are_counted_and_measured(splits: dict[str, object]) -> None:
    train = describe_data(splits, label_names=["neg", "pos"], encodings={}, duplicates={})["splits"]["train"]
    assert train["num_reviews"] == 4
    assert train["labels"] == {"neg": 2, "pos": 2}
    assert train["words"] == {"mean": 1.75, "median": 2.0, "p95": pytest.approx(2.0), "max": 2}
    assert sum(train["length_histogram"]) == 4


def test_truncation_and_unknown_words_are_shares(splits: dict[str, object]) -> None:
    found = describe_data(splits, label_names=["neg", "pos"], encodings=ENCODINGS, duplicates={})["encodings"]["tiny"]
    assert found["truncated"] == {"train": 1 / 4, "validation": 1 / 2, "test": 1 / 3}
    assert found["unknown"]["test"] == 0.1


def test_duplicates_are_those_that_ingest_counted(splits: dict[str, object]) -> None:
    counted = {"within": {"train": 1}, "across": {"train and test": 2}, "conflicting": 3}
    assert describe_data(splits, label_names=["neg", "pos"], encodings={}, duplicates=counted)["duplicates"] == counted


def test_unseen_reviews_are_in_neither_training_nor_validation(splits: dict[str, object]) -> None:
    np.testing.assert_array_equal(find_unseen(splits), [False, True, False])

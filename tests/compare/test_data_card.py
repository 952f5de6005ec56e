"""The data card: counts, lengths and duplicates on a handful of reviews whose answers are plain to see."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.data_card import SplitFacts, count_words, describe_data, find_unseen, read_split
from tasks.compare.facts import ComparedData, ComparedEncoding, DataCard, Unseen
from tasks.encode.facts import TokenTotals
from tasks.ingest.facts import Duplicates, RowCounts

TRAIN = (["Good film", "good  FILM", "bad film", "dull"], [1, 1, 0, 0])
VALIDATION = (["a fine one", "dull"], [1, 1])
TEST = (["GOOD film", "never seen before", "a fine one"], [1, 0, 1])
TOTALS = TokenTotals(num_tokens=10, num_oov=1, num_truncated=1)
TINY = ComparedEncoding(length=2, folder=Path("tiny"), splits=dict.fromkeys(("train", "validation", "test"), TOTALS))
DUPLICATES = Duplicates(within={"train": 1}, across={"train and test": 2}, conflicting=3)
ROWS = RowCounts(num_read=9, num_used=7, num_left_out=0, dropped={"blank text": 2})
DATASET = ComparedData(
    name="tiny", label_names=("neg", "pos"), is_whole=True, warnings=(), duplicates=DUPLICATES, rows=ROWS, hashes={}
)


@pytest.fixture
def splits(tmp_path: Path) -> dict[str, SplitFacts]:
    found: dict[str, SplitFacts] = {}
    for name, (texts, labels) in {"train": TRAIN, "validation": VALIDATION, "test": TEST}.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"text": texts, "label": pa.array(labels, pa.int32())}), path)
        found[name] = read_split(path)
    return found


def describe(splits: dict[str, SplitFacts], **encodings: ComparedEncoding) -> DataCard:
    return describe_data(splits, dataset=DATASET, encodings=encodings, unseen=Unseen(num_reviews=0, accuracy={}))


@pytest.mark.parametrize(("text", "count"), [("It is  bad", 3), ("", 0), (" \n ", 0), ("one", 1), ("a\tb", 2)])
def test_words_are_what_stands_between_white_space(text: str, count: int) -> None:
    assert count_words(pa.array([text])).tolist() == [count]


def test_splits_are_counted_and_measured(splits: dict[str, SplitFacts]) -> None:
    train = describe(splits).splits["train"]
    assert train.num_reviews == 4
    assert train.labels == {"neg": 2, "pos": 2}
    assert train.words.model_dump() == {"mean": 1.75, "median": 2.0, "p95": pytest.approx(2.0), "max": 2}
    assert sum(train.length_histogram) == 4


def test_truncation_and_unknown_words_are_shares(splits: dict[str, SplitFacts]) -> None:
    found = describe(splits, tiny=TINY).encodings["tiny"]
    assert found.truncated == {"train": 1 / 4, "validation": 1 / 2, "test": 1 / 3}
    assert found.unknown["test"] == 0.1


def test_duplicates_and_rows_are_those_that_ingest_counted(splits: dict[str, SplitFacts]) -> None:
    assert (describe(splits).duplicates, describe(splits).rows) == (DUPLICATES, ROWS)


def test_unseen_reviews_are_in_neither_training_nor_validation(splits: dict[str, SplitFacts]) -> None:
    np.testing.assert_array_equal(find_unseen(splits), [False, True, False])

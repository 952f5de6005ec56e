"""Folds: each review is held out once, and test is not read."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import ENCODINGS
from tasks.encode.sequences import read_sequences, write_encoding
from tasks.tune.folds import write_fold

LABELS = np.array([0, 0, 1] * 20, np.int32)
TEXTS = [f"text number {number}" for number in range(60)]


@pytest.fixture
def reviews_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "reviews"
    folder.mkdir()
    for name, rows in (("train", slice(0, 50)), ("validation", slice(50, 60))):
        ids = [f"{name}-{number}" for number in range(len(TEXTS[rows]))]
        table = pa.table({"id": ids, "text": TEXTS[rows], "label": pa.array(LABELS[rows])})
        pq.write_table(table, folder / f"{name}.parquet")
    (folder / "test.parquet").write_text("a fold must not read it")
    return folder


def test_each_review_of_training_and_validation_is_held_out_once(reviews_folder: Path, tmp_path: Path) -> None:
    held_out, folds = [], 3
    for fold in range(folds):
        folder = tmp_path / f"fold-{fold}"
        folder.mkdir()
        sizes = write_fold(reviews_folder, folder, fold=fold, folds=folds)
        found = {split: pq.read_table(folder / f"{split}.parquet") for split in ("train", "validation", "test")}
        assert {split: table.num_rows for split, table in found.items()} == {k: sum(v) for k, v in sizes.items()}
        assert found["test"].num_rows == 0
        assert found["train"].num_rows + found["validation"].num_rows == 60
        held_out += found["validation"].column("text").to_pylist()
    assert sorted(held_out) == sorted(TEXTS)


def test_fold_can_be_encoded_without_test_reviews(reviews_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "fold").mkdir()
    (tmp_path / "encoded").mkdir()
    write_fold(reviews_folder, tmp_path / "fold", fold=0, folds=3)
    write_encoding(tmp_path / "fold", ENCODINGS["words-1k-120"], tmp_path / "encoded")
    tokens, labels = read_sequences(tmp_path / "encoded" / "validation.parquet")
    assert len(tokens) == len(labels) == 20

"""Cross-validation: the training and validation reviews together, divided into parts that are held out in turn."""

from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ingest.facts import Duplicates, ReviewsFacts, ReviewsManifest
from tasks.ingest.split import assign_folds, hash_texts
from tasks.store.layout import REVIEWS, TEST_FILE, TRAIN_FILE, VALIDATION_FILE
from tasks.store.outputs import Output, Plan
from tasks.store.remembered import describe_code

WRITE: Final = "tasks.tune.folds:write_fold"


def plan_fold(reviews: ReviewsManifest, fold: int, *, folds: int, data_dir: Path) -> Plan[ReviewsFacts]:
    """Plan the reviews of one fold, counted from 0: its part is the validation split, and the test split is empty."""
    source = data_dir / reviews.folder
    output = Output(
        root=data_dir,
        kind="reviews",
        name=reviews.name,
        family=REVIEWS,
        folder=f"{reviews.folder}-fold-{fold + 1}-of-{folds}-{{fingerprint}}",
        facts_type=ReviewsFacts,
        decided_by={
            "reviews": {name: reviews.files[name].sha256 for name in (TRAIN_FILE, VALIDATION_FILE)},
            "fold": [fold, folds],
            "code": describe_code(WRITE),
        },
    )

    def make(folder: Path) -> ReviewsFacts:
        sizes = write_fold(source, folder, fold=fold, folds=folds)
        return describe_fold(reviews.facts, sizes)

    return output, make


def write_fold(source: Path, folder: Path, *, fold: int, folds: int) -> dict[str, list[int]]:
    """Write the splits of a fold; returns the labels' counts by split. Equal texts land in the same part."""
    table = pa.concat_tables([pq.read_table(source / name) for name in (TRAIN_FILE, VALIDATION_FILE)])
    labels = table.column("label").to_numpy()
    held_out = assign_folds(hash_texts(table.column("text").to_pylist()), labels, folds=folds) == fold
    parts = {"train": ~held_out, "validation": held_out, "test": np.zeros(len(labels), np.bool_)}
    for name, mask in zip((TRAIN_FILE, VALIDATION_FILE, TEST_FILE), parts.values(), strict=True):
        pq.write_table(table.filter(pa.array(mask)), folder / name, compression="zstd")
    num_classes = int(labels.max()) + 1
    return {split: np.bincount(labels[mask], minlength=num_classes).tolist() for split, mask in parts.items()}


def describe_fold(facts: ReviewsFacts, sizes: dict[str, list[int]]) -> ReviewsFacts:
    """Describe a fold's reviews as its dataset is described; the check of the data was that of the whole dataset."""
    names = facts.label_names
    counts = {split: dict(zip(names, [*found, *[0] * len(names)], strict=False)) for split, found in sizes.items()}
    return facts.model_copy(
        update={
            "num_reviews": {split: sum(found) for split, found in sizes.items()},
            "counts": counts,
            "duplicates": Duplicates(within=dict.fromkeys(sizes, 0), across={}, conflicting=0),
        }
    )

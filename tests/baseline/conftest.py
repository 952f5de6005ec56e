"""Hand-written reviews, written as ingest writes them, and baselines fitted on them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.baseline.baselines import Baseline
from tasks.baseline.facts import BaselineFacts
from tasks.baseline.fitting import fit_baseline
from tasks.baseline.model import BaselineModel, load_baseline

Rows = Sequence[tuple[str, int]]
TWO_CLASSES: Rows = [
    ("A dull and empty film", 0),
    ("A warm and clever film", 1),
    ("the worst acting i have ever seen", 0),
    ("the best acting i have ever seen, the best", 1),
    ("Dull from the first scene on.", 0),
    ("Clever from the first scene on!", 1),
    ("i left the room, it was the worst", 0),
    ("i loved it, it's simply the best", 1),
    ("", 0),
    ("empty, dull, bad", 0),
    ("warm, clever, good", 1),
]
THREE_CLASSES: Rows = [*TWO_CLASSES, ("neither dull nor clever film", 2), ("neither the best nor the worst", 2)]
UNSEEN = ["the best film", "", "?!", "dull dull dull film", "quite unheard", "neither the best", "i loved the acting"]


@dataclass(frozen=True)
class Fitted:
    """What fitting returned, and where its files are."""

    facts: BaselineFacts
    folder: Path

    @property
    def model(self) -> BaselineModel:
        return load_baseline(self.folder)

    def predict(self, texts: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.float64]]":
        return self.model.predict_probabilities(texts)


Fit = Callable[..., Fitted]


def write_splits(folder: Path, **splits: Rows) -> None:
    for split, rows in splits.items():
        ids = [f"{split}-{index}" for index in range(len(rows))]
        labels = pa.array([label for _, label in rows], pa.int32())
        table = pa.table({"id": ids, "text": pa.array([text for text, _ in rows], pa.string()), "label": labels})
        pq.write_table(table, folder / f"{split}.parquet")


@pytest.fixture
def write_reviews() -> Callable[..., None]:
    """Writes splits of reviews into a folder."""
    return write_splits


@pytest.fixture
def two_classes() -> Rows:
    return TWO_CLASSES


@pytest.fixture
def three_classes() -> Rows:
    return THREE_CLASSES


@pytest.fixture
def unseen() -> Sequence[str]:
    return UNSEEN


@pytest.fixture
def fit(tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """Fits a baseline on some reviews."""

    def run(
        baseline: Baseline, train: Rows, validation: Rows = TWO_CLASSES, *, num_classes: int = 2, **options: Any
    ) -> Fitted:
        reviews, folder = tmp_path_factory.mktemp("reviews"), tmp_path_factory.mktemp("model")
        write_splits(reviews, train=train, validation=validation)
        label_names = [f"class {index}" for index in range(num_classes)]
        folders = {"reviews_folder": reviews, "folder": folder}
        return Fitted(fit_baseline(baseline, label_names=label_names, **folders, **options), folder)

    return run

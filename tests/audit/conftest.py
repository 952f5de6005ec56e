"""Small sets of reviews whose wrong labels are known."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.audit.held_out import Listener

WORDS = (("dull", "empty", "tired"), ("warm", "clever", "fresh"), ("red", "green", "blue"))


def write_texts(labels: Sequence[int], *, start: int = 0) -> list[str]:
    """A text for each label, of words that tell it, each text different."""
    return [
        f"a {WORDS[label][number % 3]} and {WORDS[label][(number + 1) % 3]} film number {start + number}"
        for number, label in enumerate(labels)
    ]


@pytest.fixture
def write_reviews(tmp_path: Path) -> Callable[..., Path]:
    """Writes splits of reviews whose texts tell `true`, labelled as `given`, both by split."""

    def write(true: dict[str, Sequence[int]], given: dict[str, Sequence[int]] | None = None) -> Path:
        folder, start = tmp_path / "reviews", 0
        folder.mkdir()
        for split, labels in true.items():
            table = pa.table(
                {
                    "id": pa.array([f"{split}-{number}" for number in range(len(labels))], pa.string()),
                    "text": pa.array(write_texts(labels, start=start), pa.string()),
                    "label": pa.array((given or true)[split], pa.int32()),
                }
            )
            pq.write_table(table, folder / f"{split}.parquet")
            start += len(labels)
        return folder

    return write


class Notes(Listener):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.fits: list[tuple[str, str]] = []

    def on_fit(self, name: str, what: str) -> None:
        self.fits.append((name, what))


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def mislabelled() -> tuple[dict[str, list[int]], dict[str, list[int]], list[str]]:
    """True labels, given labels, and the ids of the reviews in which they differ: 7 of 150."""
    true = {"train": [0, 1] * 50, "validation": [0, 1] * 10, "test": [0, 1] * 15}
    given = {split: list(labels) for split, labels in true.items()}
    wrong = [("train", 3), ("train", 40), ("train", 61), ("train", 77), ("validation", 5), ("test", 8), ("test", 21)]
    for split, row in wrong:
        given[split][row] = 1 - given[split][row]
    return true, given, [f"{split}-{row}" for split, row in wrong]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)

"""Foresee how long the fit of a baseline will take, by a fit on a part of the reviews."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.baseline.baselines import Baseline
from tasks.process.child import run_apart
from tasks.process.time_budget import Admit
from tasks.store.layout import TEST_FILE, TRAIN_FILE, VALIDATION_FILE

MEASURE: Final = "tasks.baseline.pace:measure_fit"
# Every so many-th review is in the part; fewer reviews than this are fitted in no time.
PART: Final = 20
FEWEST: Final = 20_000
# How many times as long it takes to fit in bounded memory, where n-grams are counted and read on disk.
BOUNDED: Final = 3.0


def ask_for_fit(
    admit: Admit,
    *,
    baseline: Baseline,
    reviews_folder: Path,
    folder: Path,
    label_names: Sequence[str],
    is_bounded: bool,
    unlabelled: Path | None,
) -> None:
    """Ask whether a fit may take as long as it will; raises LeftOutError. `folder` is for scratch files.

    A text of the file `unlabelled` is taken to cost as much as one with a label.
    """
    sizes = {
        name: pq.read_metadata(reviews_folder / name).num_rows for name in (TRAIN_FILE, VALIDATION_FILE, TEST_FILE)
    }
    if sizes[TRAIN_FILE] < FEWEST:
        return
    seconds: float = run_apart(
        MEASURE, baseline=baseline, reviews_folder=reviews_folder, folder=folder, label_names=label_names
    )
    num_unlabelled = pq.read_metadata(unlabelled).num_rows if unlabelled else 0
    whole = seconds * PART * (BOUNDED if is_bounded else 1.0) * (1 + num_unlabelled / sizes[TRAIN_FILE])
    admit(whole, whole * (sizes[VALIDATION_FILE] + sizes[TEST_FILE]) / sizes[TRAIN_FILE])


def measure_fit(baseline: Baseline, *, reviews_folder: Path, folder: Path, label_names: Sequence[str]) -> float:
    """Fit on a part of the reviews; returns the seconds."""
    # scikit-learn is for the child that measures.
    from tasks.baseline.fitting import fit_baseline

    with tempfile.TemporaryDirectory(dir=folder) as name:
        part = Path(name)
        for file in (TRAIN_FILE, VALIDATION_FILE):
            table = pq.read_table(reviews_folder / file, columns=["text", "label"])
            pq.write_table(table.take(pa.array(range(0, table.num_rows, PART))), part / file)
        started = time.perf_counter()
        fit_baseline(baseline, reviews_folder=part, folder=part, label_names=label_names)
        return time.perf_counter() - started

"""From the predictions of every cell to accuracy against distance, over the seeds."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.evaluate.predictions import load_correct
from tasks.ingest.sources.recall import BAG_CEILINGS, NUM_CLASSES, RecallTask, find_distance, parse_name
from tasks.probe.facts import Levels, MeanAccuracy, SeedAccuracy
from tasks.probe.plan import SOLVED_AT, Cell
from tasks.store.facts import Facts
from tasks.store.layout import PREDICTIONS_FILE, TEST_FILE

CONDITION: Final = ["recall_task", "upto", "trained_on", "model", "distance"]


class CellTraining(Facts):
    """What the probe's report needs to know about a training."""

    num_params: int
    epochs: int
    batch_size: int
    train_seconds: float
    device: str


class TrainedModel(Facts):
    """A trained and evaluated model; `folder` and `reviews` are relative to the artifacts' and the data's root."""

    folder: str
    reviews: str
    num_train: int
    training: CellTraining
    accuracy: float
    threshold: float


class CellResult(Facts):
    """The outcome of one cell: a trained model, or the reason why there is none."""

    cell: Cell
    trained: TrainedModel | None = None
    reason: str | None = None


def measure_cells(results: Sequence[CellResult], *, data_dir: Path, artifacts_dir: Path) -> list[SeedAccuracy]:
    """Measure the accuracy of each trained cell at each of its test distances."""
    rows = []
    for result in results:
        if result.trained:
            rows += measure_cell(result.cell, result.trained, data_dir=data_dir, artifacts_dir=artifacts_dir)
    return rows


def measure_cell(cell: Cell, trained: TrainedModel, *, data_dir: Path, artifacts_dir: Path) -> list[SeedAccuracy]:
    """Measure the accuracy of one trained model at each of its test distances, one row for each."""
    correct = load_correct(artifacts_dir / trained.folder / PREDICTIONS_FILE, threshold=trained.threshold)
    found = find_distances(cell, data_dir / trained.reviews / TEST_FILE, num_texts=len(correct))
    rows = []
    for distance in np.unique(found):
        of_distance = correct[found == distance]
        accuracy = float(of_distance.mean())
        rows.append(
            SeedAccuracy(
                recall_task=cell.recall_task,
                distance=int(distance),
                model=cell.model,
                seed=cell.seed,
                upto=cell.upto,
                trained_on=cell.distance,
                accuracy=accuracy,
                num_texts=len(of_distance),
                solved=accuracy >= SOLVED_AT,
                num_params=trained.training.num_params,
                updates=count_updates(trained),
                train_seconds=trained.training.train_seconds,
            )
        )
    return rows


def find_distances(cell: Cell, test: Path, *, num_texts: int) -> NDArray[np.int64]:
    """Find the distance of each test text, in words: shape (num_texts,); with a single distance, it is the cell's."""
    wanted = parse_name(cell.dataset)
    if wanted is None or len(wanted.test_distances) == 1:
        return np.full(num_texts, cell.distance)
    texts = pq.read_table(test, columns=["text"]).column("text").to_pylist()
    return np.array([find_distance(text) for text in texts])


def count_updates(trained: TrainedModel) -> int:
    """Count the weight updates of the whole training."""
    return trained.training.epochs * math.ceil(trained.num_train / trained.training.batch_size)


def summarise_rows(rows: Sequence[SeedAccuracy]) -> list[MeanAccuracy]:
    """Combine the seeds of each model at each distance: mean, lowest and highest accuracy, and how many solved it."""
    frame = pd.DataFrame([row.model_dump(by_alias=False) for row in rows])
    if frame.empty:
        return []
    summary = frame.groupby(CONDITION, sort=False).agg(
        mean=("accuracy", "mean"),
        low=("accuracy", "min"),
        high=("accuracy", "max"),
        num_seeds=("seed", "size"),
        num_solved=("solved", "sum"),
        num_params=("num_params", "first"),
    )
    updates = frame[frame["solved"]].groupby(CONDITION)["updates"].median()
    summary["updates"] = updates.reindex(summary.index).astype(object).where(lambda found: found.notna(), None)
    return [MeanAccuracy.model_validate(record) for record in summary.reset_index().to_dict(orient="records")]


def describe_levels(recall_tasks: Iterable[RecallTask]) -> dict[str, Levels]:
    """List the chance level of each recall task and the best accuracy of a bag of words."""
    return {name: Levels(chance=1 / NUM_CLASSES[name], bag_of_words=BAG_CEILINGS[name]) for name in recall_tasks}

"""From the predictions of every cell to accuracy against distance, over the seeds."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from tasks.evaluate.predictions import load_correct
from tasks.ingest.sources.recall import BAG_CEILINGS, NUM_CLASSES, Task, find_distance, parse_name
from tasks.probe.plan import SOLVED_AT, Cell

FILE: Final = "probe.json"
CONDITION: Final = ["task", "upto", "trained_on", "model", "distance"]


class CellResult(BaseModel):
    """What became of one cell; `folder` and `reviews` are relative to the artifacts' and the data's root."""

    model_config = ConfigDict(frozen=True)

    cell: Cell
    status: Literal["ok", "failed"] = "ok"
    reason: str | None = None
    folder: str | None = None
    reviews: str | None = None
    num_train: int = 0
    training: dict[str, Any] = {}
    accuracy: float | None = None


def measure_cells(results: Sequence[CellResult], *, data_dir: Path, artifacts_dir: Path) -> list[dict[str, Any]]:
    """Measure the accuracy of each trained cell at each distance that it was tested at: a row for each."""
    rows = []
    for result in results:
        if result.folder is None or result.reviews is None:
            continue
        for distance, accuracy, count in measure_cell(result, data_dir / result.reviews, artifacts_dir / result.folder):
            rows.append(
                {
                    **result.cell._asdict(),
                    "trained_on": result.cell.distance,
                    "distance": distance,
                    "accuracy": accuracy,
                    "num_texts": count,
                    "solved": accuracy >= SOLVED_AT,
                    "num_params": result.training["num_params"],
                    "updates": count_updates(result),
                    "train_seconds": result.training["train_seconds"],
                }
            )
    return rows


def measure_cell(result: CellResult, reviews: Path, model: Path) -> list[tuple[int, float, int]]:
    """Measure one trained model: (distance, accuracy, number of texts) for each distance of its test texts."""
    threshold = json.loads((model / "bundle.json").read_text(encoding="utf-8"))["threshold"]
    correct = load_correct(model / "predictions.parquet", threshold=threshold)
    wanted = parse_name(result.cell.dataset)
    if wanted is None or len(wanted.test_distances) == 1:
        return [(result.cell.distance, float(correct.mean()), len(correct))]
    texts = pq.read_table(reviews / "test.parquet", columns=["text"]).column("text").to_pylist()
    found = np.array([find_distance(text) for text in texts])
    groups = ((distance, correct[found == distance]) for distance in wanted.test_distances)
    return [(distance, float(group.mean()), len(group)) for distance, group in groups if len(group)]


def count_updates(result: CellResult) -> int:
    """Count the updates of the weights until the training ended."""
    training = result.training
    return int(training["epochs"]) * math.ceil(result.num_train / int(training["batch_size"]))


def summarise_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join the seeds of each model at each distance: mean, lowest and highest accuracy, and how many solved it."""
    frame = pd.DataFrame(rows)
    if frame.empty:
        return []
    groups = frame.groupby(CONDITION, sort=False)
    summary = groups.agg(
        mean=("accuracy", "mean"),
        low=("accuracy", "min"),
        high=("accuracy", "max"),
        num_seeds=("seed", "size"),
        num_solved=("solved", "sum"),
        num_params=("num_params", "first"),
    ).reset_index()
    updates = frame[frame["solved"]].groupby(CONDITION)["updates"].median()
    keys = pd.MultiIndex.from_frame(summary[CONDITION])
    summary["updates"] = updates.reindex(keys).to_numpy()
    records: list[dict[str, Any]] = json.loads(summary.to_json(orient="records"))
    return records


def describe_tasks(tasks: Iterable[Task]) -> dict[str, dict[str, float]]:
    """List the chance level of each task and what a bag of words reaches at most."""
    return {task: {"chance": 1 / NUM_CLASSES[task], "bag_of_words": BAG_CEILINGS[task]} for task in tasks}

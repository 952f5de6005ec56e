"""Gather the results of all models into the leaderboard: the numbers that every rendering is made from."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tasks.evaluate.intervals import bootstrap_accuracy
from tasks.evaluate.metrics import predict_labels
from tasks.evaluate.predictions import read_predictions

METRICS: Final = (
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "roc_auc",
    "nll",
    "brier",
    "ece",
    "predict_seconds",
    "predict_reviews_per_second",
)
TRAINING: Final = (
    "num_params",
    "batch_size",
    "epochs",
    "best_epoch",
    "epoch_seconds",
    "train_seconds",
    "reviews_per_second",
    "val_accuracy",
    "val_loss",
    "peak_memory_mb",
)


class ModelResult(BaseModel):
    """What became of one variant with one seed; `folder` is relative to the artifacts' root."""

    model_config = ConfigDict(frozen=True)

    variant: str
    encoding: str
    seed: int
    status: Literal["ok", "failed"]
    reason: str | None = None
    folder: str | None = None
    training: dict[str, Any] = {}
    metrics: dict[str, Any] = {}


def build_leaderboard(results: Sequence[ModelResult], *, run: dict[str, Any], artifacts_dir: Path) -> dict[str, Any]:
    """Build the content of leaderboard.json: `run`, and a row per variant, best mean accuracy first, failures last."""
    names = list(dict.fromkeys(result.variant for result in results))
    rows = [build_row([result for result in results if result.variant == name], artifacts_dir) for name in names]
    rows.sort(key=lambda row: (row["status"] == "failed", -(row["accuracy"] or {"mean": 0.0})["mean"]))
    return {"run": run, "variants": rows}


def build_row(results: Sequence[ModelResult], artifacts_dir: Path) -> dict[str, Any]:
    """Summarise one variant; numbers are means over the seeds that trained, `accuracy` is None when none did."""
    trained = [result for result in results if result.status == "ok"]
    failures = [f"seed {result.seed}: {result.reason}" for result in results if result.status == "failed"]
    return {
        "name": results[0].variant,
        "encoding": results[0].encoding,
        "seeds": len(trained),
        "status": "failed" if failures else "ok",
        "reason": "; ".join(failures) or None,
        "accuracy": summarise_accuracy(trained, artifacts_dir) if trained else None,
        **{name: average([result.metrics[name] for result in trained]) for name in METRICS},
        **{name: average([result.training[name] for result in trained]) for name in TRAINING},
        "models": [result.folder for result in trained],
    }


def average(values: Sequence[float | None]) -> float | None:
    """Average over seeds, integers that agree staying integers; None when a value is missing."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return known[0] if len(set(known)) == 1 else statistics.fmean(known)


def summarise_accuracy(trained: Sequence[ModelResult], artifacts_dir: Path) -> dict[str, float | None]:
    """Return mean, sd over seeds (None for one seed) and the bounds of the 95% interval."""
    correct = np.stack([load_correct(artifacts_dir / str(result.folder)) for result in trained])
    accuracies = [float(rate) for rate in correct.mean(axis=1)]
    low, high = bootstrap_accuracy(correct)
    sd = statistics.stdev(accuracies) if len(accuracies) > 1 else None
    return {"mean": statistics.fmean(accuracies), "sd": sd, "low": low, "high": high}


def load_correct(folder: Path) -> NDArray[np.bool_]:
    """Load which test reviews a model got right: shape (num_reviews,)."""
    threshold = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))["threshold"]
    probabilities, labels = read_predictions(folder / "predictions.parquet")
    correct: NDArray[np.bool_] = predict_labels(probabilities, threshold=threshold) == labels
    return correct

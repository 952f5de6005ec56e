"""The leaderboard: a row per variant, each number a mean over the seeds that trained."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tasks.compare.facts import Pair
from tasks.compare.results import BASELINE, CONSTANT, ENSEMBLE, Contestant, ModelResult
from tasks.compare.significance import group_ties
from tasks.evaluate.intervals import bootstrap_accuracy
from tasks.evaluate.metrics import compute_metrics

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
    "predict_single_per_second",
    "file_bytes",
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


def build_rows(
    results: Sequence[ModelResult], contestants: Sequence[Contestant], pairs: Sequence[Pair]
) -> list[dict[str, Any]]:
    """Build the rows, best mean accuracy first, the ensemble among them, failures last."""
    known = {contestant.name: contestant for contestant in contestants}
    names = list(dict.fromkeys(result.variant for result in results))
    rows = [build_row([it for it in results if it.variant == name], known.get(name)) for name in names]
    rows += build_ensemble(contestants)
    rows.sort(key=lambda row: (row["status"] == "failed", -(row["accuracy"] or {"mean": 0.0})["mean"]))
    ranked = [row["name"] for row in rows if row["name"] in known]
    ties = {name: rank for rank, group in enumerate(group_ties(ranked, pairs), start=1) for name in group}
    baseline = find_best_baseline(contestants)
    for row in rows:
        row["tie_group"] = ties.get(row["name"])
        row["beats_baseline"] = beats(row["name"], baseline, pairs) if row["group"] != BASELINE and baseline else None
    return rows


def build_row(results: Sequence[ModelResult], contestant: Contestant | None) -> dict[str, Any]:
    """Summarise one variant; `accuracy` and the other numbers are None when no seed trained."""
    trained = contestant.results if contestant else []
    failures = [f"seed {result.seed}: {result.reason}" for result in results if result.status == "failed"]
    return {
        "name": results[0].variant,
        "group": results[0].group,
        "encoding": results[0].encoding,
        "seeds": len(trained),
        "status": "failed" if failures else "ok",
        "reason": "; ".join(failures) or None,
        "accuracy": summarise_accuracy(contestant) if contestant else None,
        "validation_accuracy": average([result.metrics["validation"]["accuracy"] for result in trained]),
        **{name: average([result.metrics[name] for result in trained]) for name in METRICS},
        **{name: average([result.training.get(name) for result in trained]) for name in TRAINING},
        "models": [result.folder for result in trained],
        "shipped": contestant.shipped_result.folder if contestant else None,
    }


def average(values: Sequence[float | None]) -> float | None:
    """Average over seeds, integers that agree staying integers; None when a value is missing."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return known[0] if len(set(known)) == 1 else statistics.fmean(known)


def summarise_accuracy(contestant: Contestant) -> dict[str, float | None]:
    """Return mean, sd over seeds (None for one seed) and the bounds of the 95% interval."""
    accuracies = [float(rate) for rate in contestant.correct.mean(axis=1)]
    low, high = bootstrap_accuracy(contestant.correct)
    sd = statistics.stdev(accuracies) if len(accuracies) > 1 else None
    return {"mean": statistics.fmean(accuracies), "sd": sd, "low": low, "high": high}


def build_ensemble(contestants: Sequence[Contestant]) -> list[dict[str, Any]]:
    """Build the row of the plain average of all variants' probabilities, each a mean over its seeds; [] for one.

    The constant model is left out.
    """
    members = [contestant for contestant in contestants if contestant.name != CONSTANT]
    if len(members) < 2:  # noqa: PLR2004
        return []
    mean = np.mean([member.probabilities.mean(axis=0) for member in members], axis=0)
    labels = members[0].labels
    metrics: Mapping[str, Any] = compute_metrics(mean, labels)
    low, high = bootstrap_accuracy((mean.argmax(axis=1) == labels)[None, :])
    empty = dict.fromkeys(("validation_accuracy", *METRICS, *TRAINING, "reason", "shipped"))
    return [
        {
            "name": ENSEMBLE,
            "group": ENSEMBLE,
            "encoding": "",
            "seeds": 1,
            "status": "ok",
            **empty,
            "accuracy": {"mean": metrics["accuracy"], "sd": None, "low": low, "high": high},
            **{name: metrics[name] for name in METRICS if name in metrics},
            "models": [str(result.folder) for member in members for result in member.results],
        }
    ]


def find_best_baseline(contestants: Sequence[Contestant]) -> str | None:
    """Name the baseline of the highest accuracy."""
    baselines = [contestant for contestant in contestants if contestant.group == BASELINE]
    return max(baselines, key=lambda it: it.accuracy).name if baselines else None


def beats(name: str, other: str, pairs: Sequence[Pair]) -> bool | None:
    """Tell whether one model is better than another beyond chance; None when the two were not compared."""
    for pair in pairs:
        if {pair.first, pair.second} == {name, other}:
            return pair.differs and (pair.difference > 0) == (pair.first == name)
    return None

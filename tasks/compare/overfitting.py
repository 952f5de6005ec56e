"""How training and validation part from epoch to epoch, and what the epochs after the best one cost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from tasks.compare.results import Contestant, TrainedModel

HISTORY: Final = "history.csv"
SHOWN: Final = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy")


def describe_trainings(contestants: Sequence[Contestant], artifacts_dir: Path) -> dict[str, list[dict[str, Any]]]:
    """Describe each training of each variant that learns in epochs."""
    trainings = {
        contestant.name: [describe_training(result, artifacts_dir) for result in contestant.results]
        for contestant in contestants
        if contestant.results[0].training.epochs
    }
    return {name: rows for name, rows in trainings.items() if rows}


def describe_training(result: TrainedModel, artifacts_dir: Path) -> dict[str, Any]:
    """Reduce a history to its curves and what they say.

    `gap` is accuracy in training less accuracy on validation, in the best and in the last epoch (accuracy in training
    is an average over the epoch, while the weights still change). `later_epochs` are those after the best: what they
    did to validation loss and accuracy, and their share of the time.
    """
    history = pd.read_csv(artifacts_dir / result.folder / HISTORY)
    best, last = history.sort_values("val_loss", kind="stable").iloc[0], history.iloc[-1]
    later = history[history["epoch"] > best["epoch"]]
    return {
        "seed": result.seed,
        "curve": history[list(SHOWN)].to_dict(orient="records"),
        "best_epoch": int(best["epoch"]),
        "gap_at_best": float(best["accuracy"] - best["val_accuracy"]),
        "gap_at_last": float(last["accuracy"] - last["val_accuracy"]),
        "later_epochs": {
            "num_epochs": len(later),
            "val_loss_change": float(last["val_loss"] - best["val_loss"]),
            "val_accuracy_change": float(last["val_accuracy"] - best["val_accuracy"]),
            "share_of_seconds": float(later["seconds"].sum() / history["seconds"].sum()),
        },
    }

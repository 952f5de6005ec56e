"""How training and validation diverge from epoch to epoch, and what the epochs after the best one cost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from tasks.compare.facts import EpochPoint, LaterEpochs, Training
from tasks.compare.results import Contestant, TrainedModel

HISTORY: Final = "history.csv"
SHOWN: Final = tuple(EpochPoint.model_fields)


def describe_trainings(contestants: Sequence[Contestant], artifacts_dir: Path) -> dict[str, tuple[Training, ...]]:
    """Describe each training of each variant that learns in epochs."""
    trainings = {
        contestant.name: tuple(describe_training(result, artifacts_dir) for result in contestant.results)
        for contestant in contestants
        if contestant.results[0].training.epochs
    }
    return {name: rows for name, rows in trainings.items() if rows}


def describe_training(result: TrainedModel, artifacts_dir: Path) -> Training:
    """Reduce a training's history to its curves and what they say."""
    history = pd.read_csv(artifacts_dir / result.folder / HISTORY)
    epochs, row = history["epoch"].tolist(), int(history["val_loss"].to_numpy().argmin())
    best, last, later = history.iloc[row], history.iloc[-1], history.iloc[row + 1 :]
    return Training(
        seed=result.seed,
        curve=tuple(EpochPoint.model_validate(row) for row in history[list(SHOWN)].to_dict(orient="records")),
        best_epoch=epochs[row],
        gap_at_best=float(best["accuracy"] - best["val_accuracy"]),
        gap_at_last=float(last["accuracy"] - last["val_accuracy"]),
        later_epochs=LaterEpochs(
            num_epochs=epochs[-1] - epochs[row],
            val_loss_change=float(last["val_loss"] - best["val_loss"]),
            val_accuracy_change=float(last["val_accuracy"] - best["val_accuracy"]),
            share_of_seconds=float(later["seconds"].sum() / history["seconds"].sum()),
        ),
    )

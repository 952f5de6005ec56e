"""From trainings to the outcome of a trial: the history of one that is ended early, and the numbers of whole ones."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tasks.errors import SpokenError
from tasks.store.outputs import Manifest
from tasks.train.settings import EpochRecord, Listener
from tasks.tune.facts import TrialFacts

# Is told of the losses after each epoch so far; raises PrunedError.
Watch = Callable[[Sequence[float]], None]


class PrunedError(SpokenError):
    """A training was ended, because it was worse than others after as many epochs."""


class Kept:
    """The history of a training so far, for when it is ended before there is a model."""

    def __init__(self) -> None:
        self.history: list[EpochRecord] = []

    def summarise(self) -> TrialFacts:
        """Return the numbers of the last epoch."""
        last = self.history[-1]
        return TrialFacts(
            loss=last.val_loss,
            accuracy=last.val_accuracy,
            seconds=sum(record.seconds for record in self.history),
            losses=tuple(record.val_loss for record in self.history),
            pruned=True,
        )


class Relay(Listener):
    """Shows a training's progress, keeps its history, and lets the study end it."""

    def __init__(self, shown: Listener, kept: Kept, watch: Watch) -> None:
        self.shown = shown
        self.kept = kept
        self.watch = watch

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Show it."""
        self.shown.on_progress(epoch, num_done, num_reviews)

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Show it, and ask the study whether to go on."""
        self.shown.on_epoch(history)
        self.kept.history = history
        self.watch([record.val_loss for record in history])


def read_outcome(model: Manifest[Any], artifacts_dir: Path) -> TrialFacts:
    """Read how good a trained model is on the validation reviews of its part."""
    path = artifacts_dir / model.folder / "history.csv"
    losses: tuple[float, ...] = ()
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            losses = tuple(float(record["val_loss"]) for record in csv.DictReader(file))
    facts = model.facts
    return TrialFacts(loss=facts.val_loss, accuracy=facts.val_accuracy, seconds=facts.train_seconds, losses=losses)


def average(found: Sequence[tuple[int, TrialFacts]]) -> TrialFacts:
    """Average the numbers of parts, each weighed by its reviews; the losses by epoch are those of the first part."""
    total = sum(size for size, _ in found)
    return TrialFacts(
        loss=sum(size * facts.loss for size, facts in found) / total,
        accuracy=sum(size * facts.accuracy for size, facts in found) / total,
        seconds=sum(facts.seconds for _, facts in found),
        losses=found[0][1].losses,
    )

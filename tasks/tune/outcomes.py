"""From trainings to the outcome of a trial: the history of one that is ended early, and the numbers of whole ones."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tasks.errors import SpokenError
from tasks.store.outputs import Manifest
from tasks.train.settings import EpochRecord, Listener
from tasks.tune.facts import Scored, TrialFacts

# Is told of the losses after each evaluation so far; raises PrunedError.
Watch = Callable[[Sequence[float]], None]


class PrunedError(SpokenError):
    """A training was ended, because it was worse than others after as many epochs."""


class Kept:
    """The history of a training so far, for when it is ended before there is a model."""

    def __init__(self) -> None:
        self.history: list[EpochRecord] = []

    def summarise(self) -> TrialFacts:
        """Return the numbers of the last evaluation."""
        last = self.history[-1]
        return TrialFacts(
            loss=last.val_loss,
            accuracy=last.val_accuracy,
            score=last.val_score,
            seconds=sum(record.seconds for record in self.history),
            losses=list_losses(self.history),
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
        self.watch(list_losses(history))


def list_losses(history: Sequence[EpochRecord]) -> tuple[float, ...]:
    """List what a training lowers from evaluation to evaluation: the loss, or the negated metric that decides."""
    return tuple(record.val_loss if record.val_score is None else -record.val_score for record in history)


def read_outcome(model: Manifest[Any], judged: Scored, artifacts_dir: Path) -> TrialFacts:
    """Gather how good a trained model was judged, its seconds, and its losses from evaluation to evaluation."""
    path = artifacts_dir / model.folder / "history.csv"
    losses: tuple[float, ...] = ()
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            records = list(csv.DictReader(file))
        losses = tuple(
            -float(record["val_score"]) if "val_score" in record else float(record["val_loss"]) for record in records
        )
    return TrialFacts(**dict(judged), seconds=model.facts.train_seconds, losses=losses)


def average(found: Sequence[tuple[int, TrialFacts]]) -> TrialFacts:
    """Average the numbers of parts, each weighed by its reviews; losses by evaluation are those of the first part."""

    def weigh(number: Callable[[TrialFacts], float]) -> float:
        return sum(size * number(facts) for size, facts in found) / sum(size for size, _ in found)

    has_score = found[0][1].score is not None
    return TrialFacts(
        loss=weigh(lambda facts: facts.loss),
        accuracy=weigh(lambda facts: facts.accuracy),
        score=weigh(lambda facts: facts.score or 0.0) if has_score else None,
        seconds=sum(facts.seconds for _, facts in found),
        losses=found[0][1].losses,
    )

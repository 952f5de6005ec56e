"""Foresee in its first epoch how long a training will take, so that a time budget can end it there."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import pyarrow.parquet as pq

from tasks.process.time_budget import Admit
from tasks.store.layout import TEST_FILE, VALIDATION_FILE
from tasks.train.settings import EpochRecord, FitSettings, Listener

# How long the pace is measured; a first epoch that is shorter is measured as a whole.
MEASURED_SECONDS: Final = 3.0


class Pace(Listener):
    """Passes on a training's progress, and asks once whether it may take as long as all of its epochs would.

    The question is asked as soon as the pace is known: within the first epoch that is trained here, or at its end. The
    pace is the median of the calls after the first one, because that compiles, and sometimes the last one does, too.
    `num_validated` reviews are predicted in each epoch, and `num_scored` in the end; that is never slower than training
    on them.
    """

    def __init__(
        self,
        shown: Listener,
        admit: Admit,
        settings: FitSettings,
        *,
        num_validated: int,
        num_scored: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shown = shown
        self.admit = admit
        self.settings = settings
        self.num_validated = num_validated
        self.num_scored = num_scored
        self.clock = clock
        self.last: tuple[float, int] | None = None
        self.paces: list[float] = []
        self.measured = 0.0
        self.num_epochs = 0
        self.is_admitted = False

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Pass it on; raises LeftOutError if the training would take too long."""
        self.shown.on_progress(epoch, num_done, num_reviews)
        if self.is_admitted:
            return
        now = self.clock()
        if self.last and num_done > self.last[1]:
            self.paces.append((now - self.last[0]) / (num_done - self.last[1]))
            self.measured += now - self.last[0]
        else:
            # The first call compiles, and so does the first one after a start on another machine.
            self.paces, self.measured = [], 0.0
        self.last = (now, num_done)
        if self.measured >= MEASURED_SECONDS:
            num_epochs = self.settings.epochs - epoch + 1
            self.ask(median(self.paces), num_epochs * (num_reviews + self.num_validated) - num_done)

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Pass it on; raises LeftOutError if the training would take too long."""
        self.shown.on_epoch(history)
        self.num_epochs += 1
        last = history[-1]
        # If there was a single call, the next epoch tells the pace without compiling.
        if self.is_admitted or (not self.paces and self.num_epochs == 1):
            return
        num_reviews = last.reviews_per_second * last.train_seconds * len(history) / last.epoch
        num_left = (self.settings.epochs - last.epoch) * (num_reviews + self.num_validated)
        self.ask(median(self.paces or [1 / last.reviews_per_second]), num_left)

    def ask(self, pace: float, num_left: float) -> None:
        """Ask whether the training may go on with so many reviews, at a pace in seconds for each."""
        self.is_admitted = True
        self.admit(pace * num_left, pace * self.num_scored)


def watch_pace(shown: Listener, admit: Admit, settings: FitSettings, sequences_folder: Path) -> Pace:
    """Watch the pace of a training on the sequences in a folder."""
    num_validated, num_tested = (
        pq.read_metadata(sequences_folder / name).num_rows for name in (VALIDATION_FILE, TEST_FILE)
    )
    return Pace(
        shown,
        admit,
        settings,
        num_validated=num_validated * settings.evaluations_per_epoch,
        num_scored=num_validated + num_tested,
    )

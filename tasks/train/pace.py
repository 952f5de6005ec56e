"""Foresee in its first epoch how long a training will take, so that a time budget can end it there."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from tasks.process.time_budget import Admit
from tasks.store.layout import TEST_FILE, VALIDATION_FILE
from tasks.train.settings import EpochRecord, FitSettings, Listener, measure_epoch

# How long the pace is measured; a first epoch that is shorter is measured as a whole.
MEASURED_SECONDS: Final = 3.0


class Pace(Listener):
    """Passes on a training's progress, and asks once whether it may take as long as all of its epochs would.

    The question is asked in the first epoch that is trained here, as soon as the pace is known: the first call, which
    compiles, is not counted. `num_validated` reviews are predicted in each epoch, and `num_scored` in the end; that is
    never slower than training on them.
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
        self.first: tuple[float, int] | None = None
        self.is_admitted = False

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        """Pass it on; raises LeftOutError if the training would take too long."""
        self.shown.on_progress(epoch, num_done, num_reviews)
        if self.is_admitted:
            return
        now = self.clock()
        if self.first is None or num_done <= self.first[1]:
            # The first call, or the first one after a start on another machine.
            self.first = (now, num_done)
            return
        seconds = now - self.first[0]
        if seconds >= MEASURED_SECONDS:
            num_epochs = self.settings.epochs - epoch + 1
            num_left = num_epochs * (num_reviews + self.num_validated) - num_done
            pace = seconds / (num_done - self.first[1])
            self.is_admitted = True
            self.admit(pace * num_left, pace * self.num_scored)

    def on_epoch(self, history: list[EpochRecord]) -> None:
        """Pass it on; raises LeftOutError if the training would take too long."""
        self.shown.on_epoch(history)
        if not self.is_admitted:
            last = history[-1]
            self.is_admitted = True
            seconds = measure_epoch(history) * (self.settings.epochs - last.epoch)
            self.admit(seconds, self.num_scored / last.reviews_per_second)


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

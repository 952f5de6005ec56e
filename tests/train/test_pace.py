"""A training is asked about once, in its first epoch, with the time that all of its epochs might take."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.process.time_budget import LeftOutError
from tasks.train.pace import Pace, watch_pace
from tasks.train.settings import EpochRecord, FitSettings, Listener

SETTINGS = FitSettings(epochs=10, patience=2, batch_size=32, learning_rate=1e-3, seed=1)


class Desk:
    """Tells the time, hears of progress, and notes what it is asked; refuses if it is to."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.now = 0.0
        self.asked: list[tuple[float, float]] = []
        self.heard: list[Any] = []
        self.refuses = refuses

    def admit(self, seconds: float, owes: float) -> None:
        self.asked.append((pytest.approx(seconds), pytest.approx(owes)))
        if self.refuses:
            raise LeftOutError(left=1, needed=seconds)


class Shown(Listener):
    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        self.desk.heard.append((epoch, num_done, num_reviews))

    def on_epoch(self, history: list[EpochRecord]) -> None:
        self.desk.heard.append(len(history))


def make_pace(desk: Desk) -> Pace:
    return Pace(Shown(desk), desk.admit, SETTINGS, num_validated=100, num_scored=500, clock=lambda: desk.now)


def progress(pace: Pace, desk: Desk, *moments: tuple[float, int], epoch: int = 1) -> None:
    for desk.now, num_done in moments:
        pace.on_progress(epoch, num_done, 1_000)


def make_history(*epochs: int) -> list[EpochRecord]:
    return [
        EpochRecord(
            epoch=epoch,
            loss=0.5,
            accuracy=0.5,
            val_loss=0.5,
            val_accuracy=0.5,
            seconds=3.0,
            train_seconds=2.0,
            reviews_per_second=500.0,
        )
        for epoch in epochs
    ]


def test_pace_is_that_after_the_first_call_which_compiles() -> None:
    desk = Desk()
    pace = make_pace(desk)
    progress(pace, desk, (30, 100), (31, 120), (32.9, 158), (33, 160), (60, 700))
    # 20 reviews a second: 840 and 100 in this epoch, 1,100 in each of nine others.
    assert desk.asked == [((940 + 9 * 1_100) / 20, 500 / 20)]
    assert desk.heard[-1] == (1, 700, 1_000)


def test_training_that_starts_again_on_another_machine_is_measured_there() -> None:
    desk = Desk()
    pace = make_pace(desk)
    progress(pace, desk, (0, 100), (2, 900), (100, 50), (102, 60), (103, 80))
    # The median of 5 and of 20 reviews a second, in seconds for each.
    assert desk.asked == [((10 * 1_100 - 80) / 8, 500 / 8)]


def test_short_epoch_is_measured_without_the_calls_that_compile() -> None:
    desk = Desk()
    pace = make_pace(desk)
    # Each compiling call takes 30 seconds, the others 0.001 for each review.
    progress(pace, desk, (30, 100), (30.2, 300), (30.8, 900), (31.8, 999))
    pace.on_epoch(make_history(1))
    pace.on_epoch(make_history(1, 2))
    assert desk.asked == [(9 * 1_100 / 1_000, 500 / 1_000)]
    assert desk.heard[-2:] == [1, 2]


def test_epoch_in_a_single_call_is_measured_by_the_next_one() -> None:
    desk = Desk()
    pace = make_pace(desk)
    progress(pace, desk, (30, 1_000))
    pace.on_epoch(make_history(1))
    assert desk.asked == []
    progress(pace, desk, (32, 1_000), epoch=2)
    pace.on_epoch(make_history(1, 2))
    assert desk.asked == [(8 * 1_100 / 500, 500 / 500)]


def test_epochs_that_were_trained_before_are_not_counted() -> None:
    desk = Desk()
    pace = make_pace(desk)
    progress(pace, desk, (1, 100), (5, 200), epoch=8)
    assert desk.asked == [((800 + 100 + 2 * 1_100) / 25, 500 / 25)]


def test_training_that_takes_too_long_ends_at_once() -> None:
    desk = Desk(refuses=True)
    pace = make_pace(desk)
    with pytest.raises(LeftOutError):
        progress(pace, desk, (1, 100), (5, 200), (6, 300))
    assert desk.now == 5


def test_reviews_that_are_predicted_are_counted_in_the_sequences(tmp_path: Path) -> None:
    for name, count in (("validation", 3), ("test", 4)):
        pq.write_table(pa.table({"label": [0] * count}), tmp_path / f"{name}.parquet")
    desk = Desk()
    pace = watch_pace(Shown(desk), desk.admit, SETTINGS, tmp_path)
    assert (pace.num_validated, pace.num_scored) == (3, 7)

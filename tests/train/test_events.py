"""TensorBoard can read what a training has logged."""

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tasks.train.events import write_events
from tasks.train.settings import EpochRecord


def make_history(*losses: float) -> list[EpochRecord]:
    """Two evaluations in each epoch."""
    return [
        EpochRecord(
            epoch=number / 2,
            loss=loss,
            accuracy=0.5,
            val_loss=loss + 0.5,
            val_accuracy=0.25,
            seconds=2.0,
            train_seconds=1.0,
            reviews_per_second=100.0,
        )
        for number, loss in enumerate(losses, start=1)
    ]


def read_scalars(folder: Path, tag: str) -> dict[int, float]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return {event.step: event.value for event in events.Scalars(tag)}


@pytest.mark.parametrize(
    ("tag", "value"),
    [("loss", 0.75), ("accuracy", 0.5), ("val_loss", 1.25), ("val_accuracy", 0.25), ("reviews_per_second", 100.0)],
)
def test_epoch_is_logged_under_its_number(tag: str, value: float, tmp_path: Path) -> None:
    write_events(tmp_path, make_history(0.75))
    assert read_scalars(tmp_path, tag) == {1: value}


def test_epochs_follow_each_other_however_short_they_are(tmp_path: Path) -> None:
    for losses in ((0.75,), (0.75, 0.5), (0.75, 0.5, 0.25)):
        write_events(tmp_path, make_history(*losses))
    assert read_scalars(tmp_path, "loss") == {1: 0.75, 2: 0.5, 3: 0.25}


def test_repeated_epoch_takes_the_place_of_the_earlier_try(tmp_path: Path) -> None:
    for losses in ((0.75,), (0.75, 0.5), (0.75, 0.25)):
        write_events(tmp_path, make_history(*losses))
    assert read_scalars(tmp_path, "loss") == {1: 0.75, 2: 0.25}

"""What a trial's trainings say: of one that is ended early, of whole ones, and of several parts together."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.store.outputs import Manifest
from tasks.train.settings import EpochRecord, Listener
from tasks.tune.facts import Scored, TrialFacts
from tasks.tune.outcomes import Kept, PrunedError, Relay, average, list_losses, read_outcome


def make_history(num_epochs: int) -> list[EpochRecord]:
    return [
        EpochRecord(
            epoch=epoch,
            loss=0.9,
            accuracy=0.5,
            val_loss=1 / epoch,
            val_accuracy=epoch / 10,
            seconds=2.0,
            train_seconds=1.0,
            reviews_per_second=7.0,
        )
        for epoch in range(1, num_epochs + 1)
    ]


class Shown(Listener):
    def __init__(self) -> None:
        self.calls: list[Any] = []

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        self.calls.append((epoch, num_done, num_reviews))

    def on_epoch(self, history: list[EpochRecord]) -> None:
        self.calls.append(len(history))


def test_training_is_shown_and_kept_until_the_study_ends_it() -> None:
    shown, kept, heard = Shown(), Kept(), []

    def watch(losses: Any) -> None:
        heard.append(list(losses))
        if len(losses) == 2:
            raise PrunedError("ended after 2 epochs")

    relay = Relay(shown, kept, watch)
    relay.on_progress(1, 5, 10)
    relay.on_epoch(make_history(1))
    with pytest.raises(PrunedError):
        relay.on_epoch(make_history(2))
    assert shown.calls == [(1, 5, 10), 1, 2]
    assert heard == [[1.0], [1.0, 0.5]]
    assert kept.summarise() == TrialFacts(loss=0.5, accuracy=0.2, seconds=4.0, losses=(1.0, 0.5), pruned=True)


@pytest.mark.parametrize("losses", [(0.7, 0.6), ()])
def test_whole_training_is_as_good_as_it_was_judged(losses: tuple[float, ...], tmp_path: Path, add_result: Any) -> None:
    facts = add_result("lstm", 80).training
    model: Any = Manifest[Any](
        kind="training", name="lstm", fingerprint="f", folder="m", decided_by={}, facts=facts, files={}, created="today"
    )
    (tmp_path / "m").mkdir()
    if losses:
        (tmp_path / "m" / "history.csv").write_text("epoch,val_loss\n1,0.7\n2,0.6\n")
    judged = Scored(loss=0.25, accuracy=0.75)
    found = read_outcome(model, judged, tmp_path)
    assert found == TrialFacts(loss=0.25, accuracy=0.75, seconds=facts.train_seconds, losses=losses)
    if losses:
        (tmp_path / "m" / "history.csv").write_text("epoch,val_loss,val_score\n1,0.7,-3\n2,0.6,-2\n")
        assert read_outcome(model, judged, tmp_path).losses == (3, 2)


def test_parts_are_weighed_by_their_reviews() -> None:
    first = TrialFacts(loss=0.4, accuracy=0.8, seconds=3, losses=(0.5, 0.4))
    second = TrialFacts(loss=0.1, accuracy=0.9, seconds=4, losses=(0.1,))
    found = average([(10, first), (20, second)])
    assert found.loss == pytest.approx(0.2)
    assert found.accuracy == pytest.approx(0.8 / 3 + 0.6)
    assert (found.seconds, found.losses) == (7, (0.5, 0.4))


def test_metric_that_decides_is_watched_and_averaged() -> None:
    history = [replace(record, val_score=record.epoch / 4) for record in make_history(2)]
    assert list_losses(history) == (-0.25, -0.5)
    kept = Kept()
    kept.history = history
    assert kept.summarise().score == 0.5
    parts = [TrialFacts(loss=0.4, accuracy=0.8, score=score, seconds=3) for score in (0.3, 0.6)]
    assert average([(10, parts[0]), (20, parts[1])]).score == pytest.approx(0.5)


def test_flows_run_without_optuna_unless_they_tune() -> None:
    code = "import sys; sys.modules.update(optuna=None, tomli_w=None); import flows.train_all, flows.tune"
    subprocess.run([sys.executable, "-c", code], check=True)

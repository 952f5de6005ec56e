"""How far the trainings of a run are: a line in the log at times, a bar on a terminal, and nothing where nothing is."""

import io
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.compare.results import BASELINE, Entrant
from tasks.compare.run import Candidate
from tasks.contest import progress
from tasks.contest.progress import find_usual, watched
from tasks.errors import TrainingError
from tasks.process.outlook import Usual, tell_round
from tasks.store.outputs import Output, produce
from tasks.train.facts import TrainingFacts

LOGGER = logging.getLogger("contest")
FACTS: Any = TrainingFacts(
    batch_size=32,
    epochs=4,
    best_epoch=2,
    train_accuracy=0.9,
    train_loss=0.3,
    val_accuracy=0.8,
    val_loss=0.5,
    train_seconds=1_000.0,
    epoch_seconds=200.0,
    reviews_per_second=10.0,
    num_params=9,
    device="CPU",
    kernel="tensorflow",
    peak_memory_mb=1,
    encoding="words-10k-120",
    description="",
)
MODEL: Any = SimpleNamespace(facts=FACTS)


def enter(variant: str, train: Callable[[], Any] = lambda: MODEL) -> Candidate:
    evaluate: Any = None
    return Candidate(Entrant(variant=variant, group="seed", encoding="words-10k-120", seed=1), train, evaluate)


def hold(candidates: list[Candidate], folder: Path) -> list[Any]:
    """Train one after another; returns the models, and the errors of those that failed."""
    results: list[Any] = []
    with watched(candidates, [2_000] * len(candidates), jobs=1, logger=LOGGER, artifacts_dir=folder) as told:
        for candidate in told:
            try:
                results.append(candidate.train())
            except TrainingError as error:
                results.append(error)
    return results


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines may follow each other at once."""
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", -1.0)


@pytest.mark.usefixtures("talkative")
def test_lines_tell_how_many_are_trained_and_how_long_the_others_take(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise TrainingError("out of memory")

    with caplog.at_level(logging.INFO, logger="contest"):
        results = hold([enter("lstm"), enter("lstm", fail), enter("lstm")], tmp_path)
    assert [isinstance(it, TrainingError) for it in results] == [False, True, False]
    assert caplog.messages == ["1 of 3 models are trained; training the others takes about 33 min"]


@pytest.mark.usefixtures("talkative")
def test_each_epoch_of_a_training_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def train() -> Any:
        tell_round(1, 5, 90.0)
        tell_round(2, 5, 40.0)
        return MODEL

    with caplog.at_level(logging.INFO, logger="contest"):
        hold([enter("lstm", train), enter("lstm")], tmp_path)
    assert caplog.messages[0] == "0 of 2 models are trained; training the others takes about 4 min"


def test_run_that_is_soon_over_tells_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="contest"):
        hold([enter("lstm"), enter("flatten")], tmp_path)
    assert caplog.messages == []


def test_terminal_has_a_bar_for_all_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress.tqdm, "mininterval", 0.0, raising=False)
    hold([enter("lstm"), enter("flatten")], tmp_path)
    assert "models:   0%" in terminal.getvalue()


def test_newest_model_of_the_same_name_tells_what_is_usual(tmp_path: Path) -> None:
    entrant = enter("lstm").entrant
    assert find_usual(entrant, tmp_path) is None
    output = Output(
        root=tmp_path,
        kind="training",
        name="lstm",
        family="models/lstm",
        folder="models/lstm/{fingerprint}",
        decided_by={},
        facts_type=TrainingFacts,
        manifest_name="training.json",
    )
    produce(output, lambda _: FACTS)
    assert find_usual(entrant, tmp_path) == Usual(seconds=0.5, rounds=4)
    assert find_usual(entrant.model_copy(update={"group": BASELINE}), tmp_path) is None

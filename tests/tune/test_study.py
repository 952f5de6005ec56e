"""A study: equal budgets, trials that go on where they were stopped, pruning, and the choice of settings."""

import pydoc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.errors import TrainingError, UserError
from tasks.process.place import PLACE, Place
from tasks.space.ranges import Range
from tasks.tune.facts import Budget, Scored, StudyFacts, TrialFacts
from tasks.tune.outcomes import PrunedError, Watch
from tasks.tune.storage import name_storage, open_storage
from tasks.tune.study import run_study
from tasks.tune.subject import Subject

SUBJECT = Subject(
    name="lstm",
    is_baseline=False,
    space={"units": (16, 32, 64), "dropout": Range(low=0, high=0.5), "width": Range(low=1, high=9)},
    usual={"units": 32, "dropout": 0.0, "width": 5},
    definition={"base": "lstm"},
)
TEN = Budget(trials=10, seconds=None)
Attempt = Callable[[int, dict[str, Any], Watch], TrialFacts]


def lose(definition: dict[str, Any]) -> float:
    """A loss that is lowest for a dropout of 0.3 and many units."""
    return abs(definition.get("dropout", 0.0) - 0.3) + 10 / definition.get("units", 32)


class Trainer:
    """Attempts trials, remembers their definitions, and fails or stops where it is told to."""

    def __init__(self, *, stop_at: int | None = None, fail: bool = False, seconds: float = 1.0) -> None:
        self.definitions: list[dict[str, Any]] = []
        self.stop_at, self.fail, self.seconds = stop_at, fail, seconds

    def __call__(self, number: int, definition: dict[str, Any], watch: Watch) -> TrialFacts:
        self.definitions.append(definition)
        if number == self.stop_at:
            raise KeyboardInterrupt
        if self.fail and number > 0:
            raise TrainingError("the loss is not finite")
        losses: list[float] = []
        for epoch in range(1, 5):
            losses.append(lose(definition) + 1 / epoch)
            try:
                watch(losses)
            except PrunedError:
                return TrialFacts(
                    loss=losses[-1], accuracy=0.5, seconds=self.seconds, losses=tuple(losses), pruned=True
                )
        return TrialFacts(loss=losses[-1], accuracy=0.9, seconds=self.seconds, losses=tuple(losses))


def tune(
    path: Path, attempt: Attempt, *, budget: Budget = TEN, subject: Subject = SUBJECT, **identity: Any
) -> StudyFacts:
    num_evaluations = identity.pop("num_evaluations", 4)
    storage = open_storage(name_storage(None, path))
    return run_study(
        subject,
        budget,
        storage=storage,
        identity=identity,
        seed=1,
        num_evaluations=num_evaluations,
        attempt=attempt,
    )


def test_usual_settings_come_first_and_the_best_ones_are_chosen(tmp_path: Path) -> None:
    trainer = Trainer()
    facts = tune(tmp_path, trainer)
    assert trainer.definitions[0] == {"base": "lstm"}
    assert len(trainer.definitions) == facts.completed + facts.pruned == 10
    best = min(trainer.definitions, key=lose)
    assert facts.definition == best
    assert facts.chosen is not None
    assert facts.usual is not None
    assert facts.chosen.loss == pytest.approx(lose(best) + 1 / 4)
    assert facts.usual.loss == pytest.approx(lose({}) + 1 / 4)
    assert facts.seconds == 10


def test_worse_trainings_are_pruned_after_two_or_four_epochs(tmp_path: Path) -> None:
    found: list[TrialFacts] = []
    trainer = Trainer()

    def attempt(number: int, definition: dict[str, Any], watch: Watch) -> TrialFacts:
        found.append(trainer(number, definition, watch))
        return found[-1]

    facts = tune(tmp_path, attempt)
    pruned = [it for it in found if it.pruned]
    assert facts.pruned == len(pruned) > 0
    assert {len(it.losses) for it in pruned} <= {2, 4}
    assert not found[0].pruned


class Curves:
    """Attempts trials whose losses from evaluation to evaluation are given, and repeats the last ones."""

    def __init__(self, *curves: list[float]) -> None:
        self.curves = curves
        self.lengths: list[int] = []

    def __call__(self, number: int, _definition: dict[str, Any], watch: Watch) -> TrialFacts:
        curve = self.curves[min(number, len(self.curves) - 1)]
        for end in range(1, len(curve) + 1):
            losses = tuple(curve[:end])
            try:
                watch(losses)
            except PrunedError:
                self.lengths.append(end)
                return TrialFacts(loss=losses[-1], accuracy=0.5, seconds=1, losses=losses, pruned=True)
        self.lengths.append(len(curve))
        return TrialFacts(loss=min(curve), accuracy=0.5, seconds=1, losses=tuple(curve))


def test_training_that_might_still_become_the_best_goes_on(tmp_path: Path) -> None:
    usual, slow, worse = [0.5, 0.4, 0.4, 0.4], [0.9, 0.7, 0.5, 0.3], [0.9, 0.8, 0.7, 0.6]
    attempt = Curves(usual, slow, worse)
    facts = tune(tmp_path, attempt, budget=Budget(trials=3, seconds=None))
    assert attempt.lengths == [4, 4, 2]
    assert facts.chosen is not None
    assert facts.chosen.loss == 0.3


@pytest.mark.parametrize(("num_evaluations", "first"), [(4, 2), (10, 3), (20, 5), (1, 2)])
def test_first_decision_comes_after_a_quarter_of_the_evaluations(
    num_evaluations: int, first: int, tmp_path: Path
) -> None:
    attempt = Curves([0.4] * 20, [0.9] * 20)
    tune(tmp_path, attempt, budget=Budget(trials=2, seconds=None), num_evaluations=num_evaluations)
    assert attempt.lengths == [20, first]


def test_metric_that_decides_is_optimised_in_place_of_the_loss(tmp_path: Path) -> None:
    found = [TrialFacts(loss=0.1 * it, accuracy=0.5, score=it / 9, seconds=1) for it in (5, 7, 6)]
    facts = tune(tmp_path, lambda number, *_: found[number], budget=Budget(trials=3, seconds=None))
    assert (facts.usual, facts.chosen) == (
        Scored(loss=0.5, accuracy=0.5, score=5 / 9),
        Scored(loss=0.7000000000000001, accuracy=0.5, score=7 / 9),
    )


def test_integers_stay_integers_and_numbers_have_three_digits(tmp_path: Path) -> None:
    trainer = Trainer()
    tune(tmp_path, trainer)
    widths = {definition["width"] for definition in trainer.definitions if "width" in definition}
    dropouts = [definition["dropout"] for definition in trainer.definitions if "dropout" in definition]
    assert widths
    assert all(type(width) is int for width in widths)
    assert dropouts
    assert dropouts == [float(f"{dropout:.3g}") for dropout in dropouts]


def test_same_seed_proposes_the_same_settings(tmp_path: Path) -> None:
    first, second = Trainer(), Trainer()
    assert tune(tmp_path / "first", first) == tune(tmp_path / "second", second)
    assert first.definitions == second.definitions
    assert len({str(definition) for definition in first.definitions}) > 5


@pytest.mark.parametrize("stop_at", [0, 1, 5, 9])
def test_stopped_study_goes_on_as_if_it_had_not_been(stop_at: int, tmp_path: Path) -> None:
    whole, stopped, resumed = Trainer(), Trainer(stop_at=stop_at), Trainer()
    expected = tune(tmp_path / "whole", whole)
    with pytest.raises(KeyboardInterrupt):
        tune(tmp_path / "stopped", stopped)
    assert tune(tmp_path / "stopped", resumed) == expected
    assert stopped.definitions[:-1] + resumed.definitions == whole.definitions


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("optuna.trial.Trial._suggest", 1),
        ("optuna.trial.Trial._suggest", 8),
        ("optuna.trial.Trial.set_user_attr", 1),
        ("optuna.trial.Trial.set_user_attr", 6),
        ("optuna.study.Study.tell", 1),
        ("optuna.study.Study.tell", 4),
    ],
)
def test_study_that_was_killed_between_two_entries_goes_on(
    function: str, call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = tune(tmp_path / "whole", Trainer())
    owner, name = function.rpartition(".")[::2]
    kind: Any = pydoc.locate(owner)
    original, calls = getattr(kind, name), iter(range(1, 1_000))

    def stop(self: Any, *arguments: Any, **options: Any) -> Any:
        if next(calls) == call:
            raise KeyboardInterrupt
        return original(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(kind, name, stop)
        with pytest.raises(KeyboardInterrupt):
            tune(tmp_path / "killed", Trainer())
    assert tune(tmp_path / "killed", Trainer()) == expected


def test_training_that_ends_with_its_run_is_repeated_and_not_counted(tmp_path: Path) -> None:
    """As when Ctrl-C kills the children of all threads."""
    place = Place(is_closed=True)
    token = PLACE.set(place)
    try:
        with pytest.raises(TrainingError, match="not finite"):
            tune(tmp_path, Trainer(fail=True))
    finally:
        PLACE.reset(token)
    resumed = Trainer()
    assert tune(tmp_path, resumed).failed == 0
    assert len(resumed.definitions) == 9


def test_finished_study_trains_nothing_and_a_larger_budget_only_the_rest(tmp_path: Path) -> None:
    first = tune(tmp_path, Trainer())
    again = Trainer()
    assert tune(tmp_path, again) == first
    assert again.definitions == []
    assert tune(tmp_path, again, budget=Budget(trials=12, seconds=None)).completed >= first.completed
    assert len(again.definitions) == 2


def test_other_data_or_another_space_begin_another_study(tmp_path: Path) -> None:
    tune(tmp_path, Trainer(), reviews="a")
    other = Trainer()
    tune(tmp_path, other, reviews="b")
    assert len(other.definitions) == 10
    narrow = Subject("lstm", False, {"units": (16, 32)}, {"units": 32}, {"base": "lstm"})
    tune(tmp_path, other, subject=narrow, reviews="b")
    assert len(other.definitions) == 20


@pytest.mark.parametrize(("seconds", "trials", "num_trials"), [(4, None, 4), (4, 3, 3), (4, 9, 4), (1, None, 1)])
def test_budget_in_seconds_ends_a_study_too(seconds: int, trials: int | None, num_trials: int, tmp_path: Path) -> None:
    trainer = Trainer()
    tune(tmp_path, trainer, budget=Budget(trials=trials, seconds=seconds))
    assert len(trainer.definitions) == num_trials


def test_failed_trials_are_counted_and_the_usual_settings_stay(tmp_path: Path) -> None:
    facts = tune(tmp_path, Trainer(fail=True))
    assert (facts.completed, facts.failed) == (1, 9)
    assert facts.definition is None
    assert facts.usual == facts.chosen
    assert facts.failure == "the loss is not finite"


def test_usual_settings_win_a_tie(tmp_path: Path) -> None:
    facts = tune(tmp_path, lambda _number, _definition, _watch: TrialFacts(loss=0.5, accuracy=0.8, seconds=1))
    assert facts.definition is None
    assert facts.importance == {}


def test_importance_is_highest_for_what_decides_the_loss(tmp_path: Path) -> None:
    facts = tune(
        tmp_path,
        lambda _number, definition, _watch: TrialFacts(loss=definition.get("width", 5), accuracy=0.8, seconds=1),
        budget=Budget(trials=20, seconds=None),
    )
    assert facts.importance.keys() == SUBJECT.space.keys()
    assert max(facts.importance, key=facts.importance.__getitem__) == "width"
    assert sum(facts.importance.values()) == pytest.approx(1, abs=0.01)


def test_database_keeps_studies_as_well(tmp_path: Path) -> None:
    def tune_there(attempt: Attempt) -> StudyFacts:
        storage = open_storage(f"sqlite:///{tmp_path}/studies.db")
        return run_study(SUBJECT, TEN, storage=storage, identity={}, seed=1, num_evaluations=4, attempt=attempt)

    again = Trainer()
    assert tune_there(Trainer()) == tune_there(again) == tune(tmp_path, Trainer())
    assert again.definitions == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("sqlite:////nowhere/at/all/studies.db", "cannot be used: .*; expected the URL of a database that exists"),
        ("postgresql://me:secret@127.0.0.1/studies", "the URL holds a password"),
        ("oracl://host/studies", "cannot be used"),
        ("sqlite:///$NO_SUCH_VARIABLE", "the environment variable NO_SUCH_VARIABLE is not set"),
    ],
)
def test_storage_that_cannot_be_used_is_refused_in_one_line(url: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        open_storage(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tune.storage.PACKAGES", ("no_such_package",))
    with pytest.raises(UserError, match=r"needs the package no_such_package; .*pip install -e \"\.\[tune\]\""):
        open_storage("studies.journal")

"""In limited time, the best models come first, and what does not fit is left out and told."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from tasks.compare import run
from tasks.compare.results import BASELINE, Entrant, FailedModel
from tasks.compare.run import Candidate
from tasks.contest.time_limit import TimeLimit
from tasks.errors import TrainingError, UserError
from tasks.process.time_budget import BUDGET, TimeBudget, work_in_time

LOGGER: Any = logging.getLogger("contest")


class Hall:
    """Where candidates train and are evaluated: each takes its seconds, without any time going by outside."""

    def __init__(self, seconds: float) -> None:
        self.now = 0.0
        self.trained: list[str] = []
        self.limit = TimeLimit(seconds / 60, TimeBudget.of(seconds, lambda: self.now))

    def enter(self, name: str, seconds: float, *, merit: float = 0, seed: int = 1, group: str = "seed") -> Candidate:
        title = f"{name}-{seed}"

        def train() -> Any:
            with work_in_time(title) as admit:
                if admit:
                    admit(seconds, 1)
                self.now += seconds
                self.trained.append(title)
            return title

        def evaluate(_model: Any) -> Any:
            self.now += 1
            self.limit.budget.settle(title)
            raise TrainingError(f"{title}: not evaluated")

        entrant = Entrant(variant=name, group=group, encoding="e", seed=seed)
        return Candidate(entrant, train, evaluate, merit=merit)

    def attempt(self, *candidates: Candidate, jobs: int = 1) -> list[str]:
        results = self.limit.attempt(candidates, jobs=jobs, logger=LOGGER)
        assert all(isinstance(it, FailedModel) for it in results)
        return [f"{it.variant}-{it.seed}" for it in results]


def test_baselines_come_first_then_the_best_variants_with_one_seed_after_the_other() -> None:
    hall = Hall(1_000)
    seeds = [hall.enter(name, 1, merit=merit, seed=seed) for name, merit in (("a", 1), ("b", 2)) for seed in (1, 2)]
    baselines = [hall.enter(name, 1, merit=merit, group=BASELINE) for name, merit in (("x", 0), ("y", 0.5))]
    assert hall.attempt(*baselines, *seeds) == ["x-1", "y-1", "a-1", "a-2", "b-1", "b-2"]
    assert hall.trained == ["y-1", "x-1", "b-1", "a-1", "b-2", "a-2"]
    assert hall.limit.describe().left_out == ()


def test_model_that_does_not_fit_is_left_out_for_the_next_best(caplog: pytest.LogCaptureFixture) -> None:
    hall = Hall(20)
    candidates = [hall.enter("a", 5, merit=3), hall.enter("b", 13.1, merit=2), hall.enter("c", 12, merit=1)]
    with caplog.at_level(logging.INFO, logger="contest"):
        assert hall.attempt(*candidates) == ["a-1", "c-1"]
    (left_out,) = hall.limit.describe().left_out
    assert left_out.model_dump() == {"name": "b", "seed": 1, "needed_seconds": 14.1, "left_seconds": 14.0}
    assert caplog.messages == ["b with seed 1 left out: it may take 14 s more, and 14 are left"]


def test_best_model_is_trained_however_long_it_takes_and_nothing_after_it() -> None:
    hall = Hall(1)
    assert hall.attempt(hall.enter("a", 50, merit=2), hall.enter("b", 1, merit=3), hall.enter("c", 1)) == ["b-1"]
    assert [(it.name, it.needed_seconds, it.left_seconds) for it in hall.limit.left_out] == [
        ("a", None, 0),
        ("c", None, 0),
    ]
    assert hall.attempt(hall.enter("student", 1)) == []


def test_models_side_by_side_keep_time_free_for_all_evaluations(monkeypatch: pytest.MonkeyPatch) -> None:
    hall = Hall(20)

    def work(works: Any, *, jobs: int) -> Any:
        assert jobs == 2
        futures = [run.Future[Any]() for _ in works]
        for future, it in zip(futures, works, strict=True):
            try:
                future.set_result(it())
            except Exception as error:  # noqa: BLE001
                future.set_exception(error)
        return futures

    monkeypatch.setattr(run, "work_side_by_side", work)
    names = ["a", "b", "c"]
    candidates = [hall.enter(name, 6, merit=-index) for index, name in enumerate(names)]
    assert hall.attempt(*candidates, jobs=2) == ["a-1", "b-1"]
    assert [(it.name, it.needed_seconds, it.left_seconds) for it in hall.limit.left_out] == [("c", 7, 6)]
    assert hall.trained == ["a-1", "b-1"]


@pytest.mark.parametrize(("took", "predicted", "least"), [(9.0, 1.0, 9.0), (0.0, 4.0, 8.0)])
def test_time_of_an_evaluation_is_known_from_earlier_ones(took: float, predicted: float, least: float) -> None:
    hall = Hall(20)
    model: Any = SimpleNamespace(fingerprint="a")
    evaluation: Any = SimpleNamespace(facts=SimpleNamespace(predict_seconds=predicted))

    def evaluate() -> Any:
        hall.now += took
        return evaluation

    hall.limit.budget.admit("a", seconds=1, owes=5)
    assert hall.limit.evaluate(model, evaluate) is evaluation
    assert (hall.limit.budget.owed, hall.limit.budget.least_owed) == ({}, least)


def test_evaluation_that_fails_is_settled_too() -> None:
    hall = Hall(20)
    model: Any = SimpleNamespace(fingerprint="a")

    def fail() -> Any:
        raise TrainingError("not evaluated")

    hall.limit.budget.admit("a", seconds=1, owes=5)
    with pytest.raises(TrainingError):
        hall.limit.evaluate(model, fail)
    assert (hall.limit.budget.owed, hall.limit.budget.least_owed) == ({}, 0)


def test_budget_ends_with_the_contest() -> None:
    hall = Hall(10)
    hall.attempt(hall.enter("a", 1))
    assert BUDGET.get() is None


def test_error_about_the_data_ends_the_contest() -> None:
    hall = Hall(10)

    def refuse() -> Any:
        raise UserError("no such label; expected others")

    with pytest.raises(UserError, match="no such label"):
        hall.attempt(hall.enter("a", 1)._replace(train=refuse))


def test_run_without_a_limit_has_none() -> None:
    assert TimeLimit.of(None) is None
    found = TimeLimit.of(0.5)
    assert found is not None
    assert 29 < found.budget.measure_left() <= 30

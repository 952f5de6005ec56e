"""Work that might take longer than there is time for is left out, and what has to follow counts, too."""

import math

import pytest

from tasks.process.time_budget import BUDGET, LeftOutError, TimeBudget, limited_by, work_in_time
from tests.process.conftest import Clock


@pytest.fixture
def budget(clock: Clock) -> TimeBudget:
    return TimeBudget.of(60, clock)


def test_work_goes_on_if_it_and_what_it_owes_will_be_done_in_time(budget: TimeBudget) -> None:
    budget.admit("a", seconds=40, owes=20)


def test_work_that_might_be_late_is_left_out_and_says_what_it_would_take(budget: TimeBudget) -> None:
    with pytest.raises(LeftOutError, match="left out: it may take 61 s more, and 60 are left") as caught:
        budget.admit("a", seconds=40, owes=21)
    assert (caught.value.needed, caught.value.left) == (61, 60)
    budget.admit("b", seconds=60, owes=0)


def test_time_that_has_passed_is_no_longer_left(budget: TimeBudget, clock: Clock) -> None:
    clock.now += 50
    budget.begin()
    with pytest.raises(LeftOutError, match="it may take 11 s more, and 10 are left"):
        budget.admit("a", seconds=11, owes=0)
    clock.now += 11
    with pytest.raises(LeftOutError, match="left out: the time is up") as caught:
        budget.begin()
    assert caught.value.needed is None


def test_what_other_work_owes_is_kept_free_until_it_is_done(budget: TimeBudget) -> None:
    budget.admit("a", seconds=10, owes=30)
    budget.end("a")
    with pytest.raises(LeftOutError, match="it may take 31 s more, and 30 are left"):
        budget.admit("b", seconds=31, owes=0)
    budget.settle("a")
    budget.admit("b", seconds=31, owes=0)


def test_what_is_owed_follows_when_all_other_work_is_done(budget: TimeBudget) -> None:
    """Two trainings side by side, and then one evaluation after the other."""
    budget.admit("a", seconds=50, owes=5)
    with pytest.raises(LeftOutError, match="it may take 56 s more, and 55 are left"):
        budget.admit("b", seconds=10, owes=6)
    budget.end("a")
    budget.admit("b", seconds=10, owes=6)


def test_work_owes_at_least_what_earlier_work_did(budget: TimeBudget) -> None:
    budget.settle("a", seconds=20)
    budget.settle("b", seconds=10)
    with pytest.raises(LeftOutError, match="it may take 61 s more, and 60 are left"):
        budget.admit("c", seconds=41, owes=5)
    budget.admit("c", seconds=40, owes=5)


def test_work_without_a_budget_is_not_asked() -> None:
    with work_in_time("a") as admit:
        assert admit is None


def test_work_of_a_block_has_its_budget(budget: TimeBudget) -> None:
    with limited_by(budget), work_in_time("a") as admit:
        assert admit is not None
        admit(10, 5)
        assert (list(budget.ends), budget.owed) == (["a"], {"a": 5})
        with limited_by(None):
            assert BUDGET.get() is None
    assert (budget.ends, budget.owed) == ({}, {"a": 5})
    assert BUDGET.get() is None


def test_work_that_fails_owes_nothing(budget: TimeBudget) -> None:
    def fail() -> None:
        with work_in_time("a") as admit:
            assert admit is not None
            admit(10, 5)
            raise ValueError("the disk is full")

    with limited_by(budget), pytest.raises(ValueError, match="full"):
        fail()
    assert (budget.ends, budget.owed) == ({}, {})


def test_work_does_not_begin_when_the_time_is_up(budget: TimeBudget, clock: Clock) -> None:
    clock.now = math.inf
    with pytest.raises(LeftOutError), limited_by(budget), work_in_time("a"):
        pytest.fail("it began")

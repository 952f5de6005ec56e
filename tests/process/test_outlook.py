"""How long works still take: by others of their kind, by earlier runs, by their efforts, and side by side."""

from typing import Any

import pytest

from tasks.process.outlook import HEAR_ROUND, Outlook, Usual, Work, describe_seconds, schedule, tell_round
from tests.process.conftest import Clock


def make_outlook(clock: Clock, *works: Work, jobs: int = 1) -> Outlook:
    return Outlook(works, jobs=jobs, clock=clock)


def do(outlook: Outlook, clock: Clock, index: int, seconds: float, *, rounds: int = 1) -> None:
    """Let a work begin, and end after some time."""
    outlook.begin(index)
    clock.now += seconds
    outlook.end(index, seconds=seconds, rounds=rounds)


def test_nothing_is_said_before_something_is_measured(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100, effort=3), Work("flatten", 100, effort=1))
    assert outlook.estimate() is None
    outlook.begin(0)
    assert outlook.estimate() is None


def test_other_works_of_a_kind_take_as_long_in_proportion_to_their_amounts(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100), Work("lstm", 50), Work("lstm", 200))
    do(outlook, clock, 0, 40)
    assert outlook.estimate() == 20 + 80


def test_kinds_that_were_not_measured_are_compared_by_their_efforts(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100, effort=4), Work("flatten", 100, effort=1))
    do(outlook, clock, 0, 40)
    assert outlook.estimate() == 10


def test_kind_without_an_effort_takes_what_others_take_on_average(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100, effort=4), Work("flatten", 100, effort=1), Work("nb-svm", 100))
    do(outlook, clock, 0, 40)
    do(outlook, clock, 1, 20)
    assert outlook.estimate() == 30


def test_earlier_run_tells_what_is_usual_until_this_one_has_measured_it(clock: Clock) -> None:
    usual = Usual(seconds=0.5, rounds=4)
    outlook = make_outlook(clock, Work("lstm", 100, usual=usual), Work("lstm", 100, usual=usual))
    assert outlook.estimate() == 100
    do(outlook, clock, 0, 20, rounds=4)
    assert outlook.estimate() == 20


def test_rounds_after_the_first_tell_how_long_a_running_work_takes(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100), Work("lstm", 100))
    outlook.begin(0)
    clock.now += 32
    outlook.hear(0, rounds=1, limit=5, seconds=30)
    assert outlook.estimate() is None
    clock.now += 10
    outlook.hear(0, rounds=2, limit=5, seconds=10)
    assert outlook.estimate() == 30 + 72
    clock.now += 4
    assert outlook.estimate() == 26 + 72


def test_rounds_end_as_early_as_those_of_others(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100), Work("bilstm", 100))
    outlook.begin(0)
    clock.now += 30
    outlook.hear(0, rounds=3, limit=10, seconds=10)
    outlook.end(0, seconds=30, rounds=3)
    outlook.begin(1)
    clock.now += 40
    outlook.hear(1, rounds=1, limit=10, seconds=20)
    outlook.hear(1, rounds=2, limit=10, seconds=20)
    assert outlook.estimate() == 20
    clock.now += 40
    outlook.hear(1, rounds=4, limit=10, seconds=20)
    assert outlook.estimate() == 20
    outlook.hear(1, rounds=10, limit=10, seconds=20)
    assert outlook.estimate() == 0


def test_work_that_was_looked_up_says_how_long_others_of_its_kind_take(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100), Work("lstm", 100))
    outlook.begin(0)
    outlook.end(0, seconds=30, rounds=4)
    assert outlook.estimate() == 30


def test_failed_work_is_over_and_tells_nothing(clock: Clock) -> None:
    outlook = make_outlook(clock, Work("lstm", 100), Work("lstm", 100))
    outlook.begin(0)
    clock.now += 5
    outlook.end(0)
    assert (outlook.num_ended, outlook.estimate()) == (1, None)
    do(outlook, clock, 1, 10)
    assert (outlook.num_ended, outlook.estimate()) == (2, 0)


@pytest.mark.parametrize(
    ("running", "waiting", "jobs", "seconds"),
    [([3, 1], [4, 2], 2, 5), ([3, 1], [2, 4], 2, 5), ([], [1, 1, 1], 2, 2), ([7], [1, 2], 2, 7), ([], [], 3, 0)],
)
def test_waiting_works_begin_when_a_job_is_free(running: Any, waiting: Any, jobs: int, seconds: float) -> None:
    assert schedule(running, waiting, jobs=jobs) == seconds


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.2, "0 s"),
        (42, "42 s"),
        (59.6, "60 s"),
        (60, "1 min"),
        (130, "2 min"),
        (3_599, "1 h 0 min"),
        (4_000, "1 h 7 min"),
    ],
)
def test_times_are_rounded_for_people(seconds: float, shown: str) -> None:
    assert describe_seconds(seconds) == shown


def test_rounds_are_told_to_whoever_watches_the_thread() -> None:
    told: list[Any] = []
    tell_round(1, 5, 2.0)
    token = HEAR_ROUND.set(lambda *round_: told.append(round_))
    tell_round(2, 5, 3.0)
    HEAR_ROUND.reset(token)
    tell_round(3, 5, 3.0)
    assert told == [(2, 5, 3.0)]

"""The report says which models did not fit into the minutes of a run."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.compare.leaderboard_facts import LeftOut, TimeBudgetFacts
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown
from tasks.report.run.time_budget import describe_left_out

LONG = LeftOut(name="lstm", seed=1, needed_seconds=1_240.2, left_seconds=61.6)
LATE = LeftOut(name="gru", seed=2, needed_seconds=None, left_seconds=0)
SENTENCE = (
    "Left out, because they might not have been ready within --minutes 2.5: lstm (up to 1,240 s more, 62 s left), gru "
    "(the time was up). The same command with more minutes reuses the other models."
)


@pytest.fixture
def metrics(build: Callable[..., RunMetrics], add_result: Callable[..., Any]) -> RunMetrics:
    return build(add_result("flatten", 70))


def limit(metrics: RunMetrics, *left_out: LeftOut, seeds: int = 1) -> RunMetrics:
    found = TimeBudgetFacts(minutes=2.5, left_out=left_out)
    run = metrics.run.model_copy(update={"time_budget": found, "seeds": seeds})
    return metrics.model_copy(update={"run": run})


def test_all_reports_name_the_models_that_were_left_out_and_why(metrics: RunMetrics) -> None:
    limited = limit(metrics, LONG, LATE)
    assert describe_left_out(limited.run) == [SENTENCE]
    assert SENTENCE in render_markdown(limited)
    assert SENTENCE in render_page(limited)
    assert limited.select_leaderboard().run.time_budget == limited.run.time_budget


def test_seeds_are_named_if_there_are_several(metrics: RunMetrics) -> None:
    (sentence,) = describe_left_out(limit(metrics, LATE, seeds=2).run)
    assert "gru with seed 2 (the time was up)" in sentence


def test_nothing_left_out_is_told_too(metrics: RunMetrics) -> None:
    assert describe_left_out(limit(metrics).run) == ["All chosen models were ready within --minutes 2.5."]


def test_run_without_a_limit_says_nothing(metrics: RunMetrics) -> None:
    assert describe_left_out(metrics.run) == []
    assert "time_budget" not in metrics.run.model_dump()

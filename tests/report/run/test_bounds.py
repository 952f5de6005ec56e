"""The report says what a baseline left out because of --memory, and nothing where everything fitted."""

from collections.abc import Callable
from typing import Any

from tasks.baseline.facts import BoundFacts
from tasks.report.run.bounds import describe_bounds, list_bounds
from tasks.report.run.facts import RunMetrics
from tasks.report.run.folder import flatten_row
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown

BOUNDS = BoundFacts(memory=1_500_000_000, num_ngrams=2_000_000, num_left_out=3_000_000, most_missed=0)
SENTENCE = (
    "nb-svm was fitted in 1.5 GB (--memory), with counts on disk. It knows the 2,000,000 n-grams that are in the most "
    "training texts; at least 3,000,000 others were left out."
)


def test_report_and_leaderboard_say_what_was_left_out(
    build: Callable[..., RunMetrics], add_result: Callable[..., Any]
) -> None:
    metrics = build(add_result("lstm", 70), add_result("nb-svm", 80, group="baseline", bounds=BOUNDS))
    assert list_bounds(metrics) == [SENTENCE]
    assert SENTENCE in render_markdown(metrics)
    assert SENTENCE in render_page(metrics)
    row = next(row for row in metrics.select_leaderboard().variants if row.name == "nb-svm")
    assert row.bounds == BOUNDS
    assert "bounds" not in flatten_row(row, "imdb_reviews")


def test_nothing_is_said_where_everything_fitted(
    build: Callable[..., RunMetrics], add_result: Callable[..., Any]
) -> None:
    metrics = build(add_result("nb-svm", 80, group="baseline"))
    assert list_bounds(metrics) == []
    assert "bounds" not in metrics.variants[0].model_dump()


def test_counts_that_may_be_too_low_and_vocabularies_that_are_whole_are_told() -> None:
    whole = BOUNDS.model_copy(update={"num_left_out": 0, "most_missed": 7})
    assert describe_bounds("nb-svm", whole).endswith(
        "It knows all 2,000,000 n-grams that are in enough training texts. An n-gram may be in up to 7 more texts than "
        "were counted."
    )

"""The leaderboard as the page shows it: cells with what they say and what they are sorted by, intervals drawn."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tasks.compare.leaderboard_facts import LeaderboardRow, Spread
from tasks.compare.results import BASELINE, ENSEMBLE, TARGET_ACCURACY
from tasks.evaluate.metric_table import list_metrics
from tasks.report.run.columns import show
from tasks.report.run.facts import RunMetrics
from tasks.report.run.verdict import show_interval

WIDTH: Final = 116
MARGIN: Final = 5
# Models further behind are drawn at the edge, so that the intervals of the others can be seen.
MOST_BEHIND: Final = 0.15


class Column(NamedTuple):
    """A column's head; `help` is shown when the pointer rests on it."""

    name: str
    help: str
    number: bool = True
    sorted: str = ""


class Cell(NamedTuple):
    """What a cell says, what it is sorted by (empty: at the end), and an interval to draw."""

    text: str
    sort: float | str = ""
    kind: str = "number"
    interval: Mapping[str, Any] | None = None
    help: str = ""


MODEL: Final = Column("model", "What was trained", number=False)
SHORT: Final = (
    MODEL,
    Column("accuracy", "Share of test reviews that are right; ± standard deviation over seeds", sorted="descending"),
    Column("95% interval", "Bootstrap over test reviews and seeds", number=False),
    Column("vs baseline", "Points of accuracy against the best baseline; red: does not beat it"),
    Column("tie group", "Models of one group cannot be told from the best of it"),
)
BEFORE_METRICS: Final = (
    MODEL,
    Column("test", "Accuracy on the test split", sorted="descending"),
    Column("validation", "Accuracy on the validation split, by which the choice is made"),
    Column("unseen", "Accuracy on the test reviews that neither training nor validation has"),
)
AFTER_METRICS: Final = (
    Column(f"share at {TARGET_ACCURACY:.0%}", f"Share of reviews it can answer with {TARGET_ACCURACY:.0%} right"),
    Column("epochs", "Passes over the training split, until early stopping"),
    Column("seeds", "How many trainings the numbers are a mean of"),
    Column("reads", "How text is encoded for it", number=False),
)


def build_leaderboard_table(metrics: RunMetrics) -> dict[str, Any]:
    """Build the leaderboard of the first screen, best first."""
    scale = choose_scale(metrics)
    accuracies = {row.name: row.accuracy.mean for row in metrics.variants if row.accuracy}
    baselines = [row.name for row in metrics.variants if row.group == BASELINE and row.accuracy]
    best = accuracies[baselines[0]] if baselines else None
    rows = [
        {
            **describe_row(row, metrics),
            "cells": [
                show_accuracy(row.accuracy),
                draw_interval(row.accuracy, scale),
                compare_with_baseline(row, best),
                number(row.tie_group, "{}"),
            ],
        }
        for row in metrics.variants
    ]
    return {"columns": SHORT, "rows": rows}


def build_numbers_table(metrics: RunMetrics) -> dict[str, Any]:
    """Build the table of every metric."""
    rows = [{**describe_row(row, metrics), "cells": build_number_cells(row, metrics)} for row in metrics.variants]
    columns = (*BEFORE_METRICS, *(Column(it.title, it.help) for it in list_metrics("page")), *AFTER_METRICS)
    return {"columns": columns, "rows": rows}


def describe_row(row: LeaderboardRow, metrics: RunMetrics) -> dict[str, Any]:
    """Say what a row is of."""
    return {
        "name": row.name,
        "group": row.group,
        "kind": {BASELINE: "baseline", ENSEMBLE: "average of all"}.get(row.group),
        "failed": row.status == "failed",
        "recommended": row.name == (metrics.recommendation.name if metrics.recommendation else None),
    }


def build_number_cells(row: LeaderboardRow, metrics: RunMetrics) -> list[Cell]:
    """Build the cells of every metric, in the order of the columns."""
    selective = metrics.selective.get(row.name)
    return [
        number(row.accuracy.mean if row.accuracy else None, "{:.1%}"),
        number(row.validation_accuracy, "{:.1%}"),
        number(metrics.data.without_duplicates.accuracy.get(row.name), "{:.1%}"),
        *(number(row.metric(it.name), it.template) for it in list_metrics("page")),
        number(selective.coverage_at_target if selective else None, "{:.0%}"),
        number(row.epochs, "{:.3g}"),
        number(row.seeds, "{}"),
        Cell(row.encoding or "-", row.encoding, kind="text"),
    ]


def choose_scale(metrics: RunMetrics) -> tuple[float, float]:
    """Choose the ends of the drawn intervals' axis: from the best downwards, as far as MOST_BEHIND."""
    found = [row.accuracy for row in metrics.variants if row.accuracy]
    if not found:
        return 0.0, 1.0
    best = max(accuracy.mean for accuracy in found)
    near = [accuracy for accuracy in found if accuracy.mean > best - MOST_BEHIND]
    low, high = min(accuracy.low for accuracy in near), max(accuracy.high for accuracy in near)
    return low, max(high, low + 0.01)


def number(value: float | None, template: str) -> Cell:
    """Show a number that may be missing."""
    return Cell(show(value, template), "" if value is None else value)


def show_accuracy(accuracy: Spread | None) -> Cell:
    """Show a mean with its standard deviation over seeds."""
    if accuracy is None:
        return Cell("-")
    spread = "" if accuracy.sd is None else f" ± {100 * accuracy.sd:.1f}"
    return Cell(f"{100 * accuracy.mean:.1f}{spread}%", accuracy.mean)


def compare_with_baseline(row: LeaderboardRow, best: float | None) -> Cell:
    """Show how far a model is from the best baseline, flagged where it does not beat it."""
    if best is None or row.accuracy is None or row.group in (BASELINE, ENSEMBLE):
        return Cell("-")
    points = 100 * (row.accuracy.mean - best)
    if row.beats_baseline:
        return Cell(f"{points:+.1f}", points, help="beats the best baseline")
    return Cell(f"{points:+.1f} ▼", points, kind="number below", help="does not beat the best baseline")


def draw_interval(accuracy: Spread | None, scale: tuple[float, float]) -> Cell:
    """Show an interval in words and as a line; what lies outside the scale is an arrow at its edge."""
    if accuracy is None:
        return Cell("-", kind="text")
    low, high = scale
    places: dict[str, Any] = {
        key: round(MARGIN + (WIDTH - 2 * MARGIN) * min(1.0, max(0.0, (value - low) / (high - low))), 1)
        for key, value in (("low", accuracy.low), ("mean", accuracy.mean), ("high", accuracy.high))
    }
    outside = accuracy.mean < low
    return Cell(show_interval(accuracy), accuracy.low, kind="text", interval={**places, "outside": outside})

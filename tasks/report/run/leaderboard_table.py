"""The leaderboard as the page shows it: cells with their text and their sort key, and intervals as drawings."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from tasks.compare.leaderboard_facts import LeaderboardRow, Spread
from tasks.compare.results import BASELINE, ENSEMBLE, STACKED, TARGET_ACCURACY
from tasks.evaluate.metric_table import Metric, list_metrics
from tasks.objective.facts import Objective
from tasks.report.run.columns import show
from tasks.report.run.deciding import show_interval
from tasks.report.run.facts import RunMetrics

WIDTH: Final = 96
MARGIN: Final = 5
# Models further behind are drawn at the edge, so that the intervals of the others can be seen.
MOST_BEHIND: Final = 0.15
SMALLEST_SCALE: Final = 0.01


class Column(NamedTuple):
    """The heading of a column; `help` is shown when the pointer rests on it."""

    name: str
    help: str
    number: bool = True
    sorted: str = ""


class Cell(NamedTuple):
    """The text of a cell, its sort key (rows with an empty one stay at the end), and an interval to draw."""

    text: str
    sort: float | str = ""
    kind: str = "number"
    interval: Mapping[str, Any] | None = None
    help: str = ""


MODEL: Final = Column("model", "What was trained", number=False)
SHORT: Final = (
    MODEL,
    Column(
        "accuracy", "Share of test reviews that are right; ± is the standard deviation over seeds", sorted="descending"
    ),
    Column("95% interval", "Bootstrap over test reviews and seeds", number=False),
    Column(
        "vs baseline",
        "Accuracy minus that of the best baseline, in points; red: does not beat it; grey: a lead within chance",
    ),
    Column("tie group", "Models in a group do not differ significantly from the best of the group"),
)
BEFORE_METRICS: Final = (
    MODEL,
    Column("test", "Accuracy on the test split", sorted="descending"),
    Column("validation", "Accuracy on the validation split, on which the model to ship is chosen"),
    Column("unseen", "Accuracy on the test reviews whose text is in neither training nor validation"),
)
AFTER_METRICS: Final = (
    Column(f"share at {TARGET_ACCURACY:.0%}", f"Share of reviews it can answer with {TARGET_ACCURACY:.0%} accuracy"),
    Column("epochs", "Passes over the training split, until early stopping"),
    Column("seeds", "Number of trainings over which the numbers are averaged"),
    Column("reads", "The encoding of the text that it reads", number=False),
)


def build_leaderboard_table(metrics: RunMetrics) -> dict[str, Any]:
    """Build the leaderboard of the first screen, best first; interval and lead are those of the metric that decides."""
    scale, objective = choose_scale(metrics), metrics.run.objective
    found = {row.name: deciding.mean for row in metrics.variants if (deciding := row.score or row.accuracy)}
    baselines = [row.name for row in metrics.variants if row.group == BASELINE and row.accuracy]
    best = found[baselines[0]] if baselines else None
    rows = [
        {
            **describe_row(row, metrics),
            "cells": [
                *show_deciding(row, scale, objective),
                compare_with_baseline(row, best, objective),
                number(row.tie_group, "{}"),
            ],
        }
        for row in metrics.variants
    ]
    return {"columns": choose_columns(objective), "rows": rows}


def show_deciding(row: LeaderboardRow, scale: tuple[float, float], objective: Objective | None) -> list[Cell]:
    """Show the metric that decides with its interval, and accuracy behind them if it is another."""
    accuracy = show_accuracy(row.accuracy)
    if objective is None:
        return [accuracy, draw_interval(row.accuracy, scale)]
    score = number(row.score.mean if row.score else None, "{:.3f}")
    return [score, draw_interval(row.score, scale, objective), accuracy]


def choose_columns(objective: Objective | None) -> tuple[Column, ...]:
    """Choose the columns of the first screen; the metric that decides comes first, accuracy behind it."""
    if objective is None:
        return SHORT
    model, accuracy, interval, lead, ties = SHORT
    order = "ascending" if objective.sign < 0 else "descending"
    help_text = f"The metric that decides: {'lower' if objective.sign < 0 else 'higher'} is better"
    return (
        model,
        Column(objective.title, help_text, sorted=order),
        interval,
        accuracy._replace(sorted=""),
        lead._replace(help=f"The same of {objective.title}, such that more is better"),
        ties,
    )


def build_numbers_table(metrics: RunMetrics) -> dict[str, Any]:
    """Build the table of every metric."""
    shown = list_metrics("page", metrics.variants)
    rows = [
        {**describe_row(row, metrics), "cells": build_number_cells(row, metrics, shown)} for row in metrics.variants
    ]
    columns = (*BEFORE_METRICS, *(Column(it.title, it.help) for it in shown), *AFTER_METRICS)
    return {"columns": columns, "rows": rows}


def describe_row(row: LeaderboardRow, metrics: RunMetrics) -> dict[str, Any]:
    """Describe the model of a row."""
    return {
        "name": row.name,
        "group": row.group,
        "kind": {BASELINE: "baseline", ENSEMBLE: "average", STACKED: "ensemble"}.get(row.group),
        "failed": row.status == "failed",
        "recommended": row.name == (metrics.recommendation.name if metrics.recommendation else None),
    }


def build_number_cells(row: LeaderboardRow, metrics: RunMetrics, shown: Sequence[Metric]) -> list[Cell]:
    """Build the cells of the metrics that are shown, in the order of the columns."""
    selective = metrics.selective.get(row.name)
    return [
        number(row.accuracy.mean if row.accuracy else None, "{:.1%}"),
        number(row.validation_accuracy, "{:.1%}"),
        number(metrics.data.without_duplicates.accuracy.get(row.name), "{:.1%}"),
        *(number(row.metric(it.name), it.template) for it in shown),
        number(selective.coverage_at_target if selective else None, "{:.0%}"),
        number(row.epochs, "{:.3g}"),
        number(row.seeds, "{}"),
        Cell(row.encoding or "-", row.encoding, kind="text"),
    ]


def choose_scale(metrics: RunMetrics) -> tuple[float, float]:
    """Choose the ends of the axis of the drawn intervals, without models more than MOST_BEHIND behind the best."""
    found = [deciding for row in metrics.variants if (deciding := row.score or row.accuracy)]
    if not found:
        return 0.0, 1.0
    if metrics.run.objective and metrics.run.objective.sign < 0:
        return min(it.low for it in found), max(it.high for it in found) + SMALLEST_SCALE
    best = max(accuracy.mean for accuracy in found)
    near = [accuracy for accuracy in found if accuracy.mean > best - MOST_BEHIND]
    low, high = min(accuracy.low for accuracy in near), max(accuracy.high for accuracy in near)
    return low, max(high, low + SMALLEST_SCALE)


def number(value: float | None, template: str) -> Cell:
    """Show a number that may be missing."""
    return Cell(show(value, template), "" if value is None else value)


def show_accuracy(accuracy: Spread | None) -> Cell:
    """Show a mean with its standard deviation over seeds."""
    if accuracy is None:
        return Cell("-")
    spread = "" if accuracy.sd is None else f" ± {100 * accuracy.sd:.1f}"
    return Cell(f"{100 * accuracy.mean:.1f}{spread}%", accuracy.mean)


def compare_with_baseline(row: LeaderboardRow, best: float | None, objective: Objective | None = None) -> Cell:
    """Show how far a model is from the best baseline; a lead within chance is no success, but no failure either."""
    deciding = row.score or row.accuracy
    if best is None or deciding is None or row.group in (BASELINE, ENSEMBLE):
        return Cell("-")
    points = 100 * (objective.sign if objective else 1) * (deciding.mean - best)
    if row.beats_baseline:
        return Cell(f"{points:+.1f}", points, help="beats the best baseline")
    if points >= 0:
        return Cell(f"{points:+.1f} (chance)", points, kind="number chance", help="any lead is within chance")
    return Cell(f"{points:+.1f} ▼", points, kind="number below", help="does not beat the best baseline")


def draw_interval(accuracy: Spread | None, scale: tuple[float, float], objective: Objective | None = None) -> Cell:
    """Show an interval as text and as a line; a mean below the scale becomes an arrow at its edge."""
    if accuracy is None:
        return Cell("-", kind="text")
    low, high = scale
    places: dict[str, Any] = {
        key: round(MARGIN + (WIDTH - 2 * MARGIN) * min(1.0, max(0.0, (value - low) / (high - low))), 1)
        for key, value in (("low", accuracy.low), ("mean", accuracy.mean), ("high", accuracy.high))
    }
    outside = accuracy.mean < low
    return Cell(show_interval(accuracy, objective), accuracy.low, kind="text", interval={**places, "outside": outside})

"""The columns of the leaderboard in the terminal, in Markdown and in Prefect's UI: add a row to add one.

The columns of metrics come from the table of metrics.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from tasks.compare.leaderboard_facts import Leaderboard, LeaderboardRow, Spread
from tasks.compare.results import BASELINE, ENSEMBLE, STACKED
from tasks.evaluate.metric_table import Metric, list_metrics
from tasks.objective.facts import Objective
from tasks.report.run.deciding import show_interval
from tasks.report.run.facts import RunMetrics

KINDS: Final = {BASELINE: "baseline", ENSEMBLE: "average", STACKED: "ensemble"}
YES_NO: Final = {True: "yes", False: "no", None: "-"}


class Column(NamedTuple):
    """A column: its title and what it shows of a row.

    On a narrow terminal, columns are left out from the lowest rank up; those without a rank always stay.
    """

    title: str
    show: Callable[[LeaderboardRow], str]
    rank: int | None = None
    is_number: bool = True


def show(value: float | None, template: str) -> str:
    """Format a number that may be missing: show(None, "{:.1f}") -> "-"."""
    return "-" if value is None else template.format(value)


def show_accuracy(row: LeaderboardRow) -> str:
    """Format accuracy with its standard deviation over the seeds, if there are several."""
    if row.accuracy is None:
        return "-"
    spread = "" if row.accuracy.sd is None else f" ± {100 * row.accuracy.sd:.1f}"
    return f"{100 * row.accuracy.mean:.1f}{spread}%"


BEFORE_METRICS: Final = (
    Column("model", lambda row: row.name, is_number=False),
    Column("kind", lambda row: KINDS.get(row.group, "neural"), 5, is_number=False),
    Column("accuracy", show_accuracy),
    Column("95% interval", lambda row: show_interval(row.accuracy) if row.accuracy else "-"),
    Column("tie group", lambda row: show(row.tie_group, "{}"), 12),
    Column("beats baseline", lambda row: YES_NO[row.beats_baseline], 11, is_number=False),
)
AFTER_METRICS: Final = (
    Column("parameters", lambda row: show(row.num_params, "{:,.0f}"), 8),
    Column("epochs", lambda row: show(row.epochs, "{:.3g}"), 2),
    Column("s/epoch", lambda row: show(row.epoch_seconds, "{:.1f}"), 10),
    Column("train s", lambda row: show(row.train_seconds, "{:.0f}"), 3),
    Column("reviews/s", lambda row: show(row.predict_reviews_per_second, "{:,.0f}"), 7),
    Column("encoding", lambda row: row.encoding, 4, is_number=False),
    Column("status", lambda row: row.status, is_number=False),
)


def list_columns(rows: Sequence[LeaderboardRow], objective: Objective | None = None) -> list[Column]:
    """List the columns of some rows from left to right; the metric that decides comes before accuracy."""
    model, kind, *others = BEFORE_METRICS
    shown = [it for it in list_metrics("table", rows) if objective is None or it.name != objective.score]
    deciding = make_deciding_columns(objective) if objective else []
    return [model, kind, *deciding, *others, *map(make_column, shown), *AFTER_METRICS]


def make_deciding_columns(objective: Objective) -> list[Column]:
    """Make the columns of the metric that decides, with its standard deviation over the seeds, and of its interval."""
    return [
        Column(objective.title, lambda row: show_score(row.score)),
        Column("its 95%", lambda row: show_interval(row.score, objective) if row.score else "-"),
    ]


def show_score(score: Spread | None) -> str:
    """Format the metric that decides with its standard deviation over the seeds, if there are several."""
    if score is None:
        return "-"
    return f"{score.mean:.3f}{'' if score.sd is None else f' ± {score.sd:.3f}'}"


def make_column(metric: Metric) -> Column:
    """Make the column of a metric."""
    return Column(metric.title, lambda row: metric.show(row.metric(metric.name)), metric.rank)


def list_right_aligned(leaderboard: Leaderboard | RunMetrics) -> set[str]:
    """List the titles of the columns of numbers."""
    columns = list_columns(leaderboard.variants, leaderboard.run.objective)
    return {column.title for column in columns if column.is_number}


def list_left_out_first(leaderboard: Leaderboard | RunMetrics) -> list[str]:
    """List the titles of the columns that a narrow terminal leaves out, in the order in which it does so."""
    columns = list_columns(leaderboard.variants, leaderboard.run.objective)
    ranked = [(column.rank, column.title) for column in columns if column.rank is not None]
    return [title for _, title in sorted(ranked, key=lambda it: it[0])]


def format_rows(leaderboard: Leaderboard | RunMetrics) -> list[dict[str, str]]:
    """Format the numbers of each variant as text, in the order of the leaderboard."""
    objective = leaderboard.run.objective
    return [format_row(row, leaderboard.variants, objective) for row in leaderboard.variants]


def format_row(
    row: LeaderboardRow, rows: Sequence[LeaderboardRow] = (), objective: Objective | None = None
) -> dict[str, str]:
    """Format one row as a table of `rows` shows it; what is missing is a dash."""
    return {column.title: column.show(row) for column in list_columns(rows, objective)}


def explain_metrics(rows: Sequence[LeaderboardRow]) -> str:
    """Say in a sentence what the metrics of some rows are and whether higher or lower is better."""
    parts = [f"{it.title} ({it.better} is better): {it.description}" for it in list_metrics("table", rows)]
    return f"{'; '.join(parts)}."

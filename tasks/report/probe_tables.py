"""The probe's numbers as tables: for a terminal, for Markdown, for the page."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

Metrics = Mapping[str, Any]


def list_tables(metrics: Metrics) -> dict[str, list[dict[str, str]]]:
    """Tabulate mean accuracy by model and distance for each task, under a title; `*` marks what was solved."""
    tables = {}
    for task in metrics["tasks"]:
        for upto in (False, True):
            rows = [row for row in metrics["rows"] if row["task"] == task and row["upto"] is upto]
            if rows:
                tables[describe_training(task, rows)] = tabulate(rows)
    return tables


def describe_training(task: str, rows: list[dict[str, Any]]) -> str:
    """Say what a table is about."""
    if rows[0]["upto"]:
        return f"{task}: trained at all distances up to {rows[0]['trained_on']}, tested at each"
    return f"{task}: trained and tested at the same distance"


def tabulate(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Lay out one table: a line for each model, a column for each distance."""
    distances = sorted({row["distance"] for row in rows})
    by_model: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        by_model.setdefault(row["model"], {})[row["distance"]] = row
    return [
        {"model": model, **{str(distance): describe_cell(found.get(distance)) for distance in distances}}
        for model, found in by_model.items()
    ]


def describe_cell(row: Mapping[str, Any] | None) -> str:
    """Show a mean and how many seeds solved it: "98% 4/5"."""
    return "-" if row is None else f"{row['mean']:.0%} {row['num_solved']}/{row['num_seeds']}"


def describe_run(run: Mapping[str, Any]) -> str:
    """Say in a line what was trained."""
    return (
        f"{run['profile']} profile, {run['num_trained']:,} of {run['num_planned']:,} trainings, at most "
        f"{run['epochs']} epochs each, on {run['device']}, {run['train_seconds']:,.0f} s of training"
    )


def render_terminal(metrics: Metrics) -> Table:
    """Render the tables and the verdicts for a terminal."""
    whole = Table.grid(padding=(1, 0))
    whole.add_row(Text(describe_run(metrics["run"])))
    for title, rows in list_tables(metrics).items():
        table = Table(title=Text(title), title_justify="left")
        for name in rows[0]:
            table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
        for row in rows:
            table.add_row(*row.values())
        whole.add_row(table)
    verdicts = Table(title="The note's sentences", title_justify="left", show_lines=True)
    for name in ("claim", "measured", "verdict", "reason"):
        verdicts.add_column(name, no_wrap=name == "verdict")
    for verdict in metrics["verdicts"]:
        verdicts.add_row(*(Text(verdict[name]) for name in ("claim", "measured", "verdict", "reason")))
    whole.add_row(verdicts)
    return whole

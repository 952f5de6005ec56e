"""The probe's numbers as tables: for a terminal, for Markdown, for the page."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

Metrics = Mapping[str, Any]


def list_tables(metrics: Metrics) -> dict[str, list[dict[str, str]]]:
    """Tabulate mean accuracy by model and distance for each task, under a title."""
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


def tabulate_updates(metrics: Metrics) -> dict[str, list[dict[str, str]]]:
    """Tabulate the updates until the task was solved, the median over the seeds that did, for each task."""
    tables = {}
    for task in metrics["tasks"]:
        rows = [row for row in metrics["rows"] if row["task"] == task and not row["upto"]]
        if rows:
            tables[task] = tabulate(rows, show=describe_updates)
    return tables


def tabulate_reaches(metrics: Metrics) -> list[dict[str, str]]:
    """Tabulate how far each model reaches on each task, of how far it was tried: "40 of 110"."""
    tried: dict[tuple[str, str], int] = {}
    for row in metrics["rows"]:
        if not row["upto"]:
            key = row["task"], row["model"]
            tried[key] = max(tried.get(key, 0), row["distance"])
    return [
        {
            "model": model["name"],
            **{
                task: f"{of_task[model['name']]} of {tried[task, model['name']]}" if model["name"] in of_task else "-"
                for task, of_task in metrics["reaches"].items()
            },
        }
        for model in metrics["models"]
    ]


def tabulate_models(metrics: Metrics) -> list[dict[str, str]]:
    """Describe each model: what it is, what it begins with and how large it is."""
    return [
        {
            "model": model["name"],
            "what it is": model["description"],
            "begins with": model["start"],
            "parameters": " to ".join(f"{size:,}" for size in dict.fromkeys(model["num_params"])),
        }
        for model in metrics["models"]
    ]


def tabulate(
    rows: list[dict[str, Any]], *, show: Callable[[Mapping[str, Any] | None], str] | None = None
) -> list[dict[str, str]]:
    """Lay out one table: a line for each model, a column for each distance."""
    show = show or describe_cell
    distances = sorted({row["distance"] for row in rows})
    by_model: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        by_model.setdefault(row["model"], {})[row["distance"]] = row
    return [
        {"model": model, **{str(distance): show(found.get(distance)) for distance in distances}}
        for model, found in by_model.items()
    ]


def describe_cell(row: Mapping[str, Any] | None) -> str:
    """Show a mean and how many seeds solved it: "98% 4/5"."""
    return "-" if row is None else f"{row['mean']:.0%} {row['num_solved']}/{row['num_seeds']}"


def describe_updates(row: Mapping[str, Any] | None) -> str:
    """Show a number of updates; a dash where no seed solved the task."""
    return "-" if row is None or row["updates"] is None else f"{row['updates']:,.0f}"


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
            # A narrow terminal has the seeds below the accuracy.
            table.add_column(name, justify="left" if name == "model" else "right", no_wrap=name == "model")
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

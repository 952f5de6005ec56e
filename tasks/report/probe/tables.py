"""The probe's numbers as tables: for a terminal, for Markdown, for the page."""

from collections.abc import Callable, Sequence

from rich.table import Table
from rich.text import Text

from tasks.probe.facts import Judgement, MeanAccuracy, Memory, Probe, ProbeRun


def list_tables(memory: Memory) -> dict[str, list[dict[str, str]]]:
    """Tabulate mean accuracy by model and distance for each recall task, under a title."""
    tables = {}
    for recall_task in memory.levels:
        for upto in (False, True):
            rows = [row for row in memory.rows if row.recall_task == recall_task and row.upto is upto]
            if rows:
                tables[describe_training(rows)] = tabulate(rows, show=describe_cell)
    return tables


def describe_training(rows: Sequence[MeanAccuracy]) -> str:
    """Say what a table is about."""
    first = rows[0]
    if first.upto:
        return f"{first.recall_task}: trained at all distances up to {first.trained_on}, tested at each"
    return f"{first.recall_task}: trained and tested at the same distance"


def tabulate_updates(memory: Memory) -> dict[str, list[dict[str, str]]]:
    """Tabulate the updates until each recall task was solved: the median over the seeds that solved it."""
    tables = {}
    for recall_task in memory.levels:
        rows = [row for row in memory.rows if row.recall_task == recall_task and not row.upto]
        if rows:
            tables[recall_task] = tabulate(rows, show=describe_updates)
    return tables


def tabulate_reaches(memory: Memory) -> list[dict[str, str]]:
    """Tabulate how far each model reaches on each recall task, and how far it was tried: "40 of 110"."""
    tried: dict[tuple[str, str], int] = {}
    for row in memory.rows:
        if not row.upto:
            key = row.recall_task, row.model
            tried[key] = max(tried.get(key, 0), row.distance)
    return [
        {
            "model": model.name,
            **{
                recall_task: f"{reach[model.name]} of {tried[recall_task, model.name]}" if model.name in reach else "-"
                for recall_task, reach in memory.reaches.items()
            },
        }
        for model in memory.models
    ]


def tabulate_models(memory: Memory) -> list[dict[str, str]]:
    """Describe each model: what it is, how it is initialised and how large it is."""
    return [
        {
            "model": model.name,
            "what it is": model.description,
            "initialisation": model.start,
            "parameters": " to ".join(f"{size:,}" for size in dict.fromkeys(model.num_params)),
        }
        for model in memory.models
    ]


def tabulate_judgements(judgements: Sequence[Judgement]) -> list[dict[str, str]]:
    """Tabulate claims with their verdicts."""
    return [
        {
            "claim": judgement.claim,
            "measured": judgement.measured,
            "verdict": judgement.verdict,
            "reason": judgement.reason,
        }
        for judgement in judgements
    ]


def tabulate(rows: Sequence[MeanAccuracy], *, show: Callable[[MeanAccuracy], str]) -> list[dict[str, str]]:
    """Lay out one table: a line for each model, a column for each distance; a dash where there is no result."""
    distances = sorted({row.distance for row in rows})
    by_model: dict[str, dict[int, str]] = {}
    for row in rows:
        by_model.setdefault(row.model, {})[row.distance] = show(row)
    return [
        {"model": model, **{str(distance): found.get(distance, "-") for distance in distances}}
        for model, found in by_model.items()
    ]


def describe_cell(row: MeanAccuracy) -> str:
    """Show a mean and how many of the seeds solved the task: "98% 4/5"."""
    return f"{row.mean:.0%} {row.num_solved}/{row.num_seeds}"


def describe_updates(row: MeanAccuracy) -> str:
    """Show a number of updates; a dash if no seed solved the task."""
    return "-" if row.updates is None else f"{row.updates:,.0f}"


def describe_run(run: ProbeRun) -> str:
    """Say in one line what was trained."""
    return (
        f"{run.profile} profile, {run.num_trained:,} of {run.num_planned:,} trainings with at most {run.epochs} epochs "
        f"each, on {run.device}, {run.train_seconds:,.0f} s of training in total"
    )


def render_terminal(probe: Probe) -> Table:
    """Render the tables and the verdicts for a terminal."""
    whole = Table.grid(padding=(1, 0))
    whole.add_row(Text(describe_run(probe.run)))
    for title, rows in list_tables(probe).items():
        table = Table(title=Text(title), title_justify="left")
        for name in rows[0]:
            # On a narrow terminal the seeds wrap below the accuracy.
            table.add_column(name, justify="left" if name == "model" else "right", no_wrap=name == "model")
        for row in rows:
            table.add_row(*row.values())
        whole.add_row(table)
    if judged := tabulate_judgements(probe.verdicts):
        verdicts = Table(title="The course notebook's claims", title_justify="left", show_lines=True)
        for name in judged[0]:
            verdicts.add_column(name, no_wrap=name == "verdict")
        for row in judged:
            verdicts.add_row(*(Text(cell) for cell in row.values()))
        whole.add_row(verdicts)
    return whole

"""The probe's report in short, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Final

from tasks.formatting.markdown import escape_markdown, render_table
from tasks.probe.facts import Probe
from tasks.report.probe.scope import describe_lengths, describe_scope, describe_settings, list_failures
from tasks.report.probe.sentences import (
    ABOUT,
    QUESTION,
    REACH,
    describe_headline,
    describe_verdicts,
    list_recall_tasks,
)
from tasks.report.probe.tables import (
    describe_run,
    list_tables,
    tabulate_judgements,
    tabulate_models,
    tabulate_reaches,
)

# Columns of text, aligned to the left; all others have numbers.
TEXTS: Final = {"claim", "measured", "verdict", "reason", "model", "what it is", "initialisation"}


def render_probe_markdown(probe: Probe) -> str:
    """Render the answer, the verdicts, the tables, the expectations, and how they were measured."""
    run = probe.run
    headline, verdicts = describe_headline(probe.rows, probe.reaches), describe_verdicts(probe.verdicts)
    parts = [
        f"# {QUESTION}",
        f"**{escape_markdown(headline)}** {escape_markdown(verdicts)}",
        f"{escape_markdown(describe_run(run))}. Run {escape_markdown(run.id)}, started {run.started}.",
        "## The course notebook's claims",
        escape_markdown(ABOUT),
        *render_rows(tabulate_judgements(probe.verdicts)),
        "## How far each model reaches",
        f"{REACH} Each cell shows the reach and the longest distance tried, in words.",
        *render_rows(tabulate_reaches(probe)),
        *render_accuracy(probe),
        "## What the literature leads one to expect",
        *render_rows(tabulate_judgements(probe.expectations)),
        "## Models",
        *render_rows(tabulate_models(probe)),
        *(["## Failed", list_lines(list_failures(probe))] if run.failed else []),
        "## How it was measured",
        list_lines([*describe_settings(probe), *describe_scope(probe)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_accuracy(probe: Probe) -> list[str]:
    """Render what the recall tasks are and the tables of accuracy."""
    parts = [
        "## Accuracy",
        "Mean accuracy, and how many of the seeds solved the task, by distance in words. " + describe_lengths(probe),
        list_lines(list_recall_tasks(probe.levels)),
    ]
    for title, rows in list_tables(probe).items():
        parts += [f"### {escape_markdown(title)}", *render_rows(rows)]
    return parts


def render_rows(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Render rows as a table with numbers aligned to the right; nothing if there are no rows."""
    return [render_table(rows, right_aligned=[name for name in rows[0] if name not in TEXTS])] if rows else []


def list_lines(lines: Sequence[str]) -> str:
    """Make a list of sentences."""
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)

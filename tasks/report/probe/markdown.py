"""The probe's report in short, as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.formatting.markdown import escape_markdown, render_table
from tasks.report.probe.scope import describe_lengths, describe_scope, describe_settings, list_failures
from tasks.report.probe.sentences import QUESTION, REACH, TASKS, describe_headline, describe_verdicts
from tasks.report.probe.tables import describe_run, list_tables, tabulate_models, tabulate_reaches

Metrics = Mapping[str, Any]


def render_probe_markdown(metrics: Metrics) -> str:
    """Render the answer, the verdicts, the tables, the expectations, and how it was made."""
    run = metrics["run"]
    parts = [
        f"# {QUESTION}",
        f"**{escape_markdown(describe_headline(metrics))}** {escape_markdown(describe_verdicts(metrics))}",
        f"{escape_markdown(describe_run(run))}. Run {escape_markdown(run['id'])}, started {run['started']}.",
        "## The note's sentences",
        *render_rows(metrics["verdicts"]),
        "## How far each model reaches",
        f"{REACH} In words, of how far it was tried.",
        *render_rows(tabulate_reaches(metrics)),
        "## Accuracy",
        "Mean accuracy, and how many of the seeds solved the task, by distance in words. " + describe_lengths(metrics),
        list_lines([f"{task}: {TASKS[task]}" for task in metrics["tasks"] if task in TASKS]),
    ]
    for title, rows in list_tables(metrics).items():
        parts += [f"### {escape_markdown(title)}", *render_rows(rows)]
    parts += ["## What the literature leads one to expect", *render_rows(metrics["expectations"])]
    parts += ["## Models", *render_rows(tabulate_models(metrics))]
    if run["failed"]:
        parts += ["## Failed", list_lines(list_failures(metrics))]
    parts += ["## How it was made", list_lines([*describe_settings(metrics), *describe_scope(metrics)])]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_rows(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Render rows as a table, if there are any; what is short and not a name stands to the right."""
    if not rows:
        return []
    texts = {"claim", "measured", "verdict", "reason", "model", "what it is", "begins with"}
    return [render_table(rows, right_aligned=[name for name in rows[0] if name not in texts])]


def list_lines(lines: Sequence[str]) -> str:
    """Make a list of sentences."""
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)

"""Renderings of a run's metrics: rows of text, terminal table, Markdown. Nothing is computed here."""

import sys
from typing import Any, Literal

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tasks.compare.leaderboard_facts import Leaderboard, LeaderboardRow, RunFacts
from tasks.drift.render import render_drift
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.ingest.unlabelled import describe_unlabelled
from tasks.promote.facts import Decision
from tasks.promote.render import describe_gate, list_reasons
from tasks.report.audit.content import render_audit_markdown
from tasks.report.curve import section as curve
from tasks.report.probe.section import render_section
from tasks.report.run.bounds import list_bounds
from tasks.report.run.challenges import render_challenges
from tasks.report.run.columns import explain_metrics, format_rows, list_left_out_first, list_right_aligned
from tasks.report.run.deciding import describe_best_epoch, describe_test
from tasks.report.run.facts import RunMetrics
from tasks.report.run.label_sentences import describe_labels
from tasks.report.run.methods import METHOD
from tasks.report.run.time_budget import describe_left_out
from tasks.report.run.tuning import render_tuning
from tasks.report.run.unlabelled import describe_lessons
from tasks.report.run.vectors import describe_encoder, describe_regions, describe_vectors
from tasks.report.run.verdict import (
    describe_baselines,
    describe_certainty,
    describe_chance,
    describe_duplicates,
    describe_errors,
    describe_reading,
    describe_seeds,
    describe_ties,
    describe_verdict,
    describe_weak_slices,
    describe_worst_slice,
)


def render_terminal(leaderboard: Leaderboard | RunMetrics, console: Console) -> Table:
    """Render for a terminal, with as many columns as it has room for."""
    rows = format_rows(leaderboard)
    names = [name for name in rows[0] if name != "status" or any(row[name] != "ok" for row in rows)]
    right_aligned = list_right_aligned(leaderboard)
    table = make_table(rows, names, right_aligned)
    unbounded = console.options.update(max_width=sys.maxsize)
    for name in list_left_out_first(leaderboard):
        if Measurement.get(console, unbounded, table).maximum <= console.width:
            break
        names.remove(name)
        table = make_table(rows, names, right_aligned)
    table.title = Text(describe_run(leaderboard.run))
    return table


def make_table(rows: list[dict[str, str]], names: list[str], right_aligned: set[str]) -> Table:
    """Make a table of some of the columns; only their titles may take several lines."""
    table = Table(title_justify="left")
    for name in names:
        justify: Literal["left", "right"] = "right" if name in right_aligned else "left"
        table.add_column(name.replace(" ", "\n"), justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(row[name]) for name in names), style="red" if row["status"] == "failed" else None)
    return table


def describe_run(run: RunFacts) -> str:
    """Say in one line on which data and device the run was."""
    counts = run.num_reviews
    return (
        f"{run.dataset}: {counts.train:,} training, {counts.validation:,} validation and "
        f"{counts.test:,} test reviews, on {run.device}, {run.seconds:.0f} s in total"
    )


def render_markdown(metrics: RunMetrics) -> str:
    """Render the report in short: the verdict, the table, what stands out, failures, and how to read it."""
    run = metrics.run
    title = f"# Sequence Bakeoff: {escape_markdown(run.dataset)}"
    verdict = [f"**{escape_markdown(describe_verdict(metrics))}**", escape_markdown(describe_certainty(metrics))]
    parts = [title, *warn_of_fallback(run), " ".join(verdict), escape_markdown(describe_run(run)) + "."]
    parts += [
        render_table(format_rows(metrics), right_aligned=list_right_aligned(metrics)),
        *list_findings(metrics),
    ]
    parts += [
        *summarise_gate(metrics.gate),
        *render_challenges(metrics),
        *render_tuning(metrics),
        *describe_failures(metrics),
        *list_claims(metrics),
        *(render_section(metrics.probe) if metrics.probe else []),
        *([render_audit_markdown(metrics.label_errors.found, level=2)] if metrics.label_errors else []),
        *(curve.render_section(metrics.curve) if metrics.curve else []),
        *list_warnings(metrics),
        *list_lessons(metrics),
        *list_vectors(metrics),
        *list_regions(metrics),
        *list_encoder(metrics),
        *list_drift(metrics),
        explain_columns(metrics),
    ]
    return "\n\n".join(parts) + "\n"


def summarise_gate(gate: Decision) -> list[str]:
    """Say what the gate decided and why."""
    return ["## Gate", escape_markdown(describe_gate(gate)), list_reasons(gate)]


def list_findings(metrics: RunMetrics) -> list[str]:
    """List what stands out, a line each."""
    tellers = (
        describe_baselines,
        describe_reading,
        describe_chance,
        describe_ties,
        describe_seeds,
        describe_worst_slice,
        describe_weak_slices,
        describe_labels,
        describe_errors,
        describe_duplicates,
    )
    findings = [
        *(finding for teller in tellers if (finding := teller(metrics))),
        *list_bounds(metrics),
        *describe_left_out(metrics.run),
    ]
    return ["\n".join(f"- {escape_markdown(finding)}" for finding in findings)] if findings else []


def list_claims(metrics: RunMetrics) -> list[str]:
    """Say which notebook makes the claims, and tabulate them with their verdicts."""
    rows = [{"the course notebook says": it.claim, **it.model_dump(exclude={"claim"})} for it in metrics.claims]
    return ["## The course notebook's claims", METHOD["claims"], render_table(rows)] if rows else []


def list_warnings(metrics: RunMetrics) -> list[str]:
    """List what the data check found."""
    lines = [f"- {escape_markdown(warning)}" for warning in metrics.data.warnings]
    return ["## Warnings about the data", "\n".join(lines)] if lines else []


def list_lessons(metrics: RunMetrics) -> list[str]:
    """Say from which texts without labels models have learned, and what was left out."""
    if metrics.run.unlabelled is None:
        return []
    found = f"{describe_unlabelled(metrics.run.unlabelled)} {describe_lessons(metrics)}"
    return ["## Texts without labels", escape_markdown(found)]


def list_vectors(metrics: RunMetrics) -> list[str]:
    """Say with which word vectors models began, and how many words have one."""
    if not metrics.run.vectors:
        return []
    lines = [f"- {encoding}: {escape_markdown(found.describe())}." for encoding, found in metrics.run.vectors.items()]
    return ["## Word vectors", describe_vectors(metrics), "\n".join(lines)]


def list_regions(metrics: RunMetrics) -> list[str]:
    """Say which embeddings of regions models read."""
    return ["## Embeddings of regions", escape_markdown(describe_regions(metrics))] if metrics.run.regions else []


def list_encoder(metrics: RunMetrics) -> list[str]:
    """Say with which encoder models began."""
    return ["## Encoder", escape_markdown(describe_encoder(metrics))] if metrics.run.encoder else []


def list_drift(metrics: RunMetrics) -> list[str]:
    """Say how far the data are from the champion's, if there is one."""
    return ["## Drift", render_drift(metrics.drift)] if metrics.drift else []


def describe_failures(metrics: RunMetrics) -> list[str]:
    """List what failed and why."""
    failed = [row for row in metrics.variants if row.status == "failed"]
    lines = [f"- {row.name}: {escape_markdown(row.reason or '')}" for row in failed]
    return ["## Failed", "\n".join(lines)] if lines else []


def explain_columns(metrics: RunMetrics) -> str:
    """Say what the numbers are, and what the interval covers."""
    run = metrics.run
    covers = "the test reviews and the seeds" if run.seeds > 1 else "the test reviews (one seed)"
    return (
        f"Accuracy is measured once on the test split; its 95% interval is a bootstrap over {covers}. Models in the "
        f"same tie group do not differ significantly from the best of the group, by {describe_test(run)} with Holm's "
        "correction over all pairs. Temperature and threshold were chosen on validation. "
        f"{explain_metrics(metrics.variants)} "
        f"Each neural model has the weights of its epoch with the {describe_best_epoch(run)}. "
        f"Run {run.id}, started {run.started}."
    )


def render_variant(row: LeaderboardRow, run: RunFacts) -> str:
    """Render one variant as Markdown: every number of its row."""
    numbers = row.model_dump(mode="json", exclude={"name"})
    lines = [{"what": key, "value": describe_value(value)} for key, value in numbers.items()]
    return (
        "\n\n".join([f"# {row.name}: {escape_markdown(run.dataset)}", *warn_of_fallback(run), render_table(lines)])
        + "\n"
    )


def warn_of_fallback(run: RunFacts) -> list[str]:
    """Warn in Markdown if the sample replaced the IMDB reviews, and say why; otherwise []."""
    return [f"**{FALLBACK_WARNING}** {escape_markdown(run.fallback_reason)}"] if run.is_fallback else []


def describe_value(value: Any) -> str:
    """Format any value of a row."""
    match value:
        case None:
            return "-"
        case float():
            return f"{value:,.4f}"
        case int() if not isinstance(value, bool):
            return f"{value:,}"
        case dict():
            return ", ".join(f"{key} {describe_value(part)}" for key, part in value.items())
        case list():
            return ", ".join(map(str, value))
    return str(value)

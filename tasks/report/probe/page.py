"""The report of a probe as one page: how far back each kind of model remembers."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import altair as alt

from tasks.report.frame.page import describe_chart, load_frame, make_environment
from tasks.report.probe import scope, sentences
from tasks.report.probe.charts import draw_accuracy, draw_updates
from tasks.report.probe.heat import draw_heat
from tasks.report.probe.style import Style, sort_models, style_model
from tasks.report.probe.tables import (
    describe_run,
    list_tables,
    tabulate_models,
    tabulate_reaches,
    tabulate_updates,
)
from tasks.report.run.tables import Table, make_table

Metrics = Mapping[str, Any]

METHOD: Final = {
    "accuracy": (
        "Each model is trained and tested at one distance at a time. Lines are means over seeds, bands go from the "
        "lowest to the highest seed. Press or point at a model to see it alone, in all charts."
    ),
    "heat": (
        "Mean accuracy in percent, below it how many of the seeds solved the task; the colour runs from chance to "
        "100%. What is empty has no result."
    ),
    "upto": (
        "One training at all distances up to a limit, so that the word has no fixed place; the test goes on beyond."
    ),
    "updates": (
        "Updates of the weights until validation was solved, in whole epochs: the median over the seeds that solved "
        "the test. A model without a point solved it with none."
    ),
}


def render_probe_page(metrics: Metrics) -> str:
    """Render a probe's metrics as HTML."""
    charts = draw_charts(metrics)
    contents = list_contents(charts, metrics)
    return (
        make_environment()
        .get_template("probe/page.html.j2")
        .render(
            **load_frame(),
            run=metrics["run"],
            question=sentences.QUESTION,
            headline=sentences.describe_headline(metrics),
            verdict_sentence=sentences.describe_verdicts(metrics),
            about=describe_run(metrics["run"]),
            reach=sentences.REACH,
            tasks={task: sentences.TASKS.get(task, "") for task in metrics["tasks"]},
            method=METHOD,
            verdicts=metrics["verdicts"],
            expectations=metrics["expectations"],
            legends={
                "fixed": list_styles(row for row in metrics["rows"] if not row["upto"]),
                "upto": list_styles(row for row in metrics["rows"] if row["upto"]),
            },
            lengths=scope.describe_lengths(metrics),
            charts=charts,
            contents=contents,
            tables=build_tables(metrics),
            titles=list(list_tables(metrics)),
            settings=scope.describe_settings(metrics),
            scope=scope.describe_scope(metrics),
            failures=scope.list_failures(metrics),
            again=scope.AGAIN,
        )
    )


def list_styles(rows: Iterable[Mapping[str, Any]]) -> list[Style]:
    """List the looks of the models of some rows, families together."""
    return [style_model(name) for name in sort_models(row["model"] for row in rows)]


def draw_charts(metrics: Metrics) -> dict[str, list[dict[str, Any]]]:
    """Draw the charts of each kind that there are data for, one for each task."""
    charts: dict[str, list[dict[str, Any]]] = {"accuracy": [], "heat": [], "upto": [], "updates": []}
    for task, levels in metrics["tasks"].items():
        fixed = [row for row in metrics["rows"] if row["task"] == task and not row["upto"]]
        upto = [row for row in metrics["rows"] if row["task"] == task and row["upto"]]
        drawn: dict[str, tuple[alt.TopLevelMixin | None, str]] = {}
        if fixed:
            drawn["accuracy"] = draw_accuracy(fixed, levels), "Accuracy against distance"
            drawn["heat"] = draw_heat(fixed, levels), "Accuracy of each model at each distance"
            drawn["updates"] = draw_updates(fixed), "Updates until solved against distance"
        if upto:
            chart = draw_accuracy(upto, levels, trained_to=upto[0]["trained_on"])
            drawn["upto"] = chart, "Accuracy beyond the distances in training"
        for kind, (chart_or_none, title) in drawn.items():
            if chart_or_none is not None:
                described = describe_chart(f"{kind}-{task}", chart_or_none, f"{title}, {task}")
                charts[kind].append({"task": task, **described})
    return charts


def build_tables(metrics: Metrics) -> dict[str, Table | None]:
    """Build every table by the name that the template knows; those of accuracy are named by their titles."""
    versions = [{"library": name, "version": version} for name, version in metrics["run"]["versions"].items()]
    return {
        "reaches": make_table(tabulate_reaches(metrics)),
        "models": make_table(tabulate_models(metrics), texts=["what it is", "begins with"]),
        "versions": make_table(versions, texts=["version"]),
        **{f"updates-{task}": make_table(rows) for task, rows in tabulate_updates(metrics).items()},
        **{title: make_table(rows) for title, rows in list_tables(metrics).items()},
    }


def list_contents(charts: Mapping[str, Any], metrics: Metrics) -> list[tuple[str, str]]:
    """List the sections that the page has."""
    sections = (
        ("verdicts", "Verdicts", True),
        ("accuracy", "Accuracy against distance", bool(charts["accuracy"])),
        ("heat", "Heat maps", bool(charts["heat"])),
        ("generalisation", "Beyond the training", bool(charts["upto"])),
        ("updates", "Updates until solved", bool(charts["updates"])),
        ("numbers", "All numbers", bool(metrics["rows"])),
        ("expectations", "Expectations", True),
        ("models", "Models", bool(metrics["models"])),
        ("method", "How it was made", True),
    )
    return [(name, title) for name, title, is_there in sections if is_there]

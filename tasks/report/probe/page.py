"""The report of a probe as one page: how far back each kind of model remembers."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import altair as alt

from tasks.probe.facts import Levels, Memory, Point, Probe
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

METHOD: Final = {
    "accuracy": (
        "Each model is trained and tested at one distance at a time. Lines are means over the seeds; bands range from "
        "the lowest to the highest seed. Press or point at a model to highlight it in all charts."
    ),
    "heat": (
        "Each cell shows the mean accuracy in percent and, below it, how many of the seeds solved the task. The colour "
        "runs from chance to 100%. An empty cell has no result."
    ),
    "upto": (
        "Here each model is trained at all distances up to a limit, so that the deciding word has no fixed position. "
        "The test also has longer distances."
    ),
    "updates": (
        "The number of weight updates, in whole epochs, until the validation texts were solved: the median over the "
        "seeds that solved the test texts. A model without a point solved them with no seed."
    ),
}


def render_probe_page(probe: Probe) -> str:
    """Render a probe as HTML."""
    charts = draw_charts(probe)
    return (
        make_environment()
        .get_template("probe/page.html.j2")
        .render(
            **load_frame(),
            **collect_sentences(probe),
            run=probe.run,
            recall_tasks={name: sentences.RECALL_TASKS.get(name, "") for name in probe.levels},
            verdicts=probe.verdicts,
            expectations=probe.expectations,
            legends={
                "fixed": list_styles(row for row in probe.rows if not row.upto),
                "upto": list_styles(row for row in probe.rows if row.upto),
            },
            charts=charts,
            contents=list_contents(charts, probe),
            tables=build_tables(probe),
            titles=list(list_tables(probe)),
        )
    )


def collect_sentences(probe: Probe) -> dict[str, Any]:
    """Collect what the page says, by the names that the template knows."""
    return {
        "question": sentences.QUESTION,
        "headline": sentences.describe_headline(probe.rows, probe.reaches),
        "verdict_sentence": sentences.describe_verdicts(probe.verdicts),
        "about": sentences.ABOUT,
        "trained": describe_run(probe.run),
        "reach": sentences.REACH,
        "method": METHOD,
        "lengths": scope.describe_lengths(probe),
        "settings": scope.describe_settings(probe),
        "scope": scope.describe_scope(probe),
        "failures": scope.list_failures(probe),
        "again": scope.AGAIN,
    }


def list_styles(rows: Iterable[Point]) -> list[Style]:
    """List the styles of the models that have results, families together."""
    return [style_model(name) for name in sort_models(row.model for row in rows)]


def draw_charts(memory: Memory) -> dict[str, list[dict[str, Any]]]:
    """Draw the charts of each kind, one for each recall task that has the data for it."""
    charts: dict[str, list[dict[str, Any]]] = {"accuracy": [], "heat": [], "upto": [], "updates": []}
    for recall_task, levels in memory.levels.items():
        for kind, (chart, title) in draw_recall_task(memory, recall_task, levels).items():
            if chart is not None:
                described = describe_chart(f"{kind}-{recall_task}", chart, f"{title}, {recall_task}")
                charts[kind].append({"recall_task": recall_task, **described})
    return charts


def draw_recall_task(
    memory: Memory, recall_task: str, levels: Levels
) -> dict[str, tuple[alt.TopLevelMixin | None, str]]:
    """Draw the charts of one recall task, each with its title; a chart without data is None or missing."""
    fixed = [row for row in memory.rows if row.recall_task == recall_task and not row.upto]
    upto = [row for row in memory.rows if row.recall_task == recall_task and row.upto]
    drawn: dict[str, tuple[alt.TopLevelMixin | None, str]] = {}
    if fixed:
        drawn["accuracy"] = draw_accuracy(fixed, levels), "Accuracy against distance"
        drawn["heat"] = draw_heat(fixed, levels), "Accuracy of each model at each distance"
        drawn["updates"] = draw_updates(fixed), "Updates until solved against distance"
    if upto:
        chart = draw_accuracy(upto, levels, trained_to=upto[0].trained_on)
        drawn["upto"] = chart, "Accuracy beyond the distances in training"
    return drawn


def build_tables(probe: Probe) -> dict[str, Table | None]:
    """Build every table by the name that the template knows; tables of accuracy are named by their titles."""
    versions = [{"library": name, "version": version} for name, version in probe.run.versions.items()]
    return {
        "reaches": make_table(tabulate_reaches(probe)),
        "models": make_table(tabulate_models(probe), texts=["what it is", "initialisation"]),
        "versions": make_table(versions, texts=["version"]),
        **{f"updates-{name}": make_table(rows) for name, rows in tabulate_updates(probe).items()},
        **{title: make_table(rows) for title, rows in list_tables(probe).items()},
    }


def list_contents(charts: Mapping[str, Any], memory: Memory) -> list[tuple[str, str]]:
    """List the sections that the page has."""
    sections = (
        ("verdicts", "Claims", True),
        ("accuracy", "Accuracy against distance", bool(charts["accuracy"])),
        ("heat", "Heat maps", bool(charts["heat"])),
        ("generalisation", "Beyond the training", bool(charts["upto"])),
        ("updates", "Updates until solved", bool(charts["updates"])),
        ("numbers", "All numbers", bool(memory.rows)),
        ("expectations", "Expectations", True),
        ("models", "Models", bool(memory.models)),
        ("method", "Method", True),
    )
    return [(name, title) for name, title, is_there in sections if is_there]

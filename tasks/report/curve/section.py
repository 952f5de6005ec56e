"""The newest learning curve of the same reviews as a section of a run's report: what is kept, drawn, and said there."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tasks.curve.facts import Findings, LearningCurve
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.report.curve.charts import draw_curves, list_drawn
from tasks.report.curve.sentences import QUESTION, describe_curve
from tasks.report.curve.style import style_models
from tasks.report.curve.tables import tabulate_winners
from tasks.report.frame.page import describe_chart
from tasks.store.facts import Facts
from tasks.store.sums import check_sum

ABOUT: Final = "These results come from a separate run, of bakeoff learning-curve on the same reviews."


class CurveSectionRun(Facts):
    """Which run of the learning curve it is."""

    id: str
    seeds: int
    started: str


class CurveSection(Findings):
    """The part of a learning curve that a run's report shows; metrics.json has it as `curve`."""

    run: CurveSectionRun


def read_curve(path: Path) -> LearningCurve:
    """Read a curve.json; raises UserError when it cannot be read or was changed."""
    check_sum(path)
    return LearningCurve.read(path)


def select_section(curve: LearningCurve) -> CurveSection:
    """Select what the section shows."""
    run = CurveSectionRun(id=curve.run.id, seeds=curve.run.seeds, started=curve.run.started)
    return CurveSection(run=run, **{name: getattr(curve, name) for name in Findings.model_fields})


def build_section(section: CurveSection) -> dict[str, Any]:
    """Put the section into sentences and a chart, for the page's template."""
    chart = draw_curves(section.points, section.growths) if section.points else None
    return {
        "sentences": describe_curve(section),
        "about": ABOUT,
        "legend": style_models(list_drawn(section.points)),
        "chart": chart and describe_chart("curve", chart, "Accuracy by the number of training reviews"),
        "link": link_page(section.run.id),
    }


def link_page(run_id: str) -> str:
    """Return the relative link from the folder of a main run to the page of a learning curve."""
    return f"../../curves/{quote(run_id, safe='')}/report.html"


def render_section(section: CurveSection) -> list[str]:
    """Render the section as Markdown."""
    link = link_page(section.run.id)
    winners = tabulate_winners(section)
    return [
        f"## {QUESTION}",
        escape_markdown(" ".join([*describe_curve(section), ABOUT])),
        *([render_table(winners, right_aligned=["training reviews"])] if winners else []),
        f"The learning curve has a page of its own: [{escape_markdown(link)}]({link}).",
    ]

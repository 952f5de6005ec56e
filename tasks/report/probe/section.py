"""The newest probe as a section of the main report: what is kept of it, drawn, and said there."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field

from tasks.formatting.markdown import escape_markdown, render_table
from tasks.probe.facts import Chance, Judgement, Point, Probe, ProbeFacts
from tasks.report.frame.page import describe_chart
from tasks.report.probe.heat import draw_overview
from tasks.report.probe.sentences import QUESTION, describe_headline, describe_verdicts
from tasks.report.probe.tables import tabulate_judgements
from tasks.store.facts import Facts
from tasks.store.sums import check_sum


class SectionRun(Facts):
    """Which run of the probe it is."""

    id: str
    profile: str
    started: str


class Section(ProbeFacts):
    """The part of a probe that the main report shows; metrics.json has it as `probe`."""

    run: SectionRun
    levels: dict[str, Chance] = Field(alias="tasks")
    rows: tuple[Point, ...]
    reaches: dict[str, dict[str, int]]
    verdicts: tuple[Judgement, ...]


# Where the numbers come from, and which notebook it is that claims something.
ABOUT: Final = (
    "These results come from a separate run, the memory probe, which trains models on generated texts in which one "
    "word, at a known distance, decides the label. The claims are those of the course notebook from which this "
    "project's recurrent models come."
)


def read_section(path: Path) -> Section:
    """Read a probe.json and keep what the section needs; raises UserError when it cannot be read or was changed."""
    check_sum(path)
    return select_section(Probe.read(path))


def select_section(probe: Probe) -> Section:
    """Select what the section shows; results at distances beyond those in training are left out."""
    return Section(
        run=SectionRun(id=probe.run.id, profile=probe.run.profile, started=probe.run.started),
        levels={name: Chance(chance=levels.chance) for name, levels in probe.levels.items()},
        rows=tuple(
            Point(recall_task=row.recall_task, upto=row.upto, model=row.model, distance=row.distance, mean=row.mean)
            for row in probe.rows
            if not row.upto and row.recall_task in probe.levels
        ),
        reaches=probe.reaches,
        verdicts=probe.verdicts,
    )


def build_section(section: Section) -> dict[str, Any]:
    """Put the section into sentences and a chart, for the page's template."""
    chart = draw_overview(section.levels, section.rows) if section.rows else None
    described = describe_chart("probe", chart, "Accuracy of each model at each distance") if chart else None
    alt = "Accuracy of each model at each distance; the probe's own page has the numbers as tables."
    return {
        "question": QUESTION,
        "headline": describe_headline(section.rows, section.reaches),
        "verdict_sentence": describe_verdicts(section.verdicts),
        "about": ABOUT,
        "verdicts": section.verdicts,
        "chart": described and {**described, "alt": alt},
        "link": link_page(section.run.id),
        "run": section.run,
    }


def link_page(run_id: str) -> str:
    """Return the relative link from the folder of a main run to the page of a probe."""
    return f"../../probe/{quote(run_id, safe='')}/report.html"


def render_section(section: Section) -> list[str]:
    """Render the section as Markdown."""
    headline, verdicts = describe_headline(section.rows, section.reaches), describe_verdicts(section.verdicts)
    link = link_page(section.run.id)
    return [
        f"## {QUESTION}",
        f"{escape_markdown(headline)} {escape_markdown(verdicts)} {ABOUT}",
        *([render_table(tabulate_judgements(section.verdicts))] if section.verdicts else []),
        f"The probe has a page of its own: [{escape_markdown(link)}]({link}).",
    ]

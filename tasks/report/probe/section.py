"""The newest probe as a section of the main job's report: what of it is kept, drawn and said there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from tasks.formatting.markdown import escape_markdown, render_table
from tasks.report.frame.page import describe_chart
from tasks.report.probe.heat import draw_overview
from tasks.report.probe.sentences import QUESTION, describe_headline, describe_verdicts

Metrics = Mapping[str, Any]


class Part(BaseModel):
    """A part of probe.json: what is named here must be there, the rest is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SectionRun(Part):
    """Which run it is."""

    id: str
    profile: str
    started: str


class SectionLevels(Part):
    """The levels of a task."""

    chance: float = Field(ge=0, lt=1)


class SectionRow(Part):
    """A model at a distance."""

    task: str
    upto: bool
    model: str
    distance: int = Field(ge=1)
    mean: FiniteFloat


class SectionJudgement(Part):
    """A verdict on a sentence."""

    claim: str
    measured: str
    verdict: str
    reason: str


class Section(Part):
    """What the section is made from."""

    run: SectionRun
    tasks: dict[str, SectionLevels]
    rows: tuple[SectionRow, ...]
    reaches: dict[str, dict[str, int]]
    verdicts: tuple[SectionJudgement, ...]

    @model_validator(mode="after")
    def check_reaches(self) -> Self:
        """Refuse a reach of a task at no distance of which there are results."""
        tried = {row.task for row in self.rows if not row.upto}
        if unknown := sorted(set(self.reaches) - tried):
            raise ValueError(f"reaches has {', '.join(unknown)}, of which there are no rows.")
        return self


def read_section(path: Path) -> dict[str, Any]:
    """Read what the section needs of a probe.json; rows of models that were tested beyond their training are left out.

    Raises ValueError if the file is not JSON or not of this form, OSError if it cannot be read.
    """
    section = Section.model_validate_json(path.read_bytes())
    rows = tuple(row for row in section.rows if not row.upto and row.task in section.tasks)
    return section.model_copy(update={"rows": rows}).model_dump(mode="json")


def build_section(section: Metrics) -> dict[str, Any]:
    """Put the section into sentences and a chart, as the page shows it."""
    chart = draw_overview(section["tasks"], section["rows"]) if section["rows"] else None
    described = describe_chart("probe", chart, "Accuracy of each model at each distance") if chart else None
    return {
        "question": QUESTION,
        "headline": describe_headline(section),
        "verdict_sentence": describe_verdicts(section),
        "verdicts": section["verdicts"],
        "chart": described and {**described, "alt": "Accuracy of each model at each distance; in tables on its page."},
        "link": link_page(section),
        "run": section["run"],
    }


def link_page(section: Metrics) -> str:
    """The way from a run's folder to the probe's page."""
    return f"../../probe/{quote(section['run']['id'], safe='')}/report.html"


def render_section(section: Metrics) -> list[str]:
    """Render the section as Markdown."""
    verdicts: Sequence[Mapping[str, str]] = section["verdicts"]
    return [
        f"## {QUESTION}",
        f"{escape_markdown(describe_headline(section))} {escape_markdown(describe_verdicts(section))}",
        *([render_table(verdicts)] if verdicts else []),
        f"The probe's own page: [{escape_markdown(link_page(section))}]({link_page(section)}).",
    ]

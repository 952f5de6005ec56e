"""The table of the page's sections, in order: the table of contents and the body of the page follow from it.

A section or a chart is added with a function in contents.py and a row here; a chart alone needs no template of its own.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from tasks.report.audit.sentences import QUESTION as LABEL_QUESTION
from tasks.report.curve.sentences import QUESTION as CURVE_QUESTION
from tasks.report.frame.page import make_environment
from tasks.report.probe.sentences import QUESTION
from tasks.report.run import contents
from tasks.report.run.facts import RunMetrics

CHART: Final = "chart"


class PageSection(NamedTuple):
    """A section: the target of links, its title in the table of contents, its heading, and how it is made.

    `build` returns what the template is given, or None when the run has nothing to show. A section `beside_first`
    shares the first screen with the leaderboard.
    """

    id: str
    title: str
    heading: str
    build: contents.Build
    template: str = CHART
    beside_first: bool = False


class Rendered(NamedTuple):
    """A section as the page shows it."""

    id: str
    title: str
    heading: str
    body: Markup
    beside_first: bool


SECTIONS: Final = (
    PageSection("leaderboard", "Leaderboard", "Leaderboard", contents.build_leaderboard, "leaderboard"),
    PageSection("cost", "Quality and cost", "Quality and cost", contents.build_cost, beside_first=True),
    PageSection("gate", "Gate", "Gate", contents.build_gate, "gate"),
    PageSection("numbers", "All numbers", "All numbers", contents.build_numbers, "numbers"),
    PageSection("differences", "Differences", "Differences", contents.build_differences),
    PageSection("tuning", "Tuning", "Does tuning help?", contents.build_tuning, "tuning"),
    PageSection(
        "challenges", "Further test sets", "How models do on further test sets", contents.build_challenges, "challenges"
    ),
    PageSection("slices", "Slices", "Where models do well and badly", contents.build_slices),
    PageSection(
        "calibration", "Calibration", "Can the probabilities be trusted?", contents.build_calibration, "calibration"
    ),
    PageSection("labels", "Labels", "How well each label is found", contents.build_labels, "labels"),
    PageSection(
        "confusions", "Confusions", "Which labels are taken for others", contents.build_confusions, "confusions"
    ),
    PageSection("errors", "Mistakes", "Mistakes", contents.build_errors, "errors"),
    PageSection("label-errors", "Label errors", LABEL_QUESTION, contents.build_label_errors, "label_errors"),
    PageSection("training", "Training", "Training and overfitting", contents.build_training, "training"),
    PageSection("claims", "Claims", "The course notebook's claims", contents.build_claims, "claims"),
    PageSection("probe", "Memory", QUESTION, contents.build_probe, "probe"),
    PageSection("curve", "More data", CURVE_QUESTION, contents.build_curve, "curve"),
    PageSection("data", "Data card", "Data card", contents.build_data, "data"),
    PageSection("drift", "Drift", "Drift", contents.build_drift, "drift"),
    PageSection(
        "method",
        "How to read this",
        "How to read this page, and how to repeat the run",
        contents.build_method,
        "method",
    ),
)


def render_sections(metrics: RunMetrics, sections: Sequence[PageSection]) -> list[Rendered]:
    """Render each section that the run has something to show in."""
    environment = make_environment()
    return [
        Rendered(
            section.id,
            section.title,
            section.heading,
            # Safe because the templates escape what they are given.
            Markup(environment.get_template(f"run/templates/{section.template}.html.j2").render(content)),  # noqa: S704
            section.beside_first,
        )
        for section in sections
        if (content := section.build(metrics)) is not None
    ]

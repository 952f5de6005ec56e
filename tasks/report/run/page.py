"""The report of a run of the main job as one page."""

from collections.abc import Sequence

from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.report.frame.page import load_frame, make_environment
from tasks.report.run import verdict
from tasks.report.run.facts import RunMetrics
from tasks.report.run.render import describe_run
from tasks.report.run.sections import SECTIONS, PageSection, render_sections


def render_page(metrics: RunMetrics, *, sections: Sequence[PageSection] = SECTIONS) -> str:
    """Render a run's metrics as HTML."""
    first, *others = render_sections(metrics, sections)
    template = make_environment().get_template("run/page.html.j2")
    return template.render(
        run=metrics.run,
        fallback_warning=FALLBACK_WARNING,
        verdict=verdict.describe_verdict(metrics),
        certainty=verdict.describe_certainty(metrics),
        baselines=" ".join(filter(None, [verdict.describe_baselines(metrics), verdict.describe_reading(metrics)])),
        about=describe_run(metrics.run),
        contents=[(section.id, section.title) for section in (first, *others)],
        first=first,
        beside_first=[section for section in others if section.beside_first],
        others=[section for section in others if not section.beside_first],
        **load_frame(),
    )

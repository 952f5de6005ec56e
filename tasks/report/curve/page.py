"""The report of learning curves as one page: how accuracy grows, and what more reviews would bring."""

from tasks.curve.facts import LearningCurve
from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.report.curve import sentences
from tasks.report.curve.charts import draw_curves, list_drawn
from tasks.report.curve.markdown import TEXTS
from tasks.report.curve.style import style_models
from tasks.report.curve.tables import describe_run, tabulate_accuracy, tabulate_growths, tabulate_winners
from tasks.report.frame.page import describe_chart, load_frame, make_environment
from tasks.report.run.tables import Table, make_table


def render_curve_page(curve: LearningCurve) -> str:
    """Render learning curves as HTML."""
    tables = build_tables(curve)
    chart = draw_curves(curve.points, curve.growths) if curve.points else None
    return (
        make_environment()
        .get_template("curve/page.html.j2")
        .render(
            **load_frame(),
            question=sentences.QUESTION,
            fallback_warning=FALLBACK_WARNING,
            headline=sentences.describe_gain(curve),
            trust=sentences.describe_trust(curve),
            winners=sentences.describe_winners(curve),
            about=describe_run(curve.run),
            run=curve.run,
            method=sentences.METHOD,
            legend=style_models(list_drawn(curve.points)),
            chart=describe_chart("curves", chart, "Accuracy by the number of training reviews") if chart else None,
            tables=tables,
            contents=list_contents(tables),
        )
    )


def build_tables(curve: LearningCurve) -> dict[str, Table | None]:
    """Build every table by the name that the template knows."""
    versions = [{"library": name, "version": version} for name, version in curve.run.versions.items()]
    texts = list(TEXTS)
    return {
        "accuracy": make_table(tabulate_accuracy(curve), texts=texts),
        "growths": make_table(tabulate_growths(curve), texts=texts),
        "winners": make_table(tabulate_winners(curve), texts=texts),
        "versions": make_table(versions, texts=["version"]),
    }


def list_contents(tables: dict[str, Table | None]) -> list[tuple[str, str]]:
    """List the sections that the page has."""
    sections = (
        ("curves", "Learning curves", "accuracy"),
        ("gain", "Twice the reviews", "growths"),
        ("winners", "Best at each size", "winners"),
        ("method", "Method", "versions"),
    )
    return [(name, title) for name, title, table in sections if tables[table]]

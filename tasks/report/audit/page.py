"""The report of an audit of labels as one page: how many are probably wrong, and the reviews that have them."""

from tasks.audit.facts import LabelErrors
from tasks.report.audit.content import build_content
from tasks.report.audit.sentences import QUESTION, describe_headline, warn_of_fallback
from tasks.report.frame.page import load_frame, make_environment


def render_audit_page(found: LabelErrors, *, run_id: str) -> str:
    """Render an audit as HTML."""
    return (
        make_environment()
        .get_template("audit/page.html.j2")
        .render(
            **load_frame(),
            **build_content(found),
            question=QUESTION,
            headline=describe_headline(found),
            warning=warn_of_fallback(found),
            dataset=found.dataset,
            run_id=run_id,
            contents=[("labels", "Labels"), *([("reviews", "Reviews")] if found.suspects else [])],
        )
    )

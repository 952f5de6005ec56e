"""An audit of labels as its page and the section of a run's page show it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tasks.audit.facts import LabelErrors, Suspect
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.report.audit.facts import AuditSection
from tasks.report.audit.sentences import (
    ADVICE,
    QUESTION,
    describe_headline,
    describe_method,
    describe_set_right,
    warn_of_fallback,
)
from tasks.report.audit.tables import tabulate_noise, tabulate_splits
from tasks.report.run.tables import make_table


def build_content(found: LabelErrors) -> dict[str, Any]:
    """Build what body.html.j2 shows."""
    return {
        "method": describe_method(found),
        "set_right": describe_set_right(found),
        "advice": ADVICE if found.suspects else "",
        "suspects": [describe_suspect(suspect) for suspect in found.suspects],
        "num_listed": sum(found.num_listed.values()),
        "tables": {"noise": make_table(tabulate_noise(found)), "splits": make_table(tabulate_splits(found))},
    }


def build_audit(section: AuditSection) -> Mapping[str, object]:
    """Build the section of a run's page."""
    content = build_content(section.found)
    return {**content, "headline": describe_headline(section.found), "link": link_page(section.run_id)}


def describe_suspect(suspect: Suspect) -> dict[str, str]:
    """Describe a review as the page lists it."""
    cut = suspect.num_characters - len(suspect.text)
    return {
        "id": suspect.id,
        "label": suspect.label,
        "about": (
            f"{suspect.split} split; its label has a probability of {suspect.probability:.2%}, and "
            f"{suspect.suggested} of {suspect.suggested_probability:.1%}"
        ),
        "text": suspect.text,
        "cut": f"{cut:,} more characters" if cut else "",
    }


def link_page(run_id: str) -> str:
    """Return the relative link from the folder of a main run to the page of an audit."""
    return f"../../label-errors/{quote(run_id, safe='')}/report.html"


def render_audit_markdown(found: LabelErrors, *, level: int = 1) -> str:
    """Render an audit in short; `level` is that of its heading."""
    sentences = [describe_headline(found), describe_method(found), describe_set_right(found)]
    warning = warn_of_fallback(found)
    parts = [
        f"{'#' * level} {QUESTION}",
        *([f"**{escape_markdown(warning)}**"] if warning and level == 1 else []),
        *(escape_markdown(sentence) for sentence in sentences if sentence),
        render_table(tabulate_noise(found)),
        *([ADVICE] if found.suspects else []),
    ]
    return "\n\n".join(parts)

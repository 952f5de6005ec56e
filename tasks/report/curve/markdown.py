"""The report of learning curves in short, as Markdown."""

from collections.abc import Mapping, Sequence

from tasks.curve.facts import LearningCurve
from tasks.formatting.markdown import escape_markdown, render_table
from tasks.ingest.datasets import FALLBACK_WARNING
from tasks.report.curve.sentences import METHOD, QUESTION, describe_gain, describe_trust, describe_winners
from tasks.report.curve.tables import describe_run, tabulate_accuracy, tabulate_growths, tabulate_winners

# Columns of text, aligned to the left; all others have numbers.
TEXTS = frozenset({"model", "most accurate", "not told apart", "foreseen", "law", "beats the constant answer"})


def render_curve_markdown(curve: LearningCurve) -> str:
    """Render what follows, the tables, what failed or was left out, and how it was measured."""
    run = curve.run
    warning = [f"**{FALLBACK_WARNING}** {escape_markdown(run.fallback_reason)}"] if run.is_fallback else []
    parts = [
        f"# {QUESTION}",
        *warning,
        f"**{escape_markdown(describe_gain(curve))}** {escape_markdown(describe_trust(curve))}",
        escape_markdown(describe_winners(curve)),
        f"{escape_markdown(describe_run(run))}. Run {escape_markdown(run.id)}, started {run.started}.",
        "## Accuracy on test, by the number of training reviews",
        *render_rows(tabulate_accuracy(curve)),
        "## Twice the training reviews",
        *render_rows(tabulate_growths(curve)),
        "## The most accurate model at each size",
        *render_rows(tabulate_winners(curve)),
        *(["## Left out", list_lines(run.left_out)] if run.left_out else []),
        *(["## Failed", list_lines(run.failed)] if run.failed else []),
        "## How it was measured",
        list_lines(list(METHOD.values())),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_rows(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Render rows as a table with numbers aligned to the right; nothing if there are no rows."""
    return [render_table(rows, right_aligned=[name for name in rows[0] if name not in TEXTS])] if rows else []


def list_lines(lines: Sequence[str]) -> str:
    """Make a list of sentences."""
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)

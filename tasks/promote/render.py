"""A decision of the gate in words: the same in the logs, the summary, on the page and in the Prefect UI."""

from typing import Final

from tasks.formatting.markdown import escape_markdown, render_table
from tasks.promote.facts import Decision, LostReview

# The beginning is enough to recognise a review, and keeps the artifact far below Prefect's limit on its size.
SHOWN_CHARACTERS: Final = 300
PLACES: Final = {"worse": "worse", "kept": "within the margin", "open": "undecided"}
SLICE_NUMBERS: Final = ("reviews", "points", "per 100 answers", "interval")


def describe_gate(gate: Decision) -> str:
    """Say in a sentence what the gate decided."""
    candidate, champion = gate.candidate, gate.champion
    match gate.outcome:
        case "promoted":
            place = f" in place of {champion}" if champion else " as the first champion"
            return f"Promoted {candidate}{place}."
        case "held":
            return f"Not promoted, because the settings do not allow it: {candidate} would have become the champion."
        case "kept":
            return f"Nothing to change: {candidate} is the champion already."
    if not champion:
        return f"Refused {candidate}, so there is still no champion." if candidate else "No candidate and no champion."
    return f"{f'Refused {candidate}' if candidate else 'No candidate'}: {champion} stays the champion."


def describe_lost(gate: Decision) -> str:
    """Say how many reviews the candidate would lose; empty when it was compared with no champion."""
    if gate.comparison is None or gate.comparison.lost is None:
        return ""
    lost, won = gate.comparison.lost, gate.comparison.only_candidate
    shown = len(lost.reviews)
    which = f"; the {shown} about which it is most confident are listed below" if lost.num_reviews > shown else ""
    return (
        f"The candidate gets {lost.num_reviews:,} test reviews wrong that the champion gets right, and {won:,} "
        f"right that the champion gets wrong{which}."
    )


def tabulate_slices(gate: Decision) -> list[dict[str, str]]:
    """Format the comparison on each slice as a row of text."""
    unit = gate.comparison.unit if gate.comparison else ""
    return [
        {
            "slice": f"{part.group}: {part.name}",
            "reviews": f"{part.num_reviews:,}",
            unit: f"{100 * part.difference:+.2f}",
            "interval": f"{100 * part.low:+.2f} to {100 * part.high:+.2f}",
            "verdict": PLACES[part.place],
        }
        for part in (gate.comparison.slices if gate.comparison else ())
    ]


def describe_claim(review: LostReview) -> str:
    """Say what the candidate predicts for a review."""
    return f"the candidate predicts {review.answer} with probability {review.probability:.1%}"


def list_reasons(gate: Decision) -> str:
    """List the reasons and warnings as Markdown."""
    return "\n".join(f"- {escape_markdown(reason)}" for reason in [*gate.reasons, *gate.warnings])


def render_gate(gate: Decision) -> str:
    """Render a decision as Markdown: the sentence, reasons, slices, and reviews that only the champion got right."""
    parts = [f"# {escape_markdown(describe_gate(gate))}", list_reasons(gate)]
    if gate.comparison:
        parts += [
            "## Slices: candidate minus champion",
            render_table(tabulate_slices(gate), right_aligned=SLICE_NUMBERS),
        ]
        parts += ["## Reviews that only the champion gets right", escape_markdown(describe_lost(gate))]
        parts += ["\n".join(map(render_review, gate.comparison.lost.reviews if gate.comparison.lost else ()))]
    return "\n\n".join(filter(None, parts)) + "\n"


def render_review(review: LostReview) -> str:
    """Render a review as an item of a list."""
    cut = review.num_characters - len(review.text[:SHOWN_CHARACTERS])
    more = f" … ({cut:,} more characters)" if cut else ""
    about = f"{review.id}, {review.label}; {describe_claim(review)}"
    return f"- **{escape_markdown(about)}**: {escape_markdown(review.text[:SHOWN_CHARACTERS])}{more}"

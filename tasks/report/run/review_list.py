"""The reviews that models get wrong, as the page lists them."""

from collections.abc import Sequence
from typing import Any, Final

from tasks.compare.facts import ConfidentMistake, Review
from tasks.evaluate.facts import WordWeight
from tasks.formatting.texts import join
from tasks.promote.facts import Decision
from tasks.promote.render import describe_claim
from tasks.report.run.facts import RunMetrics

EVERY: Final = "every"
# From here on, one digit after the point is enough.
LARGE_WEIGHT: Final = 0.05


def list_reviews(metrics: RunMetrics) -> list[dict[str, Any]]:
    """List each review once: its text, which models are confident and wrong, and whether every model is wrong."""
    errors = metrics.errors
    if errors is None:
        return []
    mistakes: dict[int, list[ConfidentMistake]] = {}
    for mistake in errors.confident:
        mistakes.setdefault(mistake.row, []).append(mistake)
    answers = {mistake.row: mistake for mistake in errors.missed_by_all.answers}
    missed = set(errors.missed_by_all.rows)
    rows = sorted({*mistakes, *missed}, key=lambda row: (-len(mistakes.get(row, ())), row))
    return [
        describe_review(
            errors.texts[str(row)],
            mistakes.get(row, []),
            answer=answers.get(row),
            is_missed=row in missed and len(errors.models) > 1,
            label_names=metrics.run.label_names,
        )
        for row in rows
    ]


def describe_review(
    review: Review,
    mistakes: Sequence[ConfidentMistake],
    *,
    answer: ConfidentMistake | None,
    is_missed: bool,
    label_names: Sequence[str],
) -> dict[str, Any]:
    """Describe one review and what the models predict for it; `answer` is that of the model that is looked at."""
    explained = [*mistakes, *([answer] if answer and answer.model not in {it.model for it in mistakes} else [])]
    claims = [f"{it.model} predicts {it.predicted} with probability {it.probability:.1%}" for it in mistakes]
    return {
        **show_text(review),
        "label_index": label_names.index(review.label),
        "models": [it.model for it in mistakes] + [EVERY] * is_missed,
        "reasons": [
            {"answer": f"{it.model} predicts {it.predicted}", "words": [show_weight(word) for word in it.words]}
            for it in explained
            if it.words
        ],
        "about": "; ".join(([join(claims)] if claims else []) + ["every model is wrong"] * is_missed),
    }


def show_weight(word: WordWeight) -> str:
    """Show a word with its weight on the same line: "dull +1.3"."""
    digits = 1 if abs(word.weight) >= LARGE_WEIGHT else 2
    return f"{word.word}\N{NO-BREAK SPACE}{word.weight:+.{digits}f}"


def list_lost(gate: Decision) -> list[dict[str, Any]]:
    """List the reviews that the champion got right and the candidate gets wrong."""
    reviews = gate.comparison.lost.reviews if gate.comparison and gate.comparison.lost else ()
    return [{**show_text(review), "about": describe_claim(review)} for review in reviews]


def show_text(review: Review) -> dict[str, Any]:
    """Show a review's text, and say how much of it is left out."""
    cut = review.num_characters - len(review.text)
    return {
        "id": review.id,
        "label": review.label,
        "text": review.text,
        "cut": f"{cut:,} more characters" if cut else "",
    }

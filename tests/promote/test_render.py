"""A decision in words: each outcome is said, no review is taken for markup, and the artifact stays small."""

from typing import Any

import pytest
from markdown_it import MarkdownIt

from tasks.promote.facts import Decision
from tasks.promote.render import describe_gate, describe_lost, render_gate

HOSTILE = "<script>alert(1)</script> | a_b *bold* `code` [link](http://x) \\ # !\n\n# head\n- item"


def make_gate(outcome: str, champion: str | None = "lstm-f1-0", *, reviews: int = 0, **changes: Any) -> Decision:
    review = {
        "id": "test-1",
        "label": "neg",
        "text": HOSTILE + "映" * 900,
        "num_characters": 5_000,
        "answer": "pos",
        "probability": 0.987,
    }
    counts = {"num_reviews": 10, "only_candidate": 3, "only_champion": 4}
    gap = {**counts, "difference": -0.1, "low": -0.2, "high": 0.05, "place": "open"}
    comparison = {
        **gap,
        "accuracy": {"candidate": 0.8, "champion": 0.9},
        "slices": [{"group": "label", "name": HOSTILE, **gap}],
        "lost": {"num_reviews": 2 * reviews, "reviews": [review] * reviews},
    }
    gate = {
        "outcome": outcome,
        "candidate": "conv-max",
        "model": "conv-max/f1",
        "champion": champion,
        "margin": 0.005,
        "slice_margin": 0.02,
        "reasons": [f"Because of {HOSTILE}"],
        "warnings": ["Beware."],
        "comparison": comparison if reviews else None,
        **changes,
    }
    return Decision.model_validate(gate)


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        (make_gate("promoted", None), "Promoted conv-max as the first champion."),
        (make_gate("promoted"), "Promoted conv-max in place of lstm-f1-0."),
        (make_gate("refused"), "Refused conv-max: lstm-f1-0 stays the champion."),
        (make_gate("refused", None), "Refused conv-max, so there is still no champion."),
        (make_gate("kept"), "Nothing to change: conv-max is the champion already."),
        (
            make_gate("held"),
            "Not promoted, because the settings do not allow it: conv-max would have become the champion.",
        ),
        (make_gate("refused", candidate=None), "No candidate: lstm-f1-0 stays the champion."),
        (make_gate("refused", None, candidate=None), "No candidate and no champion."),
    ],
)
def test_every_outcome_is_a_sentence(gate: Decision, sentence: str) -> None:
    assert describe_gate(gate) == sentence


def test_review_of_any_kind_stays_text_and_the_artifact_small() -> None:
    markdown = render_gate(make_gate("refused", reviews=30))
    assert len(markdown.encode()) < 100_000
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    assert "<script" not in html
    assert "<a " not in html
    assert "<em>" not in html
    assert html.count("<h1>") == 1
    assert html.count("<li>") == 2 + 30
    assert "4,700 more characters" in html


def test_lost_reviews_are_counted() -> None:
    assert describe_lost(make_gate("refused", reviews=30)) == (
        "The candidate gets 60 test reviews wrong that the champion gets right, and 3 right that the champion gets "
        "wrong; the 30 about which it is most confident are listed below."
    )
    assert describe_lost(make_gate("promoted", None)) == ""


def test_gate_without_a_comparison_has_no_slices() -> None:
    markdown = render_gate(make_gate("promoted", None))
    assert "Slices" not in markdown
    assert "Beware" in markdown

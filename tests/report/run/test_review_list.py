"""What the page says of the reviews that models get wrong."""

from collections.abc import Callable

import pytest

from tasks.compare.facts import ConfidentMistake
from tasks.evaluate.facts import WordWeight
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.review_list import list_reviews, show_weight

WORDS = (WordWeight(word="<b>dull</b>", weight=1.26), WordWeight(word="fine", weight=-0.04))


@pytest.fixture
def metrics(build: Callable[..., RunMetrics], add_result: Callable[..., object]) -> RunMetrics:
    return build(add_result("lstm", 80), add_result("conv-max", 90))


def explain(metrics: RunMetrics) -> RunMetrics:
    """The same run with the same words for each mistake of one model, and for an answer of the other."""
    errors = metrics.errors
    assert errors is not None
    confident = tuple(
        it.model_copy(update={"words": WORDS}) if it.model == "conv-max" else it for it in errors.confident
    )
    row = errors.missed_by_all.rows[0]
    answer = ConfidentMistake(model="gru", row=row, predicted="neg", probability=0.6, words=WORDS[:1])
    missed = errors.missed_by_all.model_copy(update={"answers": (answer,)})
    return metrics.model_copy(
        update={"errors": errors.model_copy(update={"confident": confident, "missed_by_all": missed})}
    )


def test_words_are_beside_the_answers_that_depend_on_them(metrics: RunMetrics) -> None:
    reviews = {review["id"]: review for review in list_reviews(explain(metrics))}
    errors = metrics.errors
    assert errors is not None
    row = errors.missed_by_all.rows[0]
    answers = [reason["answer"] for reason in reviews[errors.texts[str(row)].id]["reasons"]]
    assert answers[-1] == "gru predicts neg"
    assert all(
        reason["words"][0] == "<b>dull</b>\N{NO-BREAK SPACE}+1.3"
        for review in reviews.values()
        for reason in review["reasons"]
    )


def test_page_shows_words_as_text_and_says_what_weights_are(metrics: RunMetrics) -> None:
    page = render_page(explain(metrics))
    assert "which depends on: <bdi>&lt;b&gt;dull&lt;/b&gt;_+1.3</bdi>, <bdi>fine_-0.04</bdi>" in page.replace(
        "\xa0", "_"
    )
    assert "<b>dull</b>" not in page
    assert "not whether it is right" in page


def test_page_of_a_run_without_words_does_not_speak_of_weights(metrics: RunMetrics) -> None:
    assert "which depends on:" not in render_page(metrics)
    assert "not whether it is right" not in render_page(metrics)


@pytest.mark.parametrize(("weight", "shown"), [(1.26, "+1.3"), (-0.84, "-0.8"), (0.05, "+0.1"), (-0.04, "-0.04")])
def test_small_weights_are_shown_with_more_digits(weight: float, shown: str) -> None:
    assert show_weight(WordWeight(word="dull", weight=weight)) == f"dull\N{NO-BREAK SPACE}{shown}"

"""The page in a real browser: nothing leaves it, nothing runs from a review, it sorts, filters and fits a phone."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tasks.compare.results import ModelResult
from tasks.promote.facts import Decision
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page

pytestmark = pytest.mark.slow

AddResult = Callable[..., ModelResult]
Build = Callable[..., RunMetrics]
Open = Callable[..., Any]
HOSTILE = (
    "<script>window.hacked = 1</script></script><img src=x onerror='window.hacked = 2'>",
    "\"quotes\" 'and' {{ braces }} ${window.hacked = 3} <!-- <script>",
    "\u202eright to left\u202c and \u2028 line separators",
    "w" * 100_000,
)


@pytest.fixture
def open_page(open_html: Open) -> Open:
    """Renders metrics and opens the page."""
    return lambda metrics, **options: open_html(render_page(metrics), **options)


@pytest.fixture
def metrics(build: Build, add_result: AddResult) -> RunMetrics:
    """Two baselines, three neural models and hostile reviews, all of which some model gets wrong."""
    texts = [*HOSTILE, *(f"review {index} was not dull" for index in range(96))]
    return build(
        add_result("majority", 50, group="baseline"),
        add_result("nb-svm", correct=np.arange(100) >= 8, group="baseline"),
        add_result("lstm", correct=np.arange(100) >= 12),
        add_result("conv-max", correct=np.arange(100) % 5 > 0),
        add_result("long-lstm", correct=np.arange(100) >= 30, group="long"),
        texts=texts,
        warnings=["12 texts were blank <b>"],
    )


@pytest.fixture
def page_to_read(metrics: RunMetrics, kept_pages: list[Any], open_from_disk: Open) -> Any:
    """The page for tests that only read it: opened once for all of them."""
    if not kept_pages:
        kept_pages.append(open_from_disk(render_page(metrics)))
    return kept_pages[0].page


def test_hostile_reviews_stay_text(page_to_read: Any) -> None:
    page = page_to_read
    assert page.evaluate("window.hacked") is None
    shown = [text.text_content() for text in page.query_selector_all(".review bdi")]
    for text in HOSTILE:
        assert any(found == text[:1000] for found in shown)
    assert page.query_selector_all("#reviews script, #reviews img") == []


def test_long_review_is_cut_and_says_so(page_to_read: Any) -> None:
    assert "99,000 more characters" in page_to_read.text_content("#reviews")


def test_phone_has_no_sideways_scroll(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(metrics, width=390).page
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_every_chart_is_drawn_and_has_alternative_text(page_to_read: Any) -> None:
    page = page_to_read
    charts = page.query_selector_all("[data-chart]")
    assert len(charts) >= 8
    for chart in charts:
        svg = chart.query_selector("svg")
        assert svg is not None
        assert len(svg.get_attribute("aria-label")) > 20
        assert svg.query_selector_all("path, text, line, rect")


@pytest.mark.parametrize(("scheme", "color"), [("dark", "rgb(236, 238, 241)"), ("light", "rgb(23, 25, 28)")])
def test_words_of_charts_follow_the_theme(scheme: str, color: str, page_to_read: Any) -> None:
    page_to_read.emulate_media(color_scheme=scheme)
    assert page_to_read.evaluate("getComputedStyle(document.querySelector('.role-axis-label text')).fill") == color


def first_column(page: Any, table: int = 0) -> list[str]:
    heads = page.query_selector_all("table.sortable")[table].query_selector_all("tbody th")
    return [head.get_attribute("data-sort") for head in heads]


def test_leaderboard_sorts_by_its_heads_with_the_keyboard_too(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(metrics).page
    assert first_column(page)[0] in {"nb-svm", "ensemble"}
    page.click("#leaderboard th:has-text('accuracy') button")
    assert first_column(page)[0] == "majority"
    assert page.get_attribute("#leaderboard th:has-text('accuracy')", "aria-sort") == "ascending"
    page.focus("#leaderboard th:has-text('model') button")
    page.keyboard.press("Enter")
    assert first_column(page) == sorted(first_column(page))


def test_rows_without_a_number_stay_at_the_end(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(metrics).page
    for _ in range(2):
        page.click("#numbers th:has-text('validation') button")
        assert first_column(page, 1)[-1] == "ensemble"


def visible_reviews(page: Any) -> list[Any]:
    return [review for review in page.query_selector_all(".review") if review.is_visible()]


def test_reviews_are_filtered_by_model_label_and_text(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(metrics).page
    page.select_option("#filters select[name=model]", "lstm")
    found = visible_reviews(page)
    assert found
    assert all("lstm" in review.get_attribute("data-models").split() for review in found)
    page.select_option("#filters select[name=label]", "1")
    assert {review.get_attribute("data-label") for review in visible_reviews(page)} == {"1"}
    page.fill("#filters input", "window.hacked = 3")
    (only,) = visible_reviews(page)
    assert "{{ braces }}" in only.text_content()
    assert page.text_content("#filters output") == "1 of 1 reviews"
    page.fill("#filters input", "no such words")
    assert visible_reviews(page) == []


def test_more_reviews_are_shown_on_demand(build: Build, add_result: AddResult, open_page: Open) -> None:
    results = [add_result(f"model-{index}", correct=np.arange(100) // 10 != index) for index in range(4)]
    page = open_page(build(*results)).page
    assert len(visible_reviews(page)) == 20
    page.click("#more")
    assert len(visible_reviews(page)) == 40
    assert not page.is_visible("#more")


def test_costs_can_be_chosen(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(metrics).page
    page.select_option("#cost select", "parameters")
    assert "lstm" in page.text_content("#cost .names_marks")


def test_neural_models_below_the_baseline_are_flagged(page_to_read: Any) -> None:
    page = page_to_read
    flagged = page.query_selector_all("#leaderboard tr:has(td.below) th")
    assert {head.get_attribute("data-sort") for head in flagged} == {"lstm", "conv-max", "long-lstm"}
    assert "No neural model beats the best baseline" in page.text_content("header .lead")


def test_one_model_with_one_seed(build: Build, add_result: AddResult, open_page: Open) -> None:
    page = open_page(build(add_result("lstm", 80))).page
    assert page.text_content("h1") == "Ship lstm: it gets 80.0% of 100 test reviews right (95% interval 72.0-88.0%)."
    assert page.query_selector("#differences") is None


def test_seeds_that_differ_widely(build: Build, add_result: AddResult, open_page: Open) -> None:
    page = open_page(build(add_result("lstm", 95, seed=1), add_result("lstm", 45, seed=2), seeds=2)).page
    assert "70.0 ± 35.4%" in page.text_content("#leaderboard tbody")


def test_every_variant_failed(build: Build, fail_result: AddResult, open_page: Open) -> None:
    page = open_page(build(fail_result("lstm", "<b>no</b> memory"), fail_result("nb-svm", group="baseline"))).page
    assert page.text_content("h1") == "Nothing to ship: no model trained."
    assert "<b>no</b> memory" in page.text_content(".failures")
    assert "Splits" in page.text_content("#data")


def test_three_classes_over_two_seeds(build: Build, add_result: AddResult, open_page: Open) -> None:
    names = ["bad", "so so", "<b>good</b>"]
    results = [
        add_result(name, num_correct + seed, seed=seed, label_names=names)
        for name, num_correct in (("lstm", 80), ("conv-max", 60))
        for seed in (1, 2)
    ]
    page = open_page(build(*results, label_names=names, seeds=2)).page
    assert "±" in page.text_content("#leaderboard tbody")
    assert "<b>good</b>" in page.text_content("#data")


def test_class_that_the_test_split_lacks(build: Build, add_result: AddResult, open_page: Open) -> None:
    names, labels = ["bad", "so so", "good"], np.zeros(100, np.int32)
    results = [add_result(name, 80, label_names=names, labels=labels, roc_auc=None) for name in ("lstm", "flatten")]
    page = open_page(build(*results, label_names=names, labels=labels)).page
    row = page.query_selector("#numbers tbody tr").text_content().split()
    assert "-" in row


def test_page_of_many_models_stays_below_three_megabytes(build: Build, add_result: AddResult) -> None:
    random = np.random.default_rng(0)
    results = [
        add_result(f"model-{model}", seed=seed, correct=random.random(100) < 0.6)
        for model in range(10)
        for seed in (1, 2, 3)
    ]
    metrics = build(*results, texts=["wörter " * 500] * 100, seeds=3)
    assert len(render_page(metrics).encode()) < 3_000_000


def refuse(metrics: RunMetrics) -> RunMetrics:
    """The metrics of a run whose candidate did not pass the gate, and would have lost hostile reviews."""
    numbers = {"num_reviews": 100, "only_candidate": 3, "only_champion": 13}
    gap = {**numbers, "difference": -0.1, "low": -0.2, "high": -0.03, "place": "worse"}
    reviews = [
        {
            "id": f"test-{index}",
            "label": "neg",
            "text": text[:1000],
            "num_characters": len(text),
            "answer": "<b>pos</b>",
            "probability": 0.9,
        }
        for index, text in enumerate(HOSTILE)
    ]
    gate = {
        "outcome": "refused",
        "candidate": "lstm",
        "model": "lstm/f1",
        "champion": "nb-svm-f1-0",
        "margin": 0.005,
        "slice_margin": 0.02,
        "reasons": ["It is <b>worse</b>."],
        "warnings": ["Beware of <i>overlap</i>."],
        "comparison": {
            **gap,
            "accuracy": {"candidate": 0.8, "champion": 0.9},
            "slices": [{"group": "label", "name": "<u>neg</u>", **gap}],
            "lost": {"num_reviews": 40, "reviews": reviews},
        },
    }
    return metrics.model_copy(update={"gate": Decision.model_validate(gate)})


def test_refusal_stands_below_the_leaderboard_with_reasons_and_lost_reviews(
    metrics: RunMetrics, open_page: Open
) -> None:
    page = open_page(refuse(metrics)).page
    sections = [section.get_attribute("id") for section in page.query_selector_all("main > section")]
    assert sections[:2] == ["leaderboard", "gate"]
    assert page.query_selector("nav a[href='#gate']") is not None
    text = page.text_content("#gate")
    assert "Refused lstm: nb-svm-f1-0 stays the champion." in text
    assert "It is <b>worse</b>." in text
    assert "Beware of <i>overlap</i>." in text
    assert "label: <u>neg</u>" in text
    assert "gets 40 test reviews wrong" in text
    assert page.query_selector_all("#gate :is(b, i, u, script, img)") == []
    assert page.evaluate("window.hacked") is None
    shown = [review.text_content() for review in page.query_selector_all("#gate .lost bdi")]
    assert shown == [text[:1000] for text in HOSTILE]
    assert "the candidate predicts <b>pos</b> with probability 90.0%" in text


def test_refusal_fits_a_phone_with_everything_unfolded(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(refuse(metrics), width=390).page
    page.evaluate("document.querySelectorAll('#gate details').forEach((details) => { details.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_lost_reviews_are_not_among_those_that_are_filtered(metrics: RunMetrics, open_page: Open) -> None:
    page = open_page(refuse(metrics)).page
    page.fill("#filters input", "no such words")
    assert len(page.query_selector_all("#gate .lost")) == len(HOSTILE)
    assert page.query_selector_all("#gate .lost[hidden]") == []


def test_first_champion_has_neither_slices_nor_lost_reviews(page_to_read: Any) -> None:
    page = page_to_read
    assert "as the first champion" in page.text_content("#gate")
    assert page.query_selector("#gate details") is None

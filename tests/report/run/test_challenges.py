"""Further test sets on the page: a sentence about the recommended model, and a table of all."""

from collections.abc import Callable

import pytest

from tasks.challenge.facts import Challenge, ChallengedModel
from tasks.compare.facts import Estimate
from tasks.compare.results import ModelResult
from tasks.ingest.facts import ChallengeSetFacts
from tasks.report.run.challenges import describe_challenges, render_challenges, tabulate_challenges
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown

AddResult = Callable[..., ModelResult]
Build = Callable[..., RunMetrics]
REVIEWS = ChallengeSetFacts(
    name="contrast", num_read=490, counts={"neg": 240, "pos": 248}, overlaps={"train": 2}, dropped={}, warnings=[]
)


def challenge(model: str, accuracy: float, drop: float) -> ChallengedModel:
    return ChallengedModel(
        model=model,
        seeds=1,
        accuracy=Estimate(value=accuracy, low=accuracy - 0.04, high=accuracy + 0.04),
        drop=Estimate(value=drop, low=drop - 0.05, high=drop + 0.05),
    )


@pytest.fixture
def challenged(build: Build, add_result: AddResult) -> RunMetrics:
    found = Challenge(reviews=REVIEWS, models=(challenge("flatten", 0.97, -0.27), challenge("lstm", 0.75, 0.2)))
    return build(add_result("lstm", 95), add_result("flatten", 70)).model_copy(update={"challenges": (found,)})


def test_sentence_is_about_the_recommended_model(challenged: RunMetrics) -> None:
    sentence = (
        "On contrast (488 reviews), lstm is 75.0% accurate (71.0 to 79.0%), 20.0 points less than on test (95% "
        "interval of the drop: 15.0 to 25.0)."
    )
    assert describe_challenges(challenged) == [sentence]
    assert describe_challenges(challenged.select_leaderboard()) == [sentence]


def test_table_has_the_models_in_the_order_of_the_leaderboard(challenged: RunMetrics) -> None:
    table = tabulate_challenges(challenged)
    assert table is not None
    assert table.rows[0] == {
        "model": "lstm",
        "test": "95.0%",
        "contrast": "75.0% (71.0 to 79.0)",
        "contrast: drop": "+20.0 (15.0 to 25.0)",
    }
    assert table.rows[1]["contrast: drop"] == "-27.0 (-32.0 to -22.0)"


def test_set_is_on_the_page_and_in_the_summary(challenged: RunMetrics) -> None:
    page, summary = render_page(challenged), render_markdown(challenged)
    assert 'id="challenges"' in page
    assert "+20.0 (15.0 to 25.0)" in page
    assert "## Further test sets" in summary
    assert "contrast: 488 of 490 reviews are used; left out: 2 also in the train split." in summary
    assert RunMetrics.model_validate_json(challenged.model_dump_json()) == challenged


def test_set_is_described_even_if_no_model_trained(challenged: RunMetrics) -> None:
    nobody = challenged.model_copy(update={"challenges": (Challenge(reviews=REVIEWS, models=()),)})
    assert describe_challenges(nobody) == ["On contrast (488 reviews), no model was tried, because none trained."]
    assert render_challenges(nobody) == []


def test_run_without_such_sets_does_not_mention_them(build: Build, add_result: AddResult) -> None:
    metrics = build(add_result("lstm", 95))
    assert describe_challenges(metrics) == []
    assert 'id="challenges"' not in render_page(metrics)
    assert "challenges" not in metrics.model_dump_json()
    assert "challenges" not in metrics.select_leaderboard().model_dump_json()

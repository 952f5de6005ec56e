"""Tuning on the page: the budget, validation beside test, and whether it helped beyond chance."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.compare.results import ModelResult
from tasks.objective.facts import Objective
from tasks.report.run.facts import RunMetrics
from tasks.report.run.page import render_page
from tasks.report.run.render import render_markdown
from tasks.report.run.tuning import describe_budget, describe_tuning, show_change, tabulate_settings, tabulate_tuning
from tasks.tune.facts import Budget, Scored, StudyFacts, Tuning

AddResult = Callable[..., ModelResult]
Build = Callable[..., RunMetrics]
USUAL = Scored(loss=0.41239, accuracy=0.801)
STUDY = StudyFacts(
    name="lstm",
    tuned="lstm-tuned",
    is_baseline=False,
    completed=5,
    pruned=3,
    failed=1,
    seconds=1_234.4,
    usual=USUAL,
    chosen=Scored(loss=0.35, accuracy=0.85),
    definition={"base": "lstm", "units": 64, "dropout": 0.05, "encoding": {"length": 240}},
    importance={"units": 0.7, "encoding.length": 0.3},
)
SAME = STUDY.model_copy(
    update={"name": "flatten", "tuned": "flatten-tuned", "chosen": USUAL, "definition": None, "importance": {}}
)
FAILED = SAME.model_copy(update={"name": "gru", "tuned": "gru-tuned", "usual": None, "chosen": None})
TUNING = Tuning(budget=Budget(trials=9, seconds=None), folds=None, num_validation=2_500, studies=(STUDY, SAME, FAILED))


ALL_FAILED = (
    "All 9 trials of lstm failed, the first one because: out of memory. No settings were compared, so it keeps its "
    "usual ones."
)


@pytest.fixture
def tuned(build: Build, add_result: AddResult) -> RunMetrics:
    """A run in which tuning helped one model of three."""
    results = [add_result("lstm", 60), add_result("lstm-tuned", 95), add_result("flatten", 90)]
    return build(*results).model_copy(update={"tuning": TUNING})


def test_table_has_validation_and_test_before_and_after(tuned: RunMetrics) -> None:
    table = tabulate_tuning(tuned)
    assert table is not None
    first, second, third = table.rows
    assert first == {
        "model": "lstm",
        "trials": "9",
        "pruned": "3",
        "failed": "1",
        "seconds": "1,234",
        "validation loss": "0.4124 → 0.3500",
        "validation accuracy": "80.1% → 85.0%",
        "test accuracy": "60.0% → 95.0%",
        "change on test, points": first["change on test, points"],
    }
    assert first["change on test, points"].startswith("+35.00 (+")
    assert (second["test accuracy"], second["change on test, points"]) == ("90.0% → -", "-")
    assert third["validation loss"] == "- → -"


def test_table_has_the_chosen_settings_and_what_mattered(tuned: RunMetrics) -> None:
    table = tabulate_settings(tuned)
    assert table is not None
    assert [tuple(row.values()) for row in table.rows] == [
        ("lstm", "units 64, dropout 0.05, encoding.length 240", "units 70%, encoding.length 30%"),
        ("flatten", "the usual settings", "-"),
        ("gru", "the usual settings", "-"),
    ]


def test_metric_that_decides_is_shown_before_and_after(
    tuned: RunMetrics,
) -> None:
    usual, chosen = (
        it.model_copy(update={"score": score}) for it, score in ((USUAL, -30), (STUDY.chosen, -20.5)) if it
    )
    study = STUDY.model_copy(update={"usual": usual, "chosen": chosen})
    run = tuned.run.model_copy(update={"objective": Objective(metric="cost", costs=((0, 1), (9, 0)))})
    tuning = TUNING.model_copy(update={"aim": "cost", "studies": (study,)})
    changed = tuned.model_copy(update={"run": run, "tuning": tuning})
    table = tabulate_tuning(changed)
    assert table is not None
    assert table.rows[0]["validation cost"] == "30.000 → 20.500"
    assert "test cost" in table.rows[0]
    assert "judged by their cost on the 2,500" in describe_tuning(changed)


@pytest.mark.parametrize(
    ("update", "sentence"),
    [
        ({}, "1 of 9 trials of lstm failed, the first one because: out of memory."),
        (
            {"completed": 0, "pruned": 0, "failed": 9, "usual": None, "chosen": None},
            ALL_FAILED,
        ),
    ],
)
def test_failed_trials_are_told_with_the_reason(update: dict[str, Any], sentence: str, tuned: RunMetrics) -> None:
    study = STUDY.model_copy(update={"failure": "out of memory.", **update})
    changed = tuned.model_copy(update={"tuning": TUNING.model_copy(update={"studies": (study, SAME)})})
    assert describe_tuning(changed).endswith(f"what counts. {sentence}")
    assert "failed, the first" not in describe_tuning(tuned)


def test_change_has_the_sign_of_the_tuned_model(build: Build, add_result: AddResult) -> None:
    worse = build(add_result("lstm", 90), add_result("lstm-tuned", 60)).model_copy(update={"tuning": TUNING})
    table = tabulate_tuning(worse)
    assert table is not None
    assert table.rows[0]["change on test, points"].startswith("-30.00 (-")
    assert "On test, tuning helped beyond chance: none of them." in describe_tuning(worse)


def test_sentence_says_how_trials_were_judged_and_which_models_gained(tuned: RunMetrics) -> None:
    sentence = describe_tuning(tuned)
    assert "Each model was tuned with 9 trials" in sentence
    assert "by their calibrated loss on the 2,500 validation reviews" in sentence
    assert "For 1 of 3 models" in sentence
    assert "On test, tuning helped beyond chance: lstm-tuned." in sentence
    by_folds = tuned.model_copy(update={"tuning": TUNING.model_copy(update={"folds": 5})})
    assert "in a cross-validation with 5 parts" in describe_tuning(by_folds)


@pytest.mark.parametrize(("num_validation", "folds", "advised"), [(499, None, True), (500, None, False), (9, 5, False)])
def test_folds_are_advised_where_few_reviews_judge(
    num_validation: int, folds: int | None, advised: object, tuned: RunMetrics
) -> None:
    tuning = TUNING.model_copy(update={"num_validation": num_validation, "folds": folds})
    assert ("--folds 5" in describe_tuning(tuned.model_copy(update={"tuning": tuning}))) is advised


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (Budget(trials=9, seconds=None), "9 trials"),
        (Budget(trials=None, seconds=60), "60 s of training"),
        (Budget(trials=9, seconds=60), "9 trials or 60 s of training"),
    ],
)
def test_budget_is_named(budget: Budget, text: str) -> None:
    assert describe_budget(budget) == text


def test_missing_number_is_a_dash() -> None:
    assert show_change(None, 0.5, template="{:.1%}") == "- → 50.0%"


def test_page_and_summary_show_it_and_metrics_keep_it(tuned: RunMetrics) -> None:
    assert RunMetrics.model_validate_json(tuned.model_dump_json()) == tuned
    html = render_page(tuned)
    assert 'id="tuning"' in html
    assert "units 64, dropout 0.05, encoding.length 240" in html
    markdown = render_markdown(tuned)
    assert "## Tuning" in markdown
    assert "| lstm | 9 | 3 | 1 | 1,234 |" in markdown
    assert "\\\\" not in markdown.partition("## Tuning")[2].partition("\n## ")[0]


def test_run_without_tuning_does_not_mention_it(build: Build, add_result: AddResult) -> None:
    metrics: Any = build(add_result("lstm", 60))
    assert tabulate_tuning(metrics) is None
    assert describe_tuning(metrics) == ""
    assert 'id="tuning"' not in render_page(metrics)
    assert "Tuning" not in render_markdown(metrics)
    assert "tuning" not in metrics.model_dump_json()

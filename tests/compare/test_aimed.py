"""Models compared by another metric than accuracy: who differs, by how much, and how often by chance."""

from typing import Any

import numpy as np
import pytest

from tasks.compare import aimed
from tasks.compare.aimed import compare_aimed, compare_by_swaps, estimate_error, summarise_answers
from tasks.compare.results import Contestant
from tasks.objective.decisions import evaluate
from tasks.objective.facts import Objective

MACRO_F1 = Objective(metric="macro-f1")
RECALL = Objective(metric="recall", label="b", place=1)
COST = Objective(metric="cost", costs=((0.0, 1.0), (10.0, 0.0)))
OBJECTIVES = [MACRO_F1, RECALL, COST]


def make_model(name: str, labels: np.ndarray, *answers: np.ndarray, shipped: int = 0) -> Contestant:
    predicted = np.stack(answers).astype(np.int32)
    model = Contestant(name, [], lambda _: np.zeros((len(labels), 2)), 2, predicted, predicted == labels, labels)
    object.__setattr__(model, "shipped", shipped)
    return model


def draw(random: np.random.Generator, labels: np.ndarray, *, false: float, missed: float) -> np.ndarray:
    wrong = random.random(len(labels)) < np.where(labels == 1, missed, false)
    return np.where(wrong, 1 - labels, labels)


def make_labels(random: np.random.Generator, num_reviews: int = 600) -> np.ndarray:
    return (random.random(num_reviews) < 0.1).astype(int)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda it: it.metric)
def test_clear_difference_is_found_and_has_the_right_sign(objective: Objective) -> None:
    random = np.random.default_rng(1)
    labels = make_labels(random)
    good = make_model("good", labels, draw(random, labels, false=0.01, missed=0.1))
    bad = make_model("bad", labels, draw(random, labels, false=0.05, missed=0.7))
    (pair,) = compare_aimed([bad, good], objective)
    assert pair.difference < pair.high < 0
    assert pair.low < pair.difference
    assert pair.differs
    counted = labels == objective.place if objective.place else np.ones(len(labels), np.bool_)
    assert pair.only_first == (bad.correct & ~good.correct)[:, counted].sum()


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda it: it.metric)
def test_models_that_are_equally_good_differ_in_at_most_five_of_a_hundred_runs(
    objective: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aimed, "NUM_SWAPS", 399)
    random = np.random.default_rng(2)
    p_values = []
    for _ in range(200):
        labels = make_labels(random, 300)
        models = [make_model(name, labels, draw(random, labels, false=0.05, missed=0.4)) for name in "ab"]
        p_values.append(compare_by_swaps(*models, objective))
    assert np.mean(np.array(p_values) < 0.05) <= 0.085, "200 runs have a standard error of 1.5 points"


def test_same_answers_do_not_differ() -> None:
    labels = make_labels(np.random.default_rng(3))
    answers = draw(np.random.default_rng(4), labels, false=0.1, missed=0.5)
    (pair,) = compare_aimed([make_model("a", labels, answers), make_model("b", labels, answers)], MACRO_F1)
    assert (pair.difference, pair.p_value, pair.differs) == (0, 1, False)


def test_seeds_widen_the_interval() -> None:
    random = np.random.default_rng(5)
    labels = make_labels(random, 3_000)
    spread = [draw(random, labels, false=0.02, missed=missed) for missed in (0.2, 0.5, 0.8)]
    one = summarise_answers(np.stack(spread[1:2]), labels, 2, MACRO_F1)
    three = summarise_answers(np.stack(spread), labels, 2, MACRO_F1)
    assert one.sd is None
    assert three.sd == pytest.approx(np.std([evaluate(it, labels, 2, MACRO_F1) for it in spread], ddof=1))
    assert three.high - three.low > 3 * (one.high - one.low)


def test_costs_are_shown_as_they_are() -> None:
    labels = np.array([0, 0, 0, 1])
    found = summarise_answers(np.array([[0, 1, 0, 0]]), labels, 2, COST)
    assert found.mean == (1 + 10) / 4
    assert found.low < found.mean < found.high


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda it: it.metric)
def test_interval_covers_the_true_value_nineteen_times_of_twenty(
    objective: Objective, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aimed, "NUM_DRAWS", 500)
    random = np.random.default_rng(6)
    labels = make_labels(random, 400_000)
    true_value = objective.sign * evaluate(draw(random, labels, false=0.05, missed=0.3), labels, 2, objective)
    covered = []
    for _ in range(200):
        labels = make_labels(random, 800)
        found = summarise_answers(draw(random, labels, false=0.05, missed=0.3)[None, :], labels, 2, objective)
        covered.append(found.low <= true_value <= found.high)
    assert np.mean(covered) > 0.9


def test_standard_error_comes_from_the_confusion_matrix() -> None:
    class Scores:
        confusion = ((850, 50), (30, 70))

    random = np.random.default_rng(7)
    cells = random.multinomial(1_000, [0.85, 0.05, 0.03, 0.07], size=2_000).reshape(-1, 2, 2)
    f1 = [2 * it.diagonal() / (it.sum(axis=0) + it.sum(axis=1)) for it in cells]
    scores: Any = Scores()
    assert estimate_error(scores, MACRO_F1) == pytest.approx(np.mean(f1, axis=1).std(), rel=0.1)


def test_run_that_aims_at_recall_recommends_the_model_that_finds_the_label(build: Any, add_result: Any) -> None:
    labels = np.repeat([0, 1], [80, 20])
    finder = (labels == 1) | (np.arange(100) < 60)
    careful = (labels == 0) | (np.arange(100) < 85)
    objective = {"metric": "recall", "label": "pos", "place": 1}

    def add(name: str, correct: np.ndarray, recall: float) -> Any:
        scores = {"objective": objective, "recall": recall, "confusion": ((60, 20), (0, 20))}
        validation = {"accuracy": float(correct.mean()), "recall": recall, "confusion": scores["confusion"]}
        return add_result(name, labels=labels, correct=correct, validation=validation, **scores)

    results = add("flatten", careful, 0.25), add("lstm", finder, 1.0)
    metrics = build(*results, labels=labels, objective=objective)
    assert metrics["recommendation"]["name"] == "lstm"
    assert metrics["recommendation"]["score"]["mean"] == 1
    assert metrics["variants"][0]["name"] == "lstm"
    (pair,) = metrics["pairs"]
    assert (pair["difference"], pair["differs"]) == (-0.75, True)
    assert metrics["claims"] == []

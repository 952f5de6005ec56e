"""Decisions for another metric than accuracy: they are the best ones, and move only for what luck does not explain."""

from typing import Any

import numpy as np
import pytest

from tasks.objective.answers import choose_answers
from tasks.objective.decisions import choose_decision, evaluate, find_ideal_threshold
from tasks.objective.facts import Objective, Rule

MACRO_F1 = Objective(metric="macro-f1")
RECALL = Objective(metric="recall", label="b", place=1)
MISSES_COST_TEN = Objective(metric="cost", costs=((0.0, 1.0), (10.0, 0.0)))


def draw(random: np.random.Generator, num_reviews: int, shares: list[float], *, skill: float = 1.5) -> Any:
    """True probabilities of labels, and labels drawn from them; the higher the skill, the surer."""
    logits = np.log(shares) + skill * random.normal(size=(num_reviews, len(shares)))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return probabilities, np.array([random.choice(len(shares), p=row) for row in probabilities])


def answer(choice: Any, probabilities: np.ndarray) -> np.ndarray:
    if choice.rule is not None:
        return np.asarray(choose_answers(probabilities, choice.rule))
    if probabilities.shape[1] > 2:
        return np.asarray(probabilities.argmax(axis=1))
    return (probabilities[:, 1] >= choice.threshold).astype(int)


@pytest.mark.parametrize("objective", [MACRO_F1, MISSES_COST_TEN], ids=lambda it: it.metric)
def test_threshold_of_two_labels_is_the_best_one_there_is(objective: Objective) -> None:
    probabilities, labels = draw(np.random.default_rng(1), 300, [0.9, 0.1])
    choice = choose_decision(probabilities, labels, objective)
    every = [(probabilities[:, 1] >= it).astype(int) for it in [0, *probabilities[:, 1], 1.1]]
    best = max(evaluate(it, labels, 2, objective) for it in every)
    ideal = (probabilities[:, 1] >= find_ideal_threshold(objective.costs)).astype(int)
    assert choice.value == pytest.approx(evaluate(answer(choice, probabilities), labels, 2, objective))
    assert evaluate(ideal, labels, 2, objective) <= choice.value <= best
    assert choice.value in (best, evaluate(ideal, labels, 2, objective))


def test_rare_label_is_named_where_the_likeliest_label_never_is() -> None:
    """One review in a hundred is of the rare label, and none is more likely to be than not."""
    random = np.random.default_rng(2)
    labels = (np.arange(5_000) % 100 == 0).astype(int)
    positive = np.clip(np.where(labels == 1, 0.3, 0.01) * random.lognormal(0, 0.4, 5_000), 0, 0.49)
    probabilities = np.column_stack([1 - positive, positive])
    choice = choose_decision(probabilities, labels, MACRO_F1)
    assert evaluate(np.zeros(5_000, int), labels, 2, MACRO_F1) < 0.5
    assert choice.value > 0.9
    assert 0.02 < choice.threshold < 0.3


@pytest.mark.parametrize("objective", [MACRO_F1, RECALL], ids=lambda it: it.metric)
@pytest.mark.parametrize("num_classes", [2, 3])
def test_decisions_stay_where_they_are_without_a_gain(objective: Objective, num_classes: int) -> None:
    probabilities = np.full((90, num_classes), 0.1 / (num_classes - 1))
    labels = np.arange(90) % num_classes
    probabilities[np.arange(90), labels] = 0.9
    choice = choose_decision(probabilities, labels, objective)
    assert (choice.threshold, choice.rule) == (0.5, None)
    assert choice.value == 1


def test_luck_of_a_few_reviews_moves_nothing() -> None:
    """By chance, another threshold is nearly always a little better for one of 40 reviews."""
    random = np.random.default_rng(3)
    moved = 0
    for _ in range(50):
        probabilities, labels = draw(random, 40, [0.5, 0.5])
        moved += choose_decision(probabilities, labels, MACRO_F1).threshold != 0.5
    assert moved <= 10


def test_true_probabilities_need_no_other_threshold_than_that_of_the_costs() -> None:
    assert find_ideal_threshold(MISSES_COST_TEN.costs) == pytest.approx(1 / 11)
    random = np.random.default_rng(4)
    chosen = [choose_decision(*draw(random, 2_000, [0.8, 0.2]), MISSES_COST_TEN).threshold for _ in range(20)]
    assert np.median(chosen) == pytest.approx(1 / 11, abs=0.02)


@pytest.mark.parametrize("num_classes", [2, 4])
def test_recall_rises_only_as_far_as_answers_are_right_every_other_time(num_classes: int) -> None:
    shares = [0.85, 0.15] if num_classes == 2 else [0.5, 0.1, 0.2, 0.2]
    probabilities, labels = draw(np.random.default_rng(5), 4_000, shares)
    usual = (probabilities[:, 1] >= 0.5) if num_classes == 2 else probabilities.argmax(axis=1) == 1
    answers = answer(choose_decision(probabilities, labels, RECALL), probabilities)
    named, mine = answers == 1, labels == 1
    assert named[mine].mean() >= usual[mine].mean()
    assert mine[named].mean() >= 0.5


def test_weights_of_several_labels_raise_macro_f1_on_other_reviews() -> None:
    random = np.random.default_rng(6)
    shares = [0.75, 0.2, 0.04, 0.01]
    probabilities, labels = draw(random, 4_000, shares, skill=1.0)
    others, other_labels = draw(random, 20_000, shares, skill=1.0)
    choice = choose_decision(probabilities, labels, MACRO_F1)
    assert choice.rule is not None
    assert choice.rule.weights[3] > choice.rule.weights[0]
    gain = evaluate(answer(choice, others), other_labels, 4, MACRO_F1)
    assert gain > evaluate(others.argmax(axis=1), other_labels, 4, MACRO_F1) + 0.03


def test_costs_of_several_labels_are_minimised() -> None:
    random = np.random.default_rng(7)
    costs = ((0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (20.0, 5.0, 0.0))
    objective = Objective(metric="cost", costs=costs)
    probabilities, labels = draw(random, 3_000, [0.6, 0.3, 0.1])
    choice = choose_decision(probabilities, labels, objective)
    assert choice.rule is not None
    assert choice.rule.costs == costs
    ideal = (probabilities @ np.array(costs)).argmin(axis=1)
    assert choice.value >= evaluate(ideal, labels, 3, objective)
    np.testing.assert_array_equal(choose_answers(probabilities, Rule(weights=(1, 1, 1), costs=costs)), ideal)
    assert choice.value > evaluate(probabilities.argmax(axis=1), labels, 3, objective) + 0.2


def test_many_labels_are_not_weighed() -> None:
    random = np.random.default_rng(8)
    probabilities = random.dirichlet(np.ones(60), size=200)
    labels = random.integers(60, size=200)
    assert choose_decision(probabilities, labels, MACRO_F1).rule is None


def test_label_that_validation_lacks_does_no_harm() -> None:
    probabilities, labels = draw(np.random.default_rng(9), 200, [0.6, 0.3, 0.1])
    for objective in (MACRO_F1, Objective(metric="recall", label="c", place=2)):
        choice = choose_decision(probabilities, np.minimum(labels, 1), objective)
        assert np.isfinite(choice.value)


def test_merit_of_an_answer_is_one_over_its_expected_cost() -> None:
    rule = Rule(weights=(1.0, 1.0), costs=((0.0, 1.0), (10.0, 0.0)))
    assert choose_answers(np.array([[0.8, 0.2], [0.95, 0.05]]), rule).tolist() == [1, 0]

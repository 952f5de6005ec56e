"""The weights of an ensemble: what they maximise, and what keeps them modest."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from tasks.stack.weights import NUM_FOLDS, PENALTY, Answers, fit_weights, gather_answers, predict_held_out

NUM_REVIEWS, NUM_CLASSES = 400, 3


def make_answers(noise: list[float], num_reviews: int = NUM_REVIEWS) -> Answers:
    """Models that see the labels through independent noise."""
    random = np.random.default_rng(1)
    labels = random.integers(0, NUM_CLASSES, num_reviews).astype(np.int32)
    evidence = np.eye(NUM_CLASSES)[labels]
    found = [softmax(evidence + random.normal(0, it, evidence.shape), axis=1) for it in noise]
    return gather_answers(found, labels)


def penalised_loss(weights: np.ndarray, answers: Answers) -> float:
    logs, labels = answers
    combined = log_softmax(np.tensordot(weights, logs, axes=1), axis=1)
    distance = weights - 1 / len(weights)
    return float(-combined[np.arange(len(labels)), labels].sum() + PENALTY * (distance**2).sum())


def test_weights_are_at_the_minimum() -> None:
    answers = make_answers([0.5, 1.0, 2.0])
    weights = fit_weights(answers)
    least = penalised_loss(weights, answers)
    for index in range(3):
        for step in (-0.01, 0.01):
            moved = weights.copy()
            moved[index] = max(0.0, moved[index] + step)
            assert penalised_loss(moved, answers) >= least - 1e-6


def test_better_models_weigh_more_and_none_weighs_less_than_nothing() -> None:
    first, second, third = fit_weights(make_answers([0.5, 1.0, 3.0]))
    assert first > second > third >= 0
    answers = make_answers([0.5, 1.0])
    opposed = Answers(np.stack([answers.log_probabilities[0], -answers.log_probabilities[1]]), answers.labels)
    assert fit_weights(opposed)[1] == 0


def test_few_reviews_leave_the_weights_near_the_average() -> None:
    few, many = fit_weights(make_answers([0.5, 3.0], 5)), fit_weights(make_answers([0.5, 3.0], 5_000))
    assert np.abs(few - 0.5).max() < np.abs(many - 0.5).max()


def test_no_review_decides_its_own_prediction() -> None:
    answers = make_answers([0.7, 1.0])
    before = predict_held_out(answers)
    labels = answers.labels.copy()
    labels[7] = (labels[7] + 1) % NUM_CLASSES
    after = predict_held_out(Answers(answers.log_probabilities, labels))
    np.testing.assert_array_equal(after[7], before[7])
    changed = (after != before).any(axis=1)
    assert changed.mean() == pytest.approx(1 - 1 / NUM_FOLDS, abs=0.01)

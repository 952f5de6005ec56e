"""The bootstrap interval of accuracy."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from tasks.evaluate.intervals import bootstrap_accuracy

NUM_REVIEWS = 1_000


def make_hits(*accuracies: float) -> np.ndarray:
    """Hits of seeds that are right on the first reviews: shape (num_seeds, NUM_REVIEWS)."""
    return np.stack([np.arange(NUM_REVIEWS) < rate * NUM_REVIEWS for rate in accuracies])


def width(hits: np.ndarray) -> float:
    low, high = bootstrap_accuracy(hits)
    return high - low


@pytest.mark.parametrize("accuracy", [0.5, 0.8, 0.95])
def test_one_seed_agrees_with_the_normal_approximation(accuracy: float) -> None:
    margin = 1.96 * math.sqrt(accuracy * (1 - accuracy) / NUM_REVIEWS)
    low, high = bootstrap_accuracy(make_hits(accuracy))
    assert (low, high) == pytest.approx((accuracy - margin, accuracy + margin), abs=0.15 * margin)


def test_interval_narrows_with_more_reviews() -> None:
    few = make_hits(0.8)[:, ::10]
    assert width(few) == pytest.approx(math.sqrt(10) * width(make_hits(0.8)), rel=0.15)


def test_agreeing_seeds_are_as_sure_as_one() -> None:
    assert width(make_hits(0.8, 0.8, 0.8)) == pytest.approx(width(make_hits(0.8)), rel=0.1)


def test_disagreeing_seeds_widen_the_interval() -> None:
    assert width(make_hits(0.7, 0.9)) > 2 * width(make_hits(0.8, 0.8))


def test_disagreeing_seeds_are_covered() -> None:
    low, high = bootstrap_accuracy(make_hits(0.7, 0.9))
    assert low < 0.72
    assert high > 0.88


def test_seeds_that_are_wrong_on_different_reviews_narrow_the_interval() -> None:
    turned = np.stack([make_hits(0.8)[0], np.roll(make_hits(0.8)[0], NUM_REVIEWS // 2)])
    assert width(turned) < width(make_hits(0.8, 0.8))


def test_same_hits_give_the_same_interval() -> None:
    assert bootstrap_accuracy(make_hits(0.7, 0.9)) == bootstrap_accuracy(make_hits(0.7, 0.9))


@pytest.mark.parametrize("hits", [make_hits(0.5), make_hits(0.1, 0.2), make_hits(0.999), np.array([[True, False]])])
def test_bounds_are_ordered_and_hold_the_accuracy(hits: np.ndarray) -> None:
    low, high = bootstrap_accuracy(hits)
    assert 0 <= low <= hits.mean() <= high <= 1


def simulate_hits(random: np.random.Generator, *, num_seeds: int, sd: float, num_reviews: int = 2_500) -> np.ndarray:
    """Hits of a recipe of accuracy 0.85 whose seeds have accuracies of this sd and err on much the same reviews."""
    accuracy = 0.85 + sd * random.normal(size=(num_seeds, 1))
    skill = norm.ppf(accuracy) + math.sqrt(0.8) * random.normal(size=num_reviews)
    return np.asarray(skill + math.sqrt(0.2) * random.normal(size=(num_seeds, num_reviews)) > 0)


@pytest.mark.slow
# An sd of 0.016 over 2,500 reviews is to the reviews' own standard error what half a point is over 25,000.
@pytest.mark.parametrize(("num_seeds", "sd"), [(1, 0.0), (3, 0.0), (5, 0.0), (3, 0.016), (5, 0.016), (3, 0.03)])
def test_interval_covers_the_accuracy_of_the_recipe(num_seeds: int, sd: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.evaluate.intervals.NUM_RESAMPLES", 2_000)
    random = np.random.default_rng(7)
    bounds = [bootstrap_accuracy(simulate_hits(random, num_seeds=num_seeds, sd=sd)) for _ in range(1_000)]
    assert 0.93 <= np.mean([low <= 0.85 <= high for low, high in bounds]) <= 0.975


def test_one_review_has_an_interval() -> None:
    assert bootstrap_accuracy(np.array([[True], [False], [True]])) == (0.0, 1.0)


@pytest.mark.parametrize("num_seeds", [1, 3])
def test_answers_that_are_all_right_leave_room_for_those_that_were_not_asked(num_seeds: int) -> None:
    """Wilson's bounds of 40 of 40: 1 / (1 + z**2 / n)."""
    low, high = bootstrap_accuracy(np.ones((num_seeds, 40), bool))
    assert (low, high) == (pytest.approx(1 / (1 + 1.959964**2 / 40)), 1.0)
    assert bootstrap_accuracy(np.zeros((num_seeds, 40), bool)) == (0.0, pytest.approx(1 - low))

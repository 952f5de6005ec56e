"""The bounds of a difference of pairs: their errors are enumerated, not hoped for."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm

from tasks.compare.significance import bootstrap_difference
from tasks.promote.bounds import CONTINUITY, bound_difference, measure_deviation


def chance_to_pass(num_reviews: int, differing: float, difference: float, *, margin: float) -> float:
    """Add up the chances of all counts of a pair at which the lower bound lies above minus the margin, at 5%."""
    critical = norm.ppf(0.95)
    share_of_first = (differing + difference) / 2 / differing
    total = 0.0
    for count in range(num_reviews + 1):
        chance = binom.pmf(count, num_reviews, differing)
        if chance < 1e-7:
            continue
        first = np.arange(count + 1)
        passing = [
            measure_deviation(int(it), int(count - it), num_reviews, difference=-margin) > critical for it in first
        ]
        total += chance * float(binom.pmf(first, count, share_of_first)[passing].sum())
    return total


@pytest.mark.parametrize(("num_reviews", "margin"), list(product([40, 150, 600], [0.005, 0.02, 0.05])))
def test_model_that_is_worse_by_the_margin_passes_in_at_most_five_of_a_hundred(num_reviews: int, margin: float) -> None:
    for differing in (1.0001 * margin, 1.5 * margin, 3 * margin, 0.1, 0.3):
        if margin < differing:
            assert chance_to_pass(num_reviews, differing, -margin, margin=margin) <= 0.05


def test_level_is_used_where_there_are_reviews_enough() -> None:
    assert chance_to_pass(2_000, 0.1, -0.02, margin=0.02) > 0.04


def test_statistic_is_taken_at_the_likeliest_rates_with_the_difference() -> None:
    """The closed form against a search for the rates that make the counts likeliest."""
    first, second, num_reviews, difference = 30, 45, 400, -0.02

    def unlikelihood(rate_second: float) -> float:
        rates = np.array([rate_second + difference, rate_second, 1 - 2 * rate_second - difference])
        return -float((np.array([first, second, num_reviews - first - second]) * np.log(rates)).sum())

    rate = minimize_scalar(unlikelihood, bounds=(0.0201, 0.5), method="bounded", options={"xatol": 1e-10}).x
    variance = num_reviews * (2 * rate + difference - difference**2)
    distance = first - second - num_reviews * difference
    expected = np.sign(distance) * (abs(distance) - CONTINUITY) / np.sqrt(variance)
    assert measure_deviation(first, second, num_reviews, difference=difference) == pytest.approx(expected, rel=1e-5)


def test_large_samples_have_the_bounds_of_the_bootstrap() -> None:
    random = np.random.default_rng(0)
    first, second = random.random(25_000) < 0.83, random.random(25_000) < 0.82
    low, high = bound_difference(int((first & ~second).sum()), int((second & ~first).sum()), len(first), tail=0.025)
    assert (low, high) == pytest.approx(bootstrap_difference(first[None], second[None]), abs=5e-4)


def test_few_reviews_prove_little_even_when_the_models_agree_on_all() -> None:
    low, high = bound_difference(0, 0, 20, tail=0.05)
    assert low == pytest.approx(-0.16, abs=0.005)
    assert high == -low


@pytest.mark.parametrize("counts", [(0, 0, 1), (1, 0, 1), (0, 1, 1), (5, 0, 5), (0, 5, 5), (3, 2, 5), (700, 0, 1_000)])
def test_bounds_enclose_the_difference_and_are_its_mirror(counts: tuple[int, int, int]) -> None:
    first, second, num_reviews = counts
    low, high = bound_difference(first, second, num_reviews, tail=0.05)
    assert -1 <= low <= (first - second) / num_reviews <= high <= 1
    assert bound_difference(second, first, num_reviews, tail=0.05) == (-high, -low)

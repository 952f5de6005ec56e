"""Confidence bounds for the difference in accuracy between two models that answered the same reviews."""

from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

# The normal curve is continuous and counts are not, so the observed deviation is reduced by half a review.
CONTINUITY: Final = 0.5
NEARLY_ONE: Final = 1.0 - 1e-9


def bound_difference(only_first: int, only_second: int, num_reviews: int, *, tail: float) -> tuple[float, float]:
    """Return the bounds of the first model's accuracy minus the second's, each wrong with probability `tail`.

    `only_first` and `only_second` count the reviews that only one of the two got right. Each bound is the most extreme
    difference that a score test for paired answers (Tango 1998, Statistics in Medicine 17:891) with a correction for
    continuity does not reject. Unlike a bootstrap, it accounts for how little a few reviews prove: two models that
    agree on all of 20 reviews may differ by 16 points, although no resample shows any difference. The tests enumerate
    its error rates.
    """
    return (
        find_lower_bound(only_first, only_second, num_reviews, tail=tail),
        -find_lower_bound(only_second, only_first, num_reviews, tail=tail),
    )


def find_lower_bound(only_first: int, only_second: int, num_reviews: int, *, tail: float) -> float:
    """Find the smallest difference that is not rejected as too small."""
    critical = float(norm.ppf(1.0 - tail))

    def exceed(difference: float) -> float:
        return measure_deviation(only_first, only_second, num_reviews, difference=difference) - critical

    observed = (only_first - only_second) / num_reviews
    if exceed(-NEARLY_ONE) <= 0:
        return -1.0
    return float(brentq(exceed, -NEARLY_ONE, min(observed, NEARLY_ONE)))


def measure_deviation(only_first: int, only_second: int, num_reviews: int, *, difference: float) -> float:
    """Compute Tango's score statistic: by how many standard errors the observed difference exceeds a supposed one.

    The standard error is that of the maximum-likelihood rates that have the supposed difference.
    """
    observed = only_first - only_second
    square = 2.0 * num_reviews
    linear = (square - observed) * difference - only_first - only_second
    constant = -only_second * difference * (1.0 - difference)
    rate_second = (np.sqrt(max(linear**2 - 4.0 * square * constant, 0.0)) - linear) / (2.0 * square)
    variance = num_reviews * (2.0 * rate_second + difference - difference**2)
    distance = observed - num_reviews * difference
    corrected = np.sign(distance) * max(abs(distance) - CONTINUITY, 0.0)
    return float(corrected / np.sqrt(variance)) if variance > 0 else 0.0

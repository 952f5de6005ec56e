"""How far apart the accuracies of two models may be that answered the same reviews."""

from typing import Final

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

# The normal curve runs through counts, which are whole: half a review is taken off what speaks for a difference.
CONTINUITY: Final = 0.5
NEARLY_ONE: Final = 1.0 - 1e-9


def bound_difference(only_first: int, only_second: int, num_reviews: int, *, tail: float) -> tuple[float, float]:
    """Return the bounds of the accuracy of the first model less that of the second, each missed with chance `tail`.

    `only_first` and `only_second` count the reviews that only one of the two got right. Each bound is the difference at
    which a score test for pairs (Tango 1998, Statistics in Medicine 17:891) with a correction for continuity just does
    not reject. Unlike a bootstrap it knows that few reviews prove little: two models that agree on all of 20 reviews
    may differ by 16 points, where every resample says by none. The tests enumerate its errors.
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
    """Measure in standard errors how far the observed difference is above a supposed one: Tango's score statistic.

    The standard error is that of the likeliest rates that have the supposed difference.
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

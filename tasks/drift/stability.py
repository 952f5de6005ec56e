"""The population stability index, and how much of it chance alone makes.

Siddiqi, Credit Risk Scorecards, 2006: below 0.1 a population counts as stable, above 0.25 as shifted. Yurdakul and
Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation, 2020: between two
samples of one population it is distributed as chi-squared with one degree of freedom less than there are bins, times
1/n + 1/m. With few reviews that alone passes 0.25, so a level counts only where the index also passes that noise.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from tasks.drift.facts import Level

LEVELS: Final[tuple[Level, ...]] = ("stable", "moving", "alarm")
STABLE: Final = LEVELS[0]
ALARM: Final = LEVELS[-1]
MOVING_FROM: Final = 0.1
ALARM_FROM: Final = 0.25
# Three measures a night: chance passes it less than once in 300 nights.
NOISE_QUANTILE: Final = 0.999
# Keeps an empty bin from making the index infinite; the prior of Jeffreys.
PSEUDO_COUNT: Final = 0.5


def stability_index(reference: Sequence[int], current: Sequence[int]) -> float:
    """Sum (q - p) ln(q / p) over the bins' shares: stability_index([50, 50], [50, 50]) -> 0.0."""
    p, q = shares(reference), shares(current)
    return float(np.sum((q - p) * np.log(q / p)))


def shares(counts: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Turn counts into shares, none of them zero."""
    padded = np.asarray(counts, np.float64) + PSEUDO_COUNT
    return np.asarray(padded / padded.sum())


def noise_bound(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return what the index of two samples of one population stays below 999 times in 1,000."""
    from scipy.stats import chi2

    quantile = float(chi2.ppf(NOISE_QUANTILE, max(1, len(reference) - 1)))
    return quantile * (1 / max(1, sum(reference)) + 1 / max(1, sum(current)))


def judge(index: float, noise: float) -> Level:
    """Name the level that an index reaches beyond noise: judge(0.3, 0.01) -> "alarm"; judge(0.3, 0.4) -> "stable"."""
    if index <= max(noise, MOVING_FROM):
        return "stable"
    return "alarm" if index > ALARM_FROM else "moving"

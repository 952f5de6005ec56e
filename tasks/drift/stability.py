"""The population stability index, and how large it gets by chance alone.

Siddiqi, Credit Risk Scorecards, 2006: a population counts as stable below 0.1 and as shifted above 0.25. Yurdakul and
Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation, 2020: for samples
of n and m reviews from one population, the index divided by 1/n + 1/m has a chi-squared distribution with one degree of
freedom fewer than there are bins. With few reviews, the index exceeds 0.25 by chance alone, so a level counts only if
the index also exceeds this noise.
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
# With four measures a night, chance exceeds it about once in 250 nights.
NOISE_QUANTILE: Final = 0.999
# Keeps an empty bin from making the index infinite; Jeffreys' prior.
PSEUDO_COUNT: Final = 0.5


def stability_index(reference: Sequence[int], current: Sequence[int]) -> float:
    """Sum (q - p) ln(q / p) over the shares of the bins: stability_index([50, 50], [50, 50]) -> 0.0."""
    p, q = shares(reference), shares(current)
    return float(np.sum((q - p) * np.log(q / p)))


def shares(counts: Sequence[int]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Turn counts into shares, none of which is zero."""
    padded = np.asarray(counts, np.float64) + PSEUDO_COUNT
    return np.asarray(padded / padded.sum())


def noise_bound(reference: Sequence[int], current: Sequence[int]) -> float:
    """Return the bound below which the index of two samples of one population stays 999 times in 1,000."""
    from scipy.stats import chi2

    quantile = float(chi2.ppf(NOISE_QUANTILE, max(1, len(reference) - 1)))
    return quantile * (1 / max(1, sum(reference)) + 1 / max(1, sum(current)))


def judge(index: float, noise: float) -> Level:
    """Name the level of an index that exceeds the noise: judge(0.3, 0.01) -> "alarm"; judge(0.3, 0.4) -> "stable"."""
    if index <= max(noise, MOVING_FROM):
        return "stable"
    return "alarm" if index > ALARM_FROM else "moving"

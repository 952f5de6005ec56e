"""How many test reviews it takes to show that a model is right more often than another, or than the constant answer."""

from math import ceil, floor, log10, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from tasks.compare.facts import ALPHA
from tasks.compare.significance import count_discordant

# How often the recommended number of test reviews gives the answer that is asked for.
POWER: Final = 0.8
# A smaller lead is hardly worth a model.
USEFUL_LEAD: Final = 0.05


def count_reviews_needed(*, lead: float, differing: float, num_models: int) -> int:
    """Count the test reviews that show a lead in 80 of 100 cases: Connor's formula for paired answers (1987).

    `lead` is the model's accuracy minus the constant answer's, and `differing` the share of reviews that only one of
    them gets right. The level is that of the correction for two tests of each model. The number is rounded up to two
    digits. For one model, a lead of 10 points, and 30% differing reviews: 240.
    """
    at_level = norm.ppf(1 - ALPHA / (2 * num_models)) * sqrt(differing)
    at_power = norm.ppf(POWER) * sqrt(differing - lead**2)
    return round_up(((at_level + at_power) / lead) ** 2)


def count_reviews_between(first: NDArray[np.bool_], second: NDArray[np.bool_], *, num_pairs: int) -> int | None:
    """Count the test reviews that tell two models apart in 80 of 100 cases, if they differ as much as on these reviews.

    Hits have shape (num_reviews,). The level is that of a correction for so many pairs of models. None if the two are
    level, or if no more reviews are needed than there are.
    """
    only_first, only_second = count_discordant(first, second)
    if only_first == only_second:
        return None
    num_reviews = len(first)
    lead, differing = abs(only_first - only_second) / num_reviews, (only_first + only_second) / num_reviews
    needed = count_reviews_needed(lead=lead, differing=differing, num_models=num_pairs)
    return needed if needed > num_reviews else None


def expect_differing(lead: float, constant_accuracy: float) -> float:
    """Return the share of differing reviews if the model's mistakes have nothing to do with the label.

    With a lead of 10 points over a constant answer that is right half of the time: 0.6 * 0.5 + 0.4 * 0.5 = 0.5.
    """
    accuracy = constant_accuracy + lead
    return accuracy * (1 - constant_accuracy) + (1 - accuracy) * constant_accuracy


def round_up(number: float) -> int:
    """Round up to two digits: round_up(1_234.5) -> 1_300."""
    unit = 10 ** max(0, floor(log10(number)) - 1)
    return int(ceil(number / unit) * unit)

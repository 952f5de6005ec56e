"""How many test reviews it takes to show that a model is right more often than the constant answer."""

from math import ceil, floor, log10, sqrt
from typing import Final

from scipy.stats import norm

from tasks.compare.facts import ALPHA

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

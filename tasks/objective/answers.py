"""Answers from the probabilities of more than two labels, by a rule."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.objective.facts import Costs, Rule

# An answer that is sure to cost nothing would be infinitely good.
SMALLEST_COST: Final = 1e-12


def choose_answers(probabilities: NDArray[np.floating[Any]], rule: Rule) -> NDArray[np.intp]:
    """Choose the answers: (num_reviews, num_classes) -> (num_reviews,)."""
    answers: NDArray[np.intp] = (measure_merits(probabilities, rule.costs) * np.array(rule.weights)).argmax(axis=1)
    return answers


def measure_merits(probabilities: NDArray[np.floating[Any]], costs: Costs | None) -> NDArray[np.float64]:
    """Measure how good each answer is, by probability or expected cost: shape (num_reviews, num_classes).

    Where "spam" has a probability of 0.2 and a missed one costs 10, but a false one 1, "ham" is expected to cost 2 and
    "spam" 0.8, so their merits are 0.5 and 1.25.
    """
    merits = np.asarray(probabilities, np.float64)
    return merits if costs is None else 1.0 / (merits @ np.array(costs) + SMALLEST_COST)

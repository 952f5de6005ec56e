"""Selective classification: accuracy on the reviews about which a model is most confident; a person gets the others.

All functions take confidence and hits of shape (num_reviews,). The order of reviews with equal confidence never
matters: within such a tie, each review counts with the average accuracy of the tie.
Source: El-Yaniv & Wiener 2010, "On the Foundations of Noise-free Selective Classification".
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.compare.facts import RiskCoverage


def risk_coverage(
    confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_], *, num_points: int = 101
) -> RiskCoverage:
    """Trace `accuracy` against `coverage`, the share of reviews that are answered, most confident first.

    Points are spread evenly from one review to all; with fewer reviews than points, there is one point per review.
    """
    num_reviews = len(confidence)
    answered = np.unique(np.rint(np.linspace(1, num_reviews, num_points)).astype(int))
    accuracy = expect_hits(confidence, correct)[answered - 1] / answered
    return RiskCoverage(coverage=(answered / num_reviews).tolist(), accuracy=accuracy.tolist())


def coverage_at_accuracy(
    confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_], *, accuracy: float = 0.95
) -> float:
    """Return the largest share of reviews, most confident first, that reaches this accuracy; 0 if none does.

    Only shares that a confidence threshold can select count: a tie is answered as a whole or not at all.
    """
    answered, hits = count_by_confidence(confidence, correct)
    enough = answered[hits / answered >= accuracy]
    return float(enough[-1] / len(confidence)) if len(enough) else 0.0


def area_under_risk_coverage(confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]) -> float:
    """Average the error rate over all coverages from one review to all (AURC, Geifman et al. 2019); 0 is best.

    For answers that are right, wrong and right, most confident first, the error rates are 0, 1/2 and 1/3, on average
    5/18.
    """
    answered = np.arange(1, len(confidence) + 1)
    return float((1.0 - expect_hits(confidence, correct) / answered).mean())


def expect_hits(confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the hits among the 1, 2, ... most confident reviews, averaged over all orders of ties."""
    answered, hits = count_by_confidence(confidence, correct)
    expected: NDArray[np.float64] = np.interp(np.arange(1, len(confidence) + 1), [0, *answered], [0, *hits])
    return expected


def count_by_confidence(
    confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Count the reviews at or above each distinct confidence, from the highest down, and the hits among them."""
    _, ties = np.unique(confidence, return_inverse=True)
    reviews = np.bincount(ties)
    hits = np.bincount(ties[correct], minlength=len(reviews))
    return reviews[::-1].cumsum(), hits[::-1].cumsum()

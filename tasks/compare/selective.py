"""What a model is worth when it may leave reviews to a person: accuracy on the share of which it is most confident.

All functions take confidence and hits of shape (num_reviews,). Reviews of equal confidence cannot be told apart, so
their order in the arrays never matters: within such a tie, each counts as right as often as the tie is on average.
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

    Points are spread evenly from one review to all; fewer reviews than points give one point per review.
    """
    num_reviews = len(confidence)
    answered = np.unique(np.rint(np.linspace(1, num_reviews, num_points)).astype(int))
    accuracy = expect_hits(confidence, correct)[answered - 1] / answered
    return RiskCoverage(coverage=(answered / num_reviews).tolist(), accuracy=accuracy.tolist())


def coverage_at_accuracy(
    confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_], *, accuracy: float = 0.95
) -> float:
    """Return the largest share of reviews, most confident first, that is answered with this accuracy; 0 if none is.

    Only shares that a limit on confidence can select count: a tie is answered as a whole or not at all.
    """
    answered, hits = count_by_confidence(confidence, correct)
    enough = answered[hits / answered >= accuracy]
    return float(enough[-1] / len(confidence)) if len(enough) else 0.0


def area_under_risk_coverage(confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]) -> float:
    """Average the error rate over all coverages from one review to all (AURC, Geifman et al. 2019); 0 is best.

    Right, wrong, right, most confident first: error rates 0, 1/2 and 1/3, on average 5/18.
    """
    answered = np.arange(1, len(confidence) + 1)
    return float((1.0 - expect_hits(confidence, correct) / answered).mean())


def expect_hits(confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the hits among the 1, 2, ... most confident reviews, on average over the orders of those that tie."""
    answered, hits = count_by_confidence(confidence, correct)
    expected: NDArray[np.float64] = np.interp(np.arange(1, len(confidence) + 1), [0, *answered], [0, *hits])
    return expected


def count_by_confidence(
    confidence: NDArray[np.floating[Any]], correct: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Count reviews, and hits among them, at least as confident as each distinct confidence, from the highest down."""
    _, ties = np.unique(confidence, return_inverse=True)
    reviews = np.bincount(ties)
    hits = np.bincount(ties[correct], minlength=len(reviews))
    return reviews[::-1].cumsum(), hits[::-1].cumsum()

"""Calibrate probabilities and decide by them: one temperature and one threshold, chosen on the validation split."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from tasks.evaluate.facts import ReliabilityBin
from tasks.evaluate.metrics import NUM_BINS, assign_bins

NO_TEMPERATURE: Final = 1.0
TEMPERATURES: Final = (0.05, 20.0)
MIDDLE: Final = 0.5
# Below this a probability says no more than that the model ruled the class out.
SMALLEST: Final = 1e-12


def fit_temperature(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> float:
    """Return the temperature within TEMPERATURES that maximises the likelihood of the labels (Guo et al. 2017).

    Probabilities have shape (num_reviews, num_classes), labels (num_reviews,). Above 1 the model is overconfident,
    below 1 underconfident. The result is 1 when the reviews do not determine it: when all have the same probabilities,
    or when the model is right on every one, so that the likelihood only grows as the temperature falls.
    """
    all_right = bool((probabilities.argmax(axis=1) == labels).all())
    if all_right or bool((probabilities == probabilities[0]).all()):
        return NO_TEMPERATURE
    # Imported here because it would cost half a second in every flow that only applies temperatures.
    from scipy.optimize import minimize_scalar

    log_probabilities = take_logarithm(probabilities)

    def measure_loss(log_temperature: float) -> float:
        scaled = log_softmax(log_probabilities / np.exp(log_temperature), axis=1)
        return -float(scaled[np.arange(len(labels)), labels].mean())

    found = minimize_scalar(measure_loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded")
    return float(np.exp(found.x))


def apply_temperature(probabilities: NDArray[np.floating[Any]], temperature: float) -> NDArray[np.float64]:
    """Divide log-probabilities by the temperature and normalise: [0.9, 0.1] at 2 -> [0.75, 0.25].

    Rows sum to one, the likeliest class stays the likeliest, and 0.5 of two classes stays 0.5.
    """
    scaled: NDArray[np.float64] = np.exp(log_softmax(take_logarithm(probabilities) / temperature, axis=1))
    return scaled


def take_logarithm(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Take logarithms in 64 bits, finite for probabilities of zero."""
    logarithms: NDArray[np.float64] = np.log(np.clip(probabilities.astype(np.float64), SMALLEST, 1.0))
    return logarithms


def choose_threshold(probabilities: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> float:
    """Return the threshold nearest 0.5 whose accuracy is within one standard error of the best.

    The best threshold on a validation split is partly luck; the one-standard-error rule (Breiman et al. 1984) departs
    from 0.5 only for a gain that luck does not explain. The standard error is that of a rate with one hit and one miss
    added, so that it is not zero when there is no error among a few reviews. A review is assigned to the second class
    if the probability of that class reaches the threshold; with more than two classes the result is 0.5.
    """
    if probabilities.shape[1] != 2:  # noqa: PLR2004
        return MIDDLE
    candidates, accuracies = score_thresholds(probabilities[:, 1], labels)
    best = accuracies.max()
    num_reviews = len(labels)
    rate = (best * num_reviews + 1) / (num_reviews + 2)
    enough = candidates[accuracies >= best - np.sqrt(rate * (1 - rate) / num_reviews)]
    return float(enough[np.abs(enough - MIDDLE).argmin()])


def score_thresholds(
    positive: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """List 0.5 and the midpoints between neighbouring probabilities, ascending, with the accuracy at each."""
    values = np.unique([0.0, *positive, 1.0])
    candidates = np.unique([MIDDLE, *(values[1:] + values[:-1]) / 2])
    order = positive.argsort()
    below = positive[order].searchsorted(candidates)
    seconds = np.cumsum([0, *labels[order]])
    hits = (below - seconds[below]) + (seconds[-1] - seconds[below])
    return candidates, hits / len(labels)


def reliability(
    probabilities: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]
) -> tuple[ReliabilityBin, ...]:
    """Compare confidence with accuracy in the bins of `expected_calibration_error`, leaving out empty ones."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    bins = assign_bins(confidence)
    return tuple(
        ReliabilityBin(
            low=index / NUM_BINS,
            high=(index + 1) / NUM_BINS,
            count=int((bins == index).sum()),
            confidence=float(confidence[bins == index].mean()),
            accuracy=float(correct[bins == index].mean()),
        )
        for index in np.unique(bins).tolist()
    )

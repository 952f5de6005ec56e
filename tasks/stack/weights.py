"""The weights of an ensemble: non-negative, regularised, and fitted to the validation split.

An ensemble is a softmax of a weighted sum of its members' log-probabilities (Wolpert 1992, Stacked generalization). The
weights cannot be negative (Breiman 1996, Stacked regressions), and they are drawn towards the plain average, so that a
few reviews do not tell nearly equal models apart.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax

from tasks.evaluate.calibration import take_logarithm

# How much a squared distance of the weights from the average counts, in nats of a single review.
PENALTY: Final = 1.0
NUM_FOLDS: Final = 5
OPTIONS: Final = {"ftol": 1e-10, "maxiter": 1_000}
SEED: Final = 1

Floats = NDArray[np.float64]


class Answers(NamedTuple):
    """What models say of the same reviews: log-probabilities (num_models, num_reviews, num_classes), labels."""

    log_probabilities: Floats
    labels: NDArray[np.int32]

    def of_models(self, models: Sequence[int]) -> "Answers":
        """Keep some of the models."""
        return Answers(self.log_probabilities[list(models)], self.labels)

    def of_reviews(self, mask: NDArray[np.bool_]) -> "Answers":
        """Keep some of the reviews."""
        return Answers(self.log_probabilities[:, mask], self.labels[mask])


def gather_answers(probabilities: Sequence[Floats], labels: NDArray[np.int32]) -> Answers:
    """Gather the probabilities of several models, each of shape (num_reviews, num_classes)."""
    return Answers(np.stack([take_logarithm(it) for it in probabilities]), labels)


def fit_weights(answers: Answers) -> Floats:
    """Return the weights, of shape (num_models,), that maximise the penalised likelihood of the labels."""
    # Imported here because it would cost half a second in every flow.
    from scipy.optimize import minimize

    logs, labels = answers
    num_models, num_reviews, _ = logs.shape
    of_labels = logs[:, np.arange(num_reviews), labels].sum(axis=1)

    def measure(weights: Floats) -> tuple[float, Floats]:
        distance = weights - 1 / num_models
        combined = add_up(weights, logs)
        loss = -log_softmax(combined, axis=1)[np.arange(num_reviews), labels].sum() + PENALTY * distance @ distance
        expected = (logs * softmax(combined, axis=1)).sum(axis=(1, 2))
        return loss / (num_reviews + 1), (expected - of_labels + 2 * PENALTY * distance) / (num_reviews + 1)

    start = np.full(num_models, 1 / num_models)
    # For so small a problem, L-BFGS-B would spend most of its time waking threads.
    found = minimize(measure, start, jac=True, method="SLSQP", bounds=[(0, None)] * num_models, options=OPTIONS)
    weights: Floats = np.maximum(found.x, 0)
    return weights


def add_up(weights: Floats, logs: Floats) -> Floats:
    """Add up log-probabilities, each model's times its weight; a product of matrices would wake threads for it."""
    combined: Floats = (weights[:, None, None] * logs).sum(axis=0)
    return combined


def predict_held_out(answers: Answers) -> Floats:
    """Combine the models for each review with weights fitted on other folds: log-probabilities, one row per review."""
    logs, labels = answers
    fold_of = np.random.default_rng(SEED).permutation(len(labels)) % NUM_FOLDS
    combined = np.empty(logs.shape[1:])
    for fold in range(NUM_FOLDS):
        weights = fit_weights(answers.of_reviews(fold_of != fold))
        combined[fold_of == fold] = log_softmax(add_up(weights, logs[:, fold_of == fold]), axis=1)
    return combined

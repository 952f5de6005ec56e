"""Fit a baseline whose n-grams would not fit into memory: on counts that are read from disk in each step of the solver.

The objective is that of `fit_class`; it is minimised by L-BFGS in place of coordinate ascent, which needs all features
at once. So the model is the same up to the solvers' tolerances, if no n-gram had to be left out.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from tasks.baseline.baselines import Baseline
from tasks.baseline.bounded_vocabulary import ReadTexts, fit_bounded_vocabulary
from tasks.baseline.disk_features import Features, spool_presence, spool_weighed
from tasks.baseline.facts import BoundFacts
from tasks.baseline.memory import Limits
from tasks.baseline.model import (
    BaselineModel,
    Parameters,
    answer_shares,
    combine_classes,
    compute_probabilities,
    list_against_rest,
)
from tasks.baseline.weighting import compute_ratios

# L-BFGS ends when a step lowers the objective by less than this share of it, or when it has read all features so often.
TOLERANCE: Final = 1e-6
MOST_READINGS: Final = 25
# How many earlier steps it remembers; each takes two numbers for each n-gram.
NUM_REMEMBERED: Final = 10
# The mean second derivative of a text's loss, for scaling the steps; it is small, because most texts are easy to fit.
CURVATURE: Final = 1e-3


class Bounded(NamedTuple):
    """A model that was fitted in bounded memory, the probabilities of its training texts, and what was left out."""

    model: BaselineModel
    probabilities: NDArray[np.float64]
    facts: BoundFacts


def fit_bounded(
    baseline: Baseline,
    read_texts: ReadTexts,
    labels: NDArray[np.int32],
    *,
    num_classes: int,
    class_weights: Sequence[float] | None,
    memory: int,
    folder: Path,
) -> Bounded:
    """Fit within about `memory` bytes, with files under `folder` that are removed."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        chosen = fit_bounded_vocabulary(baseline, read_texts, Path(scratch), Limits.of(memory))
        vocabulary = chosen.vocabulary
        path = Path(scratch) / "features"
        if baseline.weighting == "tf-idf":
            features = spool_weighed(chosen.words, vocabulary, path, num_texts=len(labels))
        else:
            features = spool_presence(chosen.words, vocabulary, path)
        parameters = fit_on_disk(baseline, features, labels, num_classes=num_classes, weights=class_weights)
        probabilities = np.concatenate([compute_probabilities(block, parameters) for block in features.read()])
    facts = BoundFacts(
        memory=memory,
        num_ngrams=vocabulary.num_ngrams,
        num_left_out=chosen.num_left_out,
        most_missed=chosen.most_missed,
    )
    return Bounded(BaselineModel(vocabulary, parameters), probabilities, facts)


def fit_on_disk(
    baseline: Baseline,
    features: Features,
    labels: NDArray[np.int32],
    *,
    num_classes: int,
    weights: Sequence[float] | None,
) -> Parameters:
    """Fit on features on disk; with one class or no n-grams, predict the classes' shares."""
    classes, sizes = np.unique(labels, return_counts=True)
    if len(classes) == 1 or features.num_ngrams == 0:
        return answer_shares(features.num_ngrams, classes, sizes, idf=features.idf, num_classes=num_classes)
    of_texts = None if weights is None else np.array(weights)[labels]
    fitted = [fit_class(baseline, features, labels == label, weights=of_texts) for label in list_against_rest(classes)]
    return combine_classes(fitted, classes, idf=features.idf, num_classes=num_classes)


def fit_class(
    baseline: Baseline, features: Features, is_class: NDArray[np.bool_], *, weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], float]:
    """Fit one class against the rest: weights of shape (num_ngrams,), with the ratios multiplied in, and the bias."""
    num_ngrams, scales = features.num_ngrams, np.ones(features.num_ngrams)
    if baseline.weighting == "log-count-ratio":
        scales = compute_ratios(*features.sum_by_class(is_class), smoothing=baseline.smoothing)
    signs = np.where(is_class, 1.0, -1.0)
    costs = baseline.inverse_penalty * (np.ones(len(signs)) if weights is None else weights)
    # N-grams of many texts take small steps, those of few texts large ones. The last place is that of the bias.
    squares = np.append(features.sum_squares(costs) * scales**2, costs.sum())
    units = 1 / np.sqrt(1 + CURVATURE * squares)

    def measure(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the regularised loss and its gradient; the bias is regularised, as liblinear does it."""
        place = point * units
        scaled, bias = place[:-1] * scales, place[-1]
        loss, slope, slope_of_bias, start = 0.0, np.zeros(num_ngrams), 0.0, 0
        for block in features.read():
            rows = slice(start, start := start + block.shape[0])
            margins = signs[rows] * (block @ scaled + bias)
            loss -= costs[rows] @ log_expit(margins)
            pulls = -costs[rows] * signs[rows] * expit(-margins)
            slope += block.T @ pulls
            slope_of_bias += pulls.sum()
        gradient = place + np.append(slope * scales, slope_of_bias)
        return loss + 0.5 * float(place @ place), gradient * units

    found = minimize(
        measure,
        np.zeros(num_ngrams + 1),
        jac=True,
        method="L-BFGS-B",
        options={"maxfun": MOST_READINGS, "maxcor": NUM_REMEMBERED, "ftol": TOLERANCE},
    )
    best = found.x * units
    return best[:-1] * scales, float(best[-1])

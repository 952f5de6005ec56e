"""Regression on latent dimensions, in which n-grams are alike that occur in the same texts.

That is latent semantic analysis (Deerwester et al. 1990, https://doi.org/10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9):
a truncated singular value decomposition of the features, which needs no labels. Here the vector of every n-gram is then
scaled to unit length. Without that, the common n-grams decide where a text lies, and on the IMDB reviews two more
answers of a hundred are wrong. A weight for each latent dimension is a weight for each n-gram, so what is learned
predicts like any other baseline.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from tasks.baseline.baselines import MAX_ITERATIONS, SEED

# How often the decomposition reads the features anew to become more exact.
NUM_POWER_ITERATIONS: Final = 2
# The penalty is chosen by a cross-validation of so many folds, if each side has so many texts.
NUM_FOLDS: Final = 3
FEWEST_TEXTS: Final = 12


class LatentFeatures:
    """Features of texts in latent dimensions, and the way from weights for these to weights for n-grams.

    The dimensions are centred on the texts and share one scale, so that the penalty does not depend on either.
    """

    def __init__(self, features: csr_array, more: Sequence[csr_array], *, num_dimensions: int) -> None:
        """Find the dimensions in features of shape (num_texts, num_ngrams) and in `more`, those of other texts.

        There are fewer than `num_dimensions` if there are fewer texts or n-grams.
        """
        self.vectors = find_vectors(vstack([features, *more], format="csr"), num_dimensions)
        values = features @ self.vectors
        self.centre = values.mean(axis=0)
        self.scale = float((values - self.centre).std()) or 1.0
        self.values = (values - self.centre) / self.scale

    def fit(
        self, is_class: NDArray[np.bool_], *, inverse_penalty: float, weights: NDArray[np.float64] | None
    ) -> tuple[NDArray[np.float64], float]:
        """Fit one class against the rest: a weight for each n-gram, and the bias. `weights` are those of the texts.

        The inverse penalty may be chosen smaller, see `choose_penalty`.
        """
        with threadpool_limits(1):
            chosen = choose_penalty(self.values, is_class, largest=inverse_penalty, weights=weights)
            solver = LogisticRegression(C=chosen, max_iter=MAX_ITERATIONS)
            solver.fit(self.values, is_class, sample_weight=weights)
        by_dimension = solver.coef_[0] / self.scale
        return self.vectors @ by_dimension, float(solver.intercept_[0] - self.centre @ by_dimension)


def choose_penalty(
    values: NDArray[np.float64], is_class: NDArray[np.bool_], *, largest: float, weights: NDArray[np.float64] | None
) -> float:
    """Choose an inverse penalty by cross-validation: the largest, a tenth or a hundredth of it.

    Few texts need much more regularisation than many. Where either side has too few of them to tell, it is a hundredth.
    """
    tried = [largest, largest / 10, largest / 100]
    if min(np.count_nonzero(is_class), np.count_nonzero(~is_class)) < FEWEST_TEXTS:
        return tried[-1]
    search = GridSearchCV(
        LogisticRegression(max_iter=MAX_ITERATIONS),
        {"C": tried},
        scoring="neg_log_loss",
        cv=StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=SEED),
        refit=False,
        error_score="raise",
    )
    search.fit(values, is_class, sample_weight=weights)
    return float(search.best_params_["C"])


def find_vectors(features: csr_array, num_dimensions: int) -> NDArray[np.float32]:
    """Find vectors of length one for n-grams: shape (num_ngrams, num_dimensions); zeros for one that no text has.

    One thread computes them, because the bits depend on the number of threads.
    """
    rank = min(num_dimensions, *features.shape)
    with threadpool_limits(1):
        *_, vectors = randomized_svd(features.astype(np.float32), rank, n_iter=NUM_POWER_ITERATIONS, random_state=SEED)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=0), np.finfo(np.float32).tiny)
    transposed: NDArray[np.float32] = np.ascontiguousarray(vectors.T)
    return transposed

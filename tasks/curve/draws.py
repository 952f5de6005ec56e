"""Draws of the errors of a model at each size: a bootstrap over the test reviews, and the spread of the seeds."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.evaluate.intervals import bootstrap_accuracy, estimate_seed_variance, percentile_interval

NUM_DRAWS: Final = 2_000
# Draws of the reviews are counted for so many at a time, to bound the memory that they take.
DRAWS_AT_A_TIME: Final = 100


class SeedError(NamedTuple):
    """The standard error of a mean over seeds at one size, and its degrees of freedom."""

    error: float
    degrees: int


def draw_errors(hits: Sequence[NDArray[np.bool_]], sizes: NDArray[np.float64], *, seed: int = 0) -> NDArray[np.float64]:
    """Draw a model's mean error at each size: hits of shape (num_seeds, num_reviews) -> (NUM_DRAWS, num_sizes).

    Reviews are drawn with replacement, the same at all sizes. The mean of a few seeds is moved by Student's t times its
    standard error (see `tasks.evaluate.intervals.draw_seed_effects`), which is estimated from all sizes together.
    """
    random = np.random.default_rng(seed)
    of_reviews = 1.0 - draw_hits(np.stack([own.mean(axis=0) for own in hits]), random)
    errors, degrees = estimate_seed_errors(hits, sizes)
    if not degrees:
        return of_reviews
    moved = of_reviews + errors * random.standard_t(degrees, size=of_reviews.shape)
    return np.clip(moved, 0.0, 1.0)


def draw_hits(hits: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Draw reviews with replacement and average their hits: (num_sizes, num_reviews) -> (NUM_DRAWS, num_sizes).

    Reviews with the same hits at all sizes are one kind, and only the numbers of each kind are drawn.
    """
    kinds, counts = np.unique(hits, axis=1, return_counts=True)
    num_reviews = counts.sum()
    return np.concatenate(
        [
            random.multinomial(num_reviews, counts / num_reviews, size=DRAWS_AT_A_TIME) @ kinds.T / num_reviews
            for _ in range(0, NUM_DRAWS, DRAWS_AT_A_TIME)
        ]
    )


def estimate_seed_errors(
    hits: Sequence[NDArray[np.bool_]], sizes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], int]:
    """Estimate the standard error of the mean over seeds at each size, and its degrees of freedom: 0 for one seed.

    Two or three seeds say little about their spread, but together those of all sizes do. The variance between seeds is
    taken to be proportional to that of an error rate measured on as many reviews as there are for training.
    """
    num_seeds = np.array([len(own) for own in hits])
    rates = np.clip(np.array([1 - own.mean() for own in hits]), 1 / hits[0].shape[1], 0.5)
    units = rates * (1 - rates) / sizes
    degrees = num_seeds - 1
    if not degrees.any():
        return np.zeros(len(hits)), 0
    variances = np.array([estimate_seed_variance(own) * len(own) for own in hits])
    pooled = (degrees * variances / units).sum() / degrees.sum()
    return np.sqrt(pooled * units / num_seeds), int(degrees.sum())


def bound_accuracy(hits: NDArray[np.bool_], errors: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95% interval of the accuracy at a size from its draws; without any mistake, or hit, Wilson's."""
    if hits.all() or not hits.any():
        return bootstrap_accuracy(hits)
    return percentile_interval(1.0 - errors)

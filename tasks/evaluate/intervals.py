"""How sure an accuracy is: bootstrap over the reviews and the seeds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

NUM_RESAMPLES: Final = 2_000
CONFIDENCE: Final = 0.95


def bootstrap_accuracy(correct: NDArray[np.bool_], *, seed: int = 0) -> tuple[float, float]:
    """Return the bounds of the 95% percentile interval of accuracy for hits of shape (num_seeds, num_reviews).

    Each resample draws seeds and, independently, reviews, both with replacement (crossed resampling, Davison &
    Hinkley 1997, section 3.8), so the interval covers the choice of the test reviews and, with more than one seed, of
    the seed. Drawing reviews is drawing how many of them have each number of hits: a multinomial, which is exact.
    """
    random = np.random.default_rng(seed)
    num_seeds, num_reviews = correct.shape
    hits = correct.astype(np.int64)
    means = np.empty(NUM_RESAMPLES)
    for index in range(NUM_RESAMPLES):
        hits_of_review = hits[random.integers(num_seeds, size=num_seeds)].sum(axis=0)
        reviews_with_hits = np.bincount(hits_of_review, minlength=num_seeds + 1)
        drawn = random.multinomial(num_reviews, reviews_with_hits / num_reviews)
        means[index] = drawn @ np.arange(num_seeds + 1) / (num_seeds * num_reviews)
    tail = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)

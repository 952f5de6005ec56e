"""The words that are predicted, how often they count, and a table from which they are drawn."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.encode.padding import OOV_ID, PAD_ID
from tasks.train.regions.views import View

# A probability is a number of 32 bits; the largest one is certain.
CERTAIN: Final = 2**32 - 1


class Targets(NamedTuple):
    """For each token below a number of targets: the chance that an occurrence counts, and its place in an alias table.

    A word is drawn by a random place: with the probability `cuts[place]` it is that place, otherwise `others[place]`.
    """

    chances: NDArray[np.uint32]
    cuts: NDArray[np.uint32]
    others: NDArray[np.int32]


def make_targets(counts: NDArray[np.int64], view: View) -> Targets:
    """Make the tables of a view from how often each token occurs: (vocab_size,)."""
    frequencies = (counts / max(1, counts.sum()))[: view.num_targets]
    chances = np.minimum(1.0, np.sqrt(view.subsampling / np.maximum(frequencies, np.finfo(float).tiny)))
    chances[[it for it in (PAD_ID, OOV_ID) if it < len(chances)]] = 0.0
    return Targets(scale(chances), *make_alias_table(frequencies * chances))


def make_alias_table(weights: NDArray[np.float64]) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Make cuts and others that draw places as often as they weigh (Vose 1991); equally often if none weighs."""
    size, total = len(weights), weights.sum()
    left = weights * (size / total) if total else np.ones(size)
    cuts, others = np.ones(size), np.arange(size, dtype=np.int32)
    small, large = list(np.flatnonzero(left < 1)), list(np.flatnonzero(left >= 1))
    while small and large:
        lower, upper = small.pop(), large.pop()
        cuts[lower], others[lower] = left[lower], upper
        left[upper] -= 1 - left[lower]
        (small if left[upper] < 1 else large).append(upper)
    return scale(cuts), others


def scale(probabilities: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Scale probabilities to 32 bits: scale([0, 0.5, 1]) -> [0, 2**31, 2**32 - 1]."""
    return np.minimum(probabilities * 2**32, CERTAIN).astype(np.uint32)

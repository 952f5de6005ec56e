"""The weights of n-grams by the number of texts that they are in."""

import numpy as np
from numpy.typing import NDArray


def compute_idf(in_texts: NDArray[np.float64] | NDArray[np.int64], num_texts: int) -> NDArray[np.float64]:
    """Weigh n-grams by rarity as scikit-learn does: ln((1 + num_texts) / (1 + num_texts_with_it)) + 1."""
    idf: NDArray[np.float64] = np.log((1 + num_texts) / (1 + in_texts)) + 1
    return idf


def compute_ratios(
    inside: NDArray[np.float64], outside: NDArray[np.float64], *, smoothing: float = 1.0
) -> NDArray[np.float64]:
    """Return the log ratio of each n-gram's share in texts of a class to that in others, with smoothed counts.

    `inside` and `outside` count the texts, and `smoothing` is added to each count. With 1, for texts "a b" and "a"
    against "b", the shares of a are 3/5 and 1/3 and those of b are 2/5 and 2/3, so the ratios are ln(9/5) and ln(3/5)
    (Wang & Manning 2012, section 2.1). Shape (num_ngrams,).
    """
    inside, outside = smoothing + inside, smoothing + outside
    ratios: NDArray[np.float64] = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    return ratios

"""The counts that a bundle keeps of the texts it was made from, so that later texts can be compared with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.encode.unknown import FEW_TOKENS, find_largest_share, share_of_unknown
from tasks.evaluate.classifier import Classifier
from tasks.evaluate.facts import Histogram
from tasks.ingest.batches import read_batches
from tasks.ingest.word_counts import count_words

NUM_BINS: Final = 10
# A model that knows every token of its training texts still knows a text with a few unknown ones.
ALWAYS_FAMILIAR: Final = 0.1
Values = NDArray[np.int64] | NDArray[np.float64]


class Unfamiliar(NamedTuple):
    """Texts that a model does not know, by reason: two masks of shape (num_texts,) without common texts."""

    nothing_known: NDArray[np.bool_]
    too_much: NDArray[np.bool_]


def profile_lengths(path: Path) -> Histogram:
    """Count the reviews of a file by their length in words, in bins of about equally many reviews."""
    return count_in_quantiles(read_lengths(path))


def profile_unknown(num_tokens: NDArray[np.int32], num_oov: NDArray[np.int32]) -> Histogram:
    """Count held-out reviews by the share of their tokens that is unknown to the model.

    The reviews must be held out, because a vocabulary contains the words that it was learned from.
    """
    return count_in_quantiles(share_of_unknown(num_tokens, num_oov))


def read_lengths(path: Path) -> NDArray[np.int64]:
    """Read the number of words of each review of a file: shape (num_reviews,)."""
    return np.concatenate([count_words(batch.column("text")) for batch in read_batches(path, ["text"])])


def find_most_unknown(classifier: Classifier, path: Path) -> float:
    """Find the largest share of tokens of a training text that the model does not know; see `find_largest_share`."""
    prepared = (classifier.prepare(batch.column("text")) for batch in read_batches(path, ["text"]))
    return max((find_largest_share(it.num_tokens, it.num_oov) for it in prepared), default=0.0)


def find_unfamiliar(
    num_tokens: NDArray[np.int32], num_oov: NDArray[np.int32], *, most_unknown: float | None
) -> Unfamiliar:
    """Tell which texts the model does not know: shapes (num_texts,).

    They have no known token, or at least FEW_TOKENS of which more are unknown than in any training text, and more than
    a tenth. `most_unknown` is None if this is not known of the training texts.
    """
    nothing_known = num_oov == num_tokens
    limit = 1.0 if most_unknown is None else max(most_unknown, ALWAYS_FAMILIAR)
    too_much = (share_of_unknown(num_tokens, num_oov) > limit) & (num_tokens >= FEW_TOKENS)
    return Unfamiliar(nothing_known, too_much & ~nothing_known)


def count_unfamiliar(found: Unfamiliar) -> tuple[int, int]:
    """Count the texts that a model knows, and those that it does not know."""
    unfamiliar = int((found.nothing_known | found.too_much).sum())
    return len(found.too_much) - unfamiliar, unfamiliar


def count_in_quantiles(values: Values) -> Histogram:
    """Count values in bins bounded by their own deciles; the last bin has no upper bound.

    Equal deciles become one bound: count_in_quantiles([0] * 9 + [5]) -> bounds (0.0, 0.5), counts (9, 0, 1).
    """
    quantiles = np.quantile(values, np.arange(1, NUM_BINS) / NUM_BINS)
    bounds = np.unique(quantiles).tolist()
    return Histogram(bounds=tuple(bounds), counts=tuple(count_in_bins(values, bounds)))


def count_in_bins(values: Values, bounds: Sequence[float]) -> list[int]:
    """Count values up to each bound, and above the last: count_in_bins([1, 2, 3], [2]) -> [2, 1]."""
    bins = np.searchsorted(bounds, values, side="left")
    counts: list[int] = np.bincount(bins, minlength=len(bounds) + 1).tolist()
    return counts

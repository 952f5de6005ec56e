"""Word dropout: in each epoch, a random share of the words is left out, as if they were padding (Iyyer et al. 2015).

Which words are left out depends on the seed and on where the text stands in the epoch, but not on how the epoch is cut
into pieces, so that all kernels and backends leave out the same ones. Source: https://aclanthology.org/P15-1162
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tasks.encode.padding import PAD_ID, mark_wordless
from tasks.ingest.split import mix


@dataclass(frozen=True)
class WordDropout:
    """The share of words that is left out of an epoch's texts, and the seed of that epoch."""

    share: float
    seed: int

    @classmethod
    def of_epoch(cls, share: float, *, seed: int, epoch: int) -> Self | None:
        """Draw the seed of an epoch; None if no words are left out."""
        return cls(share, int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])) if share else None

    def apply(self, tokens: NDArray[Any], *, first: int) -> NDArray[Any]:
        """Leave out words of texts in their order, the first of which is number `first` of the epoch.

        tokens is of shape (num_reviews, length). A text that loses all of its words becomes one unknown word.
        """
        thinned = tokens.copy()
        places = np.flatnonzero(thinned)
        counters = (places + first * thinned.shape[1]).astype(np.uint64)
        is_left_out = mix(counters, salt=self.seed) < np.uint64(self.share * 2**64)
        thinned.flat[places[is_left_out]] = PAD_ID
        return mark_wordless(thinned)

"""How much of a text a model does not know: the share of its tokens that are out of vocabulary."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

FEW_TOKENS: Final = 5


def share_of_unknown(num_tokens: NDArray[np.int32], num_oov: NDArray[np.int32]) -> NDArray[np.float64]:
    """Divide per text, with 0 for a text without tokens: share_of_unknown([4, 0], [1, 0]) -> [0.25, 0.0]."""
    return np.asarray(num_oov, np.float64) / np.maximum(1, num_tokens)


def find_largest_share(num_tokens: NDArray[np.int32], num_oov: NDArray[np.int32]) -> float:
    """Find the largest share of unknown tokens in a text of FEW_TOKENS or more; 0 if there is none.

    In a shorter text, one unknown token is a large share.
    """
    shares = share_of_unknown(num_tokens, num_oov)
    return float(shares[num_tokens >= FEW_TOKENS].max(initial=0.0))

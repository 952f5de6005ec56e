"""Sequences of one length from any numbers of tokens."""

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

PAD_ID = 0
OOV_ID = 1


class Tokens(NamedTuple):
    """The tokens of some texts in one array: ids of shape (sum(num_tokens),), num_tokens of shape (num_texts,)."""

    ids: NDArray[np.int32]
    num_tokens: NDArray[np.int64]

    def count_where(self, is_counted: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Count, text by text, the tokens that a mask of the shape of `ids` chooses: shape (num_texts,)."""
        ends = np.cumsum(np.concatenate([[0], is_counted]))[np.cumsum(self.num_tokens)]
        return np.diff(ends, prepend=0).astype(np.int32)


def pad_tokens(tokens: Tokens, *, length: int, padding: Literal["pre", "post"]) -> NDArray[np.int32]:
    """Truncate each text to its first `length` tokens and pad shorter ones: an array of shape (num_texts, length).

    The result is that of Keras's `pad_sequences(..., maxlen=length, padding=padding, truncating="post")`:
    pad_tokens(Tokens([7, 9], [2]), length=3, padding="pre") -> [[0, 7, 9]].
    """
    kept = np.minimum(tokens.num_tokens, length)
    first_token = np.cumsum(tokens.num_tokens) - tokens.num_tokens
    columns = np.arange(length)
    shift = (length - kept if padding == "pre" else np.zeros_like(kept))[:, None]
    is_token = (columns >= shift) & (columns < shift + kept[:, None])
    source = (first_token[:, None] + columns - shift)[is_token]
    padded = np.full((len(kept), length), PAD_ID, dtype=np.int32)
    padded[is_token] = tokens.ids[source]
    return padded


def mark_wordless(tokens: NDArray[Any]) -> NDArray[Any]:
    """Treat a text without tokens as one unknown word: mark_wordless([[0, 0], [0, 7]]) -> [[1, 0], [0, 7]].

    A layer that masks padding would otherwise average over nothing, and one such review would make every weight NaN.
    """
    wordless = ~tokens.any(axis=1)
    if wordless.any():
        tokens = tokens.copy()
        tokens[wordless, 0] = OOV_ID
    return tokens

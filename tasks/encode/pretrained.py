"""The tokens of a pretrained encoder, whose tokenizer is not fitted, and those that it puts around a text.

An encoder such as BERT was trained on texts between two tokens of its own, [CLS] and [SEP]; they count among the
tokens that it reads.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from tasks.encode.padding import Tokens


class Frame(NamedTuple):
    """The ids of the tokens that come before a text, and after it."""

    before: NDArray[np.int32]
    after: NDArray[np.int32]

    @property
    def size(self) -> int:
        """How many tokens these are."""
        return len(self.before) + len(self.after)


def find_frame(tokenizer: Tokenizer) -> Frame:
    """Find what a tokenizer puts around each text: [CLS] and [SEP] for BERT."""
    found = tokenizer.encode("a", add_special_tokens=True)
    ids, is_added = np.array(found.ids, np.int32), np.array(found.special_tokens_mask, np.bool_)
    first, end = np.flatnonzero(~is_added)[[0, -1]]
    return Frame(ids[:first], ids[end + 1 :])


def frame_texts(tokens: Tokens, frame: Frame, *, length: int) -> Tokens:
    """Put the frame around each text, whose first tokens are kept so that both have at most `length` tokens.

    frame_texts(Tokens([7, 8, 9], [3]), Frame([2], [3]), length=4) -> Tokens([2, 7, 8, 3], [4]).
    """
    kept = np.minimum(tokens.num_tokens, max(0, length - frame.size))
    sizes = kept + frame.size
    starts, sources = np.cumsum(sizes) - sizes, np.cumsum(tokens.num_tokens) - tokens.num_tokens
    owners = np.repeat(np.arange(len(kept)), kept)
    places = np.arange(kept.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
    ids = np.empty(sizes.sum(), np.int32)
    ids[starts[owners] + len(frame.before) + places] = tokens.ids[sources[owners] + places]
    for offset, token in enumerate(frame.before):
        ids[starts + offset] = token
    for offset, token in enumerate(frame.after):
        ids[starts + len(frame.before) + kept + offset] = token
    return Tokens(ids, sizes)

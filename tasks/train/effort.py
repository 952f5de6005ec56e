"""How much work a training is, compared with others."""

from tasks.encode.encodings import ENCODINGS
from tasks.train.variants import Variant


def estimate_effort(variant: Variant) -> int:
    """Estimate the multiplications for a text: each weight beside the word vectors is used at each position.

    Only the order matters: the longest training is started first, so that no core waits for it in the end.
    """
    encoding = ENCODINGS[variant.encoding]
    return (variant.num_params - encoding.vocab_size * variant.embedding_dim) * encoding.length

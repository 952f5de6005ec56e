"""Time one epoch of each seed variant, with and without the C library, against plain `model.fit` on arrays, in turns.

All train the same model on the same random tokens, with the same optimizer, in batches of 32.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from side_by_side import Comparison, compare, show

from tasks.encode.encodings import ENCODINGS
from tasks.train.backend import make_epoch_runner, release_memory
from tasks.train.build import build_model
from tasks.train.kernels.choice import Kernels
from tasks.train.variants import VARIANTS

BATCH_SIZE = 32


def measure(name: str, *, num_reviews: int, num_rounds: int, kernels: Sequence[Kernels]) -> list[Comparison]:
    random = np.random.default_rng(0)
    variant = VARIANTS[name]
    encoding = ENCODINGS[variant.encoding]
    tokens = random.integers(0, encoding.vocab_size, size=(num_reviews, encoding.length), dtype=np.int32)
    labels = random.integers(0, 2, size=num_reviews, dtype=np.int32)
    plain, *fast = (build_model(variant, encoding, num_classes=2, learning_rate=1e-3) for _ in range(1 + len(kernels)))
    runners = {
        it: make_epoch_runner(model, batch_size=BATCH_SIZE, kernels=it) for it, model in zip(kernels, fast, strict=True)
    }
    found = compare(
        name,
        lambda: plain.fit(tokens, labels, batch_size=BATCH_SIZE, verbose=0),
        {it: partial(run_epoch, tokens, labels, lambda _: None) for it, run_epoch in runners.items()},
        num_rounds=num_rounds,
    )
    release_memory()
    return found


if __name__ == "__main__":
    show(measure, kernels=["auto", "tensorflow"], description=__doc__)

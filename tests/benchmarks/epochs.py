"""Time one epoch of each seed variant against plain `model.fit` on arrays, interleaved in one run.

Both train the same model on the same 22,500 x 120 random tokens in batches of 32; the first epoch of each, which
traces and compiles, is not counted.
"""

import os
import platform
import sys
import time
from statistics import median

import keras
import numpy as np

from tasks.encode.encodings import ENCODINGS
from tasks.train.backend import make_epoch_runner, release_memory
from tasks.train.build import build_model
from tasks.train.variants import SEED, VARIANTS, Variant

NUM_REVIEWS = 22_500
NUM_PAIRS = 3
BATCH_SIZE = 32


def measure(variant: Variant) -> tuple[float, float, float]:
    """Return the median seconds of plain and of fast epochs, and the median ratio of the pairs."""
    random = np.random.default_rng(0)
    encoding = ENCODINGS[variant.encoding]
    tokens = random.integers(0, encoding.vocab_size, size=(NUM_REVIEWS, encoding.length), dtype=np.int32)
    labels = random.integers(0, 2, size=NUM_REVIEWS, dtype=np.int32)
    plain = build_model(variant, encoding, num_classes=2, learning_rate=1e-3)
    fast = build_model(variant, encoding, num_classes=2, learning_rate=1e-3)
    run_epoch = make_epoch_runner(fast, batch_size=BATCH_SIZE)

    def time_plain() -> float:
        started = time.perf_counter()
        plain.fit(tokens, labels, batch_size=BATCH_SIZE, verbose=0)
        return time.perf_counter() - started

    def time_fast() -> float:
        started = time.perf_counter()
        run_epoch(tokens, labels, lambda _: None)
        return time.perf_counter() - started

    time_plain()
    time_fast()
    pairs = [(time_plain(), time_fast()) for _ in range(NUM_PAIRS)]
    release_memory()
    return median(p for p, _ in pairs), median(f for _, f in pairs), median(p / f for p, f in pairs)


def main(names: list[str]) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Keras {keras.__version__}, {keras.backend.backend()}")
    print(f"{'variant':<16} {'plain s':>8} {'fast s':>8} {'ratio':>6}")
    for name in names:
        plain, fast, ratio = measure(VARIANTS[name])
        print(f"{name:<16} {plain:8.2f} {fast:8.2f} {ratio:5.1f}x", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [name for name, row in VARIANTS.items() if row.group == SEED])

"""The seconds of an update of a variant on a device."""

import time
from pathlib import Path
from typing import Final

import keras
import numpy as np

from tasks.encode.encodings import Encoding
from tasks.encode.sequences import read_sequences
from tasks.store.layout import TRAIN_FILE
from tasks.train.backend import make_epoch_runner, prepare_device, release_memory
from tasks.train.build import build_model
from tasks.train.rows import Rows
from tasks.train.settings import FitSettings
from tasks.train.variants import Variant

NUM_UPDATES: Final = 32
ROUNDS: Final = 3


def measure_update(
    variant: Variant,
    encoding: Encoding,
    settings: FitSettings,
    *,
    num_classes: int,
    sequences_folder: Path,
    folder: Path,
) -> float:
    """Train for a few updates on the first reviews; return the seconds of one, the least of some rounds.

    The first round, which compiles, is not counted. `folder` is for scratch files.
    """
    prepare_device(settings.device)
    keras.utils.set_random_seed(settings.seed)
    try:
        model = build_model(variant, encoding, num_classes=num_classes, learning_rate=settings.learning_rate)
        run_epoch = make_epoch_runner(model, batch_size=settings.batch_size, kernels=settings.kernels)
        tokens, labels = read_sequences(sequences_folder / TRAIN_FILE, scratch=folder / "sequences")
        order = np.arange(NUM_UPDATES * settings.batch_size) % len(labels)
        seconds = []
        for _ in range(1 + ROUNDS):
            started = time.perf_counter()
            run_epoch(Rows(tokens, order), Rows(labels, order), lambda _: None)
            seconds.append((time.perf_counter() - started) / NUM_UPDATES)
        return min(seconds[1:])
    finally:
        release_memory()

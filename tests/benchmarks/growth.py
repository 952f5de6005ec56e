"""What ten times the reviews take: time and peak memory of ingest + encode, of one epoch and of NB-SVM, against once.

The IMDB reviews are repeated. Each measurement is a process of its own. Needs imdb_reviews under TFDS_DATA_DIR.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from side_by_side import write_json

FACTORS = (1, 10)
VARIANT = "conv-max"


def repeat(reader: Any, times: int) -> Any:
    """Read a split several times over."""
    return chain.from_iterable(reader() for _ in range(times))


def prepare(folder: Path, factor: int) -> None:
    """Ingest and encode."""
    from tasks.encode.encodings import ENCODINGS
    from tasks.encode.sequences import write_encoding
    from tasks.ingest.datasets import open_source
    from tasks.ingest.reviews import write_reviews

    source = open_source("imdb_reviews", folder)
    readers = {split: partial(repeat, reader, factor) for split, reader in source.readers.items()}
    for name in ("reviews", "encoding"):
        (folder / name).mkdir()
    write_reviews(replace(source, readers=readers), folder / "reviews", validation_fraction=0.1)
    write_encoding(folder / "reviews", ENCODINGS["words-10k-120"], folder / "encoding")


def train(folder: Path, _factor: int) -> None:
    """Train for one epoch."""
    from tasks.encode.encodings import ENCODINGS
    from tasks.train.settings import FitSettings, Listener
    from tasks.train.training import train_variant
    from tasks.train.variants import VARIANTS

    (folder / "model").mkdir()
    train_variant(
        VARIANTS[VARIANT],
        ENCODINGS["words-10k-120"],
        FitSettings(epochs=1, patience=1, batch_size=32, learning_rate=1e-3, seed=1),
        num_classes=2,
        sequences_folder=folder / "encoding",
        folder=folder / "model",
        listener=Listener(),
    )


def fit(folder: Path, _factor: int) -> None:
    """Fit NB-SVM, with its counts on disk if they would take more memory than a run allows by default."""
    from tasks.baseline.baselines import BASELINES
    from tasks.baseline.fitting import fit_baseline
    from tasks.baseline.memory import USUAL_MEMORY, choose_limit

    (folder / "baseline").mkdir()
    baseline, reviews = BASELINES["nb-svm"], folder / "reviews"
    limit = choose_limit(baseline, reviews / "train.parquet", USUAL_MEMORY)
    fit_baseline(baseline, reviews_folder=reviews, folder=folder / "baseline", label_names=["neg", "pos"], memory=limit)


STEPS = {"ingest + encode": prepare, "one epoch": train, "nb-svm": fit}


def measure(step: str, folder: Path, factor: int) -> dict[str, float]:
    """Measure one step in this process, imports of Keras apart."""
    import keras  # noqa: F401

    started = time.perf_counter()
    STEPS[step](folder, factor)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--factor", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(measure(options.step, options.folder, options.factor)))
        return
    print(f"{platform.machine()}, {os.cpu_count()} cores; one epoch is of {VARIANT}")
    found: dict[str, dict[int, dict[str, float]]] = {step: {} for step in STEPS}
    for factor in FACTORS:
        with tempfile.TemporaryDirectory() as folder:
            for step in STEPS:
                command = [sys.executable, __file__, "--step", step, "--folder", folder, "--factor", str(factor)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[step][factor] = json.loads(done.stdout.splitlines()[-1])
    for step, results in found.items():
        once, more = results[FACTORS[0]], results[FACTORS[1]]
        times, growth = more["seconds"] / once["seconds"], more["peak_mb"] / once["peak_mb"] - 1
        print(f"{step:<16} {once['seconds']:6.1f} s -> {more['seconds']:7.1f} s ({times:.1f}x)")
        print(f"{'peak memory':<16} {once['peak_mb']:6,.0f} MB -> {more['peak_mb']:6,.0f} MB ({growth:+.0%})")
    write_json(options.json, steps=found)


if __name__ == "__main__":
    main()

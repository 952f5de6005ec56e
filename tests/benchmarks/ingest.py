"""Time ingest + encode of the 50,000 IMDB reviews against the course note's way, side by side in one run.

The note's way reads TFDS one example at a time, fits Keras's Tokenizer, and calls texts_to_sequences and
pad_sequences. Both start with TensorFlow imported. Each try is a process of its own, so that its peak memory is its
own; tries alternate. Needs imdb_reviews prepared under TFDS_DATA_DIR.
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
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

from side_by_side import write_json

NUM_TRIES = 3


def run_notes_way(_folder: Path) -> None:
    import keras
    import numpy as np
    import tensorflow_datasets as tfds
    from keras.src.legacy.preprocessing.text import Tokenizer

    data = tfds.load("imdb_reviews", as_supervised=True, download=False, data_dir=os.environ["TFDS_DATA_DIR"])
    texts: dict[str, list[str]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for split, split_texts in texts.items():
        for text, label in tfds.as_numpy(data[split]):
            split_texts.append(text.decode())
            labels[split].append(label)
    tokenizer = Tokenizer(num_words=10_000, oov_token="<OOV>")
    tokenizer.fit_on_texts(texts["train"])
    for split, split_texts in texts.items():
        keras.utils.pad_sequences(tokenizer.texts_to_sequences(split_texts), maxlen=120, truncating="post")
        np.array(labels[split])


def run_bakeoff(folder: Path) -> None:
    from tasks.encode.encodings import ENCODINGS
    from tasks.encode.sequences import write_encoding
    from tasks.ingest.datasets import open_source
    from tasks.ingest.reviews import write_reviews

    for name in ("reviews", "encoding"):
        (folder / name).mkdir()
    write_reviews(open_source("imdb_reviews", folder), folder / "reviews", validation_fraction=0.1)
    write_encoding(folder / "reviews", ENCODINGS["words-10k-120"], folder / "encoding")


WAYS = {"note": run_notes_way, "bakeoff": run_bakeoff}


def measure(way: str) -> dict[str, float]:
    """Run one way in this process; seconds after imports, and the process's peak memory."""
    # Both ways need TensorFlow, so its import counts for neither. The job's processes are forked from one like this.
    import_module("keras" if way == "note" else "tasks.process.fork_server")
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        WAYS[way](Path(folder))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure_apart(way: str) -> dict[str, float]:
    """Measure in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--way", way], check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way)))
        return
    tries: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(NUM_TRIES):
        for way in WAYS:
            tries[way].append(measure_apart(way))
    rows: dict[str, Any] = {
        way: {key: median(result[key] for result in results) for key in ("seconds", "peak_mb")}
        for way, results in tries.items()
    }
    ratio = median(
        note["seconds"] / ours["seconds"] for note, ours in zip(tries["note"], tries["bakeoff"], strict=True)
    )
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for way, row in rows.items():
        print(f"{way:>8}: {row['seconds']:6.2f} s, peak memory {row['peak_mb']:,.0f} MB")
    print(f"ingest + encode of 50,000 reviews: {ratio:.1f}x the note's way (median of {NUM_TRIES} pairs)")
    write_json(options.json, **rows, ratio=ratio)


if __name__ == "__main__":
    main()

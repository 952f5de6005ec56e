"""Fit each baseline on the IMDB reviews and print its accuracy, seconds, peak memory and file size.

Each is fitted and used in a process of its own, so that its peak memory is its own. Needs imdb_reviews prepared under
TFDS_DATA_DIR. The test split is read here once more than an honest report may: choose nothing by what this prints.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tasks.baseline.baselines import BASELINES

PREPARE = "prepare"


def measure(name: str, reviews_folder: Path) -> dict[str, Any]:
    """Fit in this process, load, and predict the test split."""
    import pyarrow.parquet as pq

    from tasks.baseline.fitting import fit_baseline
    from tasks.baseline.model import load_baseline

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        facts = fit_baseline(BASELINES[name], reviews_folder=reviews_folder, folder=folder, label_names=["neg", "pos"])
        megabytes = {path.name: path.stat().st_size / 1e6 for path in folder.iterdir()}
        test = pq.read_table(reviews_folder / "test.parquet")
        started = time.perf_counter()
        model = load_baseline(folder)
        loaded = time.perf_counter()
        probabilities = model.predict_probabilities(test.column("text"))
        predicted = time.perf_counter()
    return {
        **facts,
        "megabytes": megabytes,
        "test_accuracy": float((probabilities.argmax(axis=1) == test.column("label").to_numpy()).mean()),
        "load_seconds": loaded - started,
        "predict_seconds": predicted - loaded,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def prepare(reviews_folder: Path) -> dict[str, Any]:
    """Write the reviews."""
    from tasks.ingest.datasets import open_source
    from tasks.ingest.reviews import write_reviews

    return write_reviews(open_source("imdb_reviews", reviews_folder), reviews_folder, validation_fraction=0.1)


def run_in_child(step: str, reviews_folder: Path) -> dict[str, Any]:
    """Prepare or measure in a process of its own; its peak memory starts at that of this small one."""
    command = [sys.executable, __file__, step, str(reviews_folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def describe(name: str, row: dict[str, Any]) -> str:
    """Put one baseline's numbers into a line."""
    files = ", ".join(f"{file} {megabytes:.1f} MB" for file, megabytes in sorted(row["megabytes"].items()))
    return (
        f"{name:>12}: validation {row['val_accuracy']:.4f}, test {row['test_accuracy']:.4f}, "
        f"fit {row['train_seconds']:.1f} s, load {row['load_seconds']:.1f} s, "
        f"predict 25,000 in {row['predict_seconds']:.1f} s, peak memory {row['peak_mb']:,.0f} MB; {files}"
    )


def main() -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run_in_child(PREPARE, folder)
        for name in BASELINES:
            print(describe(name, run_in_child(name, folder)), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        step, path = sys.argv[1], Path(sys.argv[2])
        print(json.dumps(prepare(path) if step == PREPARE else measure(step, path)))
    else:
        main()

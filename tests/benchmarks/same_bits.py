"""Whether a training ends with the same bits when it is repeated, and when it is killed after an epoch and resumes.

Each training has a process of its own. Needs what `gpu.py` needs, and the tokenizers library:

    KERAS_BACKEND=jax python tests/benchmarks/same_bits.py lstm conv-max --encodings data/encodings
"""

import argparse
import hashlib
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tasks.encode.encodings import ENCODINGS
from tasks.train.settings import EpochRecord, FitSettings, Listener
from tasks.train.training import train_variant
from tasks.train.variants import VARIANTS

KILLED = 9


class KillAfter(Listener):
    """Ends the process after some epochs, as a kill would."""

    def __init__(self, epochs: int | None) -> None:
        self.epochs = epochs

    def on_epoch(self, history: list[EpochRecord]) -> None:
        if len(history) == self.epochs:
            os._exit(KILLED)


def train(name: str, options: argparse.Namespace, folder: Path, kill_after: int | None) -> None:
    """Train a variant in this process, from the checkpoint in the folder if there is one."""
    variant = VARIANTS[name]
    found = sorted(options.encodings.glob(f"{variant.encoding}-*"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"no {variant.encoding} under {options.encodings}; prepare it with flows/train_all.py")
    settings = FitSettings(
        epochs=options.epochs,
        patience=options.epochs,
        batch_size=variant.batch_size,
        learning_rate=variant.learning_rate,
        seed=1,
    )
    facts = train_variant(
        variant,
        ENCODINGS[variant.encoding],
        settings,
        num_classes=2,
        sequences_folder=found[-1],
        folder=folder,
        listener=KillAfter(kill_after),
    )
    print(f"{name}: {facts.device}, {facts.epoch_seconds:.2f} s an epoch", flush=True)


def run(*arguments: Any) -> None:
    """Train in a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=train, args=arguments)
    process.start()
    process.join()
    if process.exitcode not in (0, KILLED):
        raise SystemExit(f"a training ended with status {process.exitcode}")


def hash_state(folder: Path) -> str:
    """Hash weights, the optimizer's state and the best weights; the history has times, which differ."""
    found = hashlib.sha256()
    with np.load(folder / "checkpoint" / "state.npz") as arrays:
        for name in sorted(arrays.files):
            if "/" in name:
                found.update(f"{name} {arrays[name].shape}".encode() + arrays[name].tobytes())
    return found.hexdigest()[:16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="+", choices=VARIANTS, metavar="variant")
    parser.add_argument("--encodings", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    for name in options.variants:
        with tempfile.TemporaryDirectory() as root:
            folders = {way: Path(root) / way for way in ("once", "again", "resumed")}
            for way, folder in folders.items():
                folder.mkdir()
                if way == "resumed":
                    run(name, options, folder, 1)
                run(name, options, folder, None)
            hashes = {way: hash_state(folder) for way, folder in folders.items()}
        verdict = "the same bits" if len(set(hashes.values())) == 1 else "DIFFERENT bits"
        print(f"{name}: {verdict} {hashes}", flush=True)


if __name__ == "__main__":
    main()

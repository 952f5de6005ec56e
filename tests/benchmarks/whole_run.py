"""Time the ten seed variants from start to report against the course note's notebook doing the same epochs.

The notebook's way: TFDS one example at a time, Keras's Tokenizer (for the subword model the `tokenizers` library),
`pad_sequences`, and for each model `model.fit` on arrays and `model.evaluate`, without Prefect, checkpoints, intervals
or reports. Needs imdb_reviews prepared under TFDS_DATA_DIR; takes a quarter of an hour.

Prefect's share is bounded from above by a run that reuses everything: starting the server, importing, hashing and the
report are in it too.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from side_by_side import write_json

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "test")


def run_bakeoff(folder: Path, arguments: list[str], *, baselines: str = "none") -> tuple[float, dict[str, Any]]:
    """Run the main job as a person does; returns its seconds and the leaderboard."""
    folders = [f"--data-dir={folder / 'data'}", f"--artifacts-dir={folder / 'artifacts'}"]
    flags = [f"--baselines={baselines}", "--no-promote", *folders, *arguments]
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, ROOT / "flows" / "train_all.py", *flags],
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - started
    leaderboard: dict[str, Any] = json.loads((folder / "artifacts/runs/latest/leaderboard.json").read_text())
    return seconds, leaderboard


def run_notebook(epochs: dict[str, int]) -> None:
    """Do what the note's notebook does, for each model as many epochs as the other way took."""
    import keras
    import numpy as np
    import tensorflow_datasets as tfds

    from tasks.encode.encodings import ENCODINGS
    from tasks.train.build import build_model
    from tasks.train.variants import VARIANTS

    data = tfds.load("imdb_reviews", as_supervised=True, download=False, data_dir=os.environ["TFDS_DATA_DIR"])
    texts: dict[str, list[str]] = {split: [] for split in SPLITS}
    labels: dict[str, Any] = {split: [] for split in SPLITS}
    for split in SPLITS:
        for text, label in tfds.as_numpy(data[split]):
            texts[split].append(text.decode())
            labels[split].append(label)
        labels[split] = np.array(labels[split])
    encoded: dict[str, dict[str, Any]] = {}
    for name, num_epochs in epochs.items():
        encoding = ENCODINGS[VARIANTS[name].encoding]
        if encoding.name not in encoded:
            sequences = encode(texts, encoding)
            encoded[encoding.name] = {
                split: keras.utils.pad_sequences(rows, maxlen=encoding.length, truncating="post")
                for split, rows in sequences.items()
            }
        tokens = encoded[encoding.name]
        model = build_model(VARIANTS[name], encoding, num_classes=2, learning_rate=1e-3)
        model.fit(tokens["train"], labels["train"], epochs=num_epochs, validation_split=0.1, verbose=0)
        model.evaluate(tokens["test"], labels["test"], verbose=0)


def encode(texts: dict[str, list[str]], encoding: Any) -> dict[str, Any]:
    """Fit on train and encode both splits."""
    from keras.src.legacy.preprocessing.text import Tokenizer
    from tokenizers import ByteLevelBPETokenizer

    if encoding.kind == "subwords":
        subwords = ByteLevelBPETokenizer(lowercase=True)
        subwords.train_from_iterator(texts["train"], vocab_size=encoding.vocab_size, show_progress=False)
        return {split: [row.ids for row in subwords.encode_batch(texts[split])] for split in SPLITS}
    words = Tokenizer(num_words=encoding.vocab_size, oov_token="<OOV>")
    words.fit_on_texts(texts["train"])
    return {split: words.texts_to_sequences(texts[split]) for split in SPLITS}


def time_notebook(epochs: dict[str, int]) -> float:
    """Run the notebook's way in a process of its own; returns its seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--notebook", json.dumps(epochs)], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default="seed")
    parser.add_argument("--epochs", default="10")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--only-bakeoff", action="store_true", help="leave the notebook out: Prefect's share alone")
    parser.add_argument("--notebook", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.notebook:
        run_notebook(json.loads(options.notebook))
        return
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["--dataset=imdb_reviews", f"--variants={options.variants}", f"--epochs={options.epochs}"]
        seconds, leaderboard = run_bakeoff(Path(folder), arguments)
        again, _ = run_bakeoff(Path(folder), arguments)
    epochs = {row["name"]: row["epochs"] for row in leaderboard["variants"] if row["epochs"]}
    notebook = None if options.only_bakeoff else time_notebook(epochs)
    result = {
        "versions": leaderboard["run"]["versions"],
        "epochs": epochs,
        "bakeoff_seconds": seconds,
        "reused_seconds": again,
        "notebook_seconds": notebook,
        "ratio": notebook and notebook / seconds,
        "share_of_a_run_that_reuses_everything": again / seconds,
    }
    print(f"{platform.machine()}, {os.cpu_count()} cores, {len(epochs)} variants, {sum(epochs.values())} epochs in all")
    print(f"bakeoff, start to report: {seconds:.0f} s; the same again, everything reused: {again:.0f} s")
    if notebook:
        print(f"the note's notebook, the same epochs: {notebook:.0f} s, {notebook / seconds:.1f}x")
    print(f"Prefect's share is below {result['share_of_a_run_that_reuses_everything']:.1%}")
    write_json(options.json, **result)


if __name__ == "__main__":
    main()

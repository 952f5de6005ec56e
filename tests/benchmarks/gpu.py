"""Seconds per epoch and accuracy of the variants on one GPU, with and without mixed precision, from prepared encodings.

Needs keras, numpy, pyarrow and one backend; neither Prefect nor TensorFlow Datasets. Prepare the encodings on any
machine with the main job, take data/encodings along, and run, for each backend that is installed:

    KERAS_BACKEND=jax python tests/benchmarks/gpu.py --encodings data/encodings --json gpu.json

Mixed precision computes in bfloat16 and keeps weights in float32. Its effect is the difference in validation accuracy
between the two trainings of the same seed and number of epochs.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import keras
import numpy as np
import pyarrow.parquet as pq

from tasks.encode.encodings import ENCODINGS
from tasks.encode.padding import mark_wordless
from tasks.train.backend import make_epoch_runner, prepare_device, release_memory
from tasks.train.build import build_model
from tasks.train.predict import predict_probabilities
from tasks.train.variants import VARIANTS, expand_names

POLICIES = {"float32": "float32", "mixed": "mixed_bfloat16"}


def read_split(folder: Path, split: str, limit: int | None) -> tuple[Any, Any]:
    """Read tokens (num_reviews, length) and labels of a split, without the tokenizers library."""
    table = pq.read_table(folder / f"{split}.parquet", columns=["tokens", "label"]).slice(0, limit)
    tokens = table.column("tokens").combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    return mark_wordless(tokens), table.column("label").to_numpy()


def find_folder(root: Path, encoding: str) -> Path:
    """Find the newest folder of an encoding."""
    found = sorted(root.glob(f"{encoding}-*"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"no {encoding} under {root}; prepare it with flows/train_all.py --variants all")
    return found[-1]


def uses_cudnn(model: keras.Model) -> bool | None:
    """Tell whether the model's recurrent layers can use cuDNN on this device; None when it has none."""
    from keras.src import backend

    layers = [layer for outer in model.layers for layer in (getattr(outer, "forward_layer", outer),)]
    recurrent = [layer for layer in layers if isinstance(layer, keras.layers.LSTM | keras.layers.GRU)]
    if not recurrent:
        return None
    return all(
        bool(backend.cudnn_ok(layer.activation, layer.recurrent_activation, layer.unroll, use_bias=layer.use_bias))
        for layer in recurrent
    )


def measure_memory() -> float | None:
    """Return the peak of the device's memory in MB, None where the backend does not tell."""
    if keras.backend.backend() == "jax":
        import jax

        statistics = jax.devices()[0].memory_stats()
        return statistics["peak_bytes_in_use"] / 1e6 if statistics else None
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    return float(tf.config.experimental.get_memory_info("GPU:0")["peak"]) / 1e6


def measure(name: str, policy: str, splits: dict[str, Any], *, epochs: int, batch_size: int) -> dict[str, Any]:
    """Train one variant with one precision; the first epoch, which compiles, is not timed."""
    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy(POLICIES[policy])
    variant = VARIANTS[name]
    num_classes = int(splits["train"][1].max()) + 1
    model = build_model(variant, ENCODINGS[variant.encoding], num_classes=num_classes, learning_rate=1e-3)
    run_epoch = make_epoch_runner(model, batch_size=batch_size)
    seconds = []
    for epoch in range(1, epochs + 1):
        order = np.random.default_rng([1, epoch]).permutation(len(splits["train"][1]))
        started = time.perf_counter()
        run_epoch(splits["train"][0][order], splits["train"][1][order], lambda _: None)
        seconds.append(time.perf_counter() - started)
    tokens, labels = splits["validation"]
    accuracy = float((predict_probabilities(model, tokens).argmax(axis=1) == labels).mean())
    result = {
        "variant": name,
        "precision": policy,
        "epoch_seconds": median(seconds[1:] or seconds),
        "val_accuracy": accuracy,
        "cudnn": uses_cudnn(model),
        "peak_memory_mb": measure_memory(),
    }
    release_memory()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encodings", type=Path, required=True)
    parser.add_argument("--variants", default="seed", help="names and groups, separated by commas")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--limit", type=int, help="at most this many reviews")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    device = prepare_device()
    print(f"{device}, Keras {keras.__version__}, {platform.machine()}, {os.cpu_count()} cores")
    print(f"{'variant':<18} {'precision':<10} {'s/epoch':>8} {'val acc':>8} {'cuDNN':>6} {'MB':>8}")
    rows = []
    for name in expand_names(options.variants.split(",")):
        folder = find_folder(options.encodings, VARIANTS[name].encoding)
        splits = {split: read_split(folder, split, options.limit) for split in ("train", "validation")}
        for policy in POLICIES:
            row = measure(name, policy, splits, epochs=options.epochs, batch_size=options.batch_size)
            rows.append(row)
            cudnn = {True: "yes", False: "no", None: "-"}[row["cudnn"]]
            memory = "-" if row["peak_memory_mb"] is None else f"{row['peak_memory_mb']:,.0f}"
            accuracy, seconds = row["val_accuracy"], row["epoch_seconds"]
            print(f"{name:<18} {policy:<10} {seconds:8.2f} {accuracy:8.1%} {cudnn:>6} {memory:>8}", flush=True)
    if options.json:
        content = {"device": device, "keras": keras.__version__, "batch_size": options.batch_size, "rows": rows}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Seconds per epoch and accuracy of the variants on one GPU, from prepared encodings.

Compares ways to run an epoch, batch sizes, precisions, several seeds in one program and several trainings at once.
Needs keras, numpy, pandas, pyarrow, pydantic and one backend; neither Prefect nor TensorFlow Datasets. Prepare the
encodings on any machine with the main job, take data/encodings along, and run, for each backend that is installed:

    KERAS_BACKEND=jax python tests/benchmarks/gpu.py --encodings data/encodings --json gpu.json

Mixed precision computes in bfloat16 and keeps weights in float32. The first epoch, which compiles, is not part of the
seconds per epoch. With several models at once, seconds are per model: the time of one epoch of all of them, divided by
their number.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).parents[2]))
# Several processes share the GPU's memory.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

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
KERNELS = {"loop": "auto", "fit": "plain"}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One measurement: a variant and how it is trained."""

    variant: str
    way: str = "loop"
    batch_size: int = 32
    precision: str = "float32"
    seeds: int = 1
    trainings: int = 1
    cudnn: bool = True


@dataclass(frozen=True)
class Result:
    """What was measured: `first_seconds` is the epoch that compiles, `cudnn` is None without a recurrent layer."""

    setup: Setup
    first_seconds: float
    epoch_seconds: float
    val_accuracy: float
    cudnn: bool | None
    peak_memory_mb: float | None

    HEADING: ClassVar = (
        f"{'variant':<18} {'way':<5} {'batch':>6} {'precision':<10} {'models':<12} {'cuDNN':>6} {'first s':>8} "
        f"{'s/epoch':>8} {'val acc':>8} {'MB':>7}"
    )

    def __str__(self) -> str:
        setup = self.setup
        models = (
            f"{setup.seeds} seeds"
            if setup.seeds > 1
            else f"{setup.trainings} trainings"
            if setup.trainings > 1
            else "1"
        )
        cudnn = {True: "yes", False: "no", None: "-"}[self.cudnn]
        memory = "-" if self.peak_memory_mb is None else f"{self.peak_memory_mb:,.0f}"
        return (
            f"{setup.variant:<18} {setup.way:<5} {setup.batch_size:>6} {setup.precision:<10} {models:<12} {cudnn:>6} "
            f"{self.first_seconds:8.2f} {self.epoch_seconds:8.3f} {self.val_accuracy:8.1%} {memory:>7}"
        )


def read_split(folder: Path, split: str, limit: int | None) -> tuple[Any, Any]:
    """Read tokens (num_reviews, length) and labels of a split, without the tokenizers library."""
    table = pq.read_table(folder / f"{split}.parquet", columns=["tokens", "label"]).slice(0, limit)
    tokens = table.column("tokens").combine_chunks().flatten().to_numpy().reshape(len(table), -1)
    return mark_wordless(tokens), table.column("label").to_numpy()


def read_splits(root: Path, encoding: str, limit: int | None) -> dict[str, tuple[Any, Any]]:
    """Read the train and validation splits of the newest folder of an encoding."""
    found = sorted(root.glob(f"{encoding}-*"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise SystemExit(f"no {encoding} under {root}; prepare it with flows/train_all.py --variants all")
    return {split: read_split(found[-1], split, limit) for split in ("train", "validation")}


def list_recurrent(model: keras.Model) -> list[Any]:
    """List the LSTM and GRU layers of a model, also those inside Bidirectional."""
    parts = [
        part
        for layer in model.layers
        for part in (layer, *(getattr(layer, f"{way}_layer", None) for way in ("forward", "backward")))
    ]
    return [part for part in parts if isinstance(part, keras.layers.LSTM | keras.layers.GRU)]


def uses_cudnn(model: keras.Model) -> bool | None:
    """Tell whether the model's LSTM and GRU layers may use cuDNN on this device; None when it has none."""
    from keras.src import backend

    recurrent = list_recurrent(model)
    if not recurrent:
        return None
    if keras.backend.backend() == "jax" and any(isinstance(layer, keras.layers.GRU) for layer in recurrent):
        return False
    return all(
        layer.use_cudnn in (True, "auto")
        and bool(backend.cudnn_ok(layer.activation, layer.recurrent_activation, layer.unroll, use_bias=layer.use_bias))
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


def make_model(setup: Setup, num_classes: int, seed: int) -> keras.Model:
    """Build the variant with the weights that its seed draws."""
    keras.utils.set_random_seed(seed)
    keras.mixed_precision.set_global_policy(POLICIES[setup.precision])
    variant = VARIANTS[setup.variant]
    model = build_model(variant, ENCODINGS[variant.encoding], num_classes=num_classes, learning_rate=1e-3)
    if not setup.cudnn:
        for layer in list_recurrent(model):
            layer.use_cudnn = False
    return model


def measure(setup: Setup, splits: dict[str, Any], *, epochs: int, wait: Callable[[], object] = lambda: None) -> Result:
    """Train one variant, or several seeds of it in one program; `wait` is called before the epochs that are timed."""
    num_classes = int(splits["train"][1].max()) + 1
    models = [make_model(setup, num_classes, seed) for seed in range(1, setup.seeds + 1)]
    run_epoch = run_one(models[0], setup) if setup.seeds == 1 else run_seeds(models, setup)
    seconds = []
    for epoch in range(1, epochs + 1):
        orders = [
            np.random.default_rng([seed, epoch]).permutation(len(splits["train"][1]))
            for seed in range(1, setup.seeds + 1)
        ]
        if epoch == 2:
            wait()
        started = time.perf_counter()
        run_epoch(*splits["train"], orders)
        seconds.append((time.perf_counter() - started) / (setup.seeds * setup.trainings))
    tokens, labels = splits["validation"]
    accuracies = [float((predict_probabilities(model, tokens).argmax(axis=1) == labels).mean()) for model in models]
    result = Result(
        setup, seconds[0], median(seconds[1:] or seconds), mean(accuracies), uses_cudnn(models[0]), measure_memory()
    )
    del models, run_epoch
    release_memory()
    return result


RunEpoch = Callable[[Any, Any, list[Any]], object]


def run_one(model: keras.Model, setup: Setup) -> RunEpoch:
    """Run an epoch of one model the way the main job does."""
    run_epoch = make_epoch_runner(model, batch_size=setup.batch_size, kernels=KERNELS[setup.way])
    return lambda tokens, labels, orders: run_epoch(tokens[orders[0]], labels[orders[0]], lambda _: None)


def run_seeds(models: list[keras.Model], setup: Setup) -> RunEpoch:
    """Run an epoch of several seeds in one program of JAX, each in its own order; a partial batch is left out."""
    import jax
    import jax.numpy as jnp

    from tasks.train.kernels.jax_epochs import State, make_step_loop, read_state, write_state

    run_steps = jax.jit(jax.vmap(make_step_loop(models[0]), in_axes=(0, 0, 0, None, None)), donate_argnums=0)
    for model in models[1:]:
        model.optimizer.build(model.trainable_variables)

    def run_epoch(tokens: Any, labels: Any, orders: list[Any]) -> None:
        num_steps = len(labels) // setup.batch_size
        rows = np.stack(orders)[:, : num_steps * setup.batch_size].reshape(len(models), num_steps, setup.batch_size)
        states = jax.tree.map(lambda *values: jnp.stack(values), *map(read_state, models))
        given = jnp.asarray(tokens[rows], "int32"), jnp.asarray(labels[rows], "int32")
        states = jax.block_until_ready(run_steps(states, *given, 0, num_steps))
        for index, model in enumerate(models):
            write_state(model, State(*jax.tree.map(lambda values, index=index: values[index], states)))

    return run_epoch


def measure_in_child(setup: Setup, options: argparse.Namespace, barrier: Any, results: Any) -> None:
    """Train in a process of its own, and time while the others train too."""
    prepare_device()
    splits = read_splits(options.encodings, VARIANTS[setup.variant].encoding, options.limit)
    results.put(measure(setup, splits, epochs=options.epochs, wait=barrier.wait))


def measure_at_once(setup: Setup, options: argparse.Namespace) -> Result:
    """Train the same variant in several processes on one GPU."""
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(setup.trainings), context.Queue()
    children = [
        context.Process(target=measure_in_child, args=(setup, options, barrier, queue)) for _ in range(setup.trainings)
    ]
    for child in children:
        child.start()
    results = [queue.get() for _ in children]
    for child in children:
        child.join()
    return replace(results[0], epoch_seconds=median(result.epoch_seconds for result in results))


def plan_setups(options: argparse.Namespace) -> Iterator[Setup]:
    """List what to measure: every variant as it is, then what the options ask for."""
    names = expand_names(options.variants.split(","))
    for name in names:
        yield Setup(variant=name)
    for name in expand_names(options.closer.split(",")):
        yield Setup(variant=name, way="fit")
        yield Setup(variant=name, precision="mixed")
        yield from (Setup(variant=name, batch_size=size) for size in options.batch_sizes)
        if keras.backend.backend() == "jax":
            yield Setup(variant=name, cudnn=False)
            yield from (Setup(variant=name, seeds=number, cudnn=False) for number in options.seeds_at_once)
        yield from (Setup(variant=name, trainings=number) for number in options.trainings_at_once)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encodings", type=Path, required=True)
    parser.add_argument("--variants", default="seed", help="names and groups, separated by commas [%(default)s]")
    parser.add_argument(
        "--closer", default="conv-max,lstm", help="variants to train in all other ways too [%(default)s]"
    )
    parser.add_argument("--batch-sizes", type=int, nargs="*", default=[256, 2048])
    parser.add_argument("--seeds-at-once", type=int, nargs="*", default=[8])
    parser.add_argument("--trainings-at-once", type=int, nargs="*", default=[3])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, help="at most this many reviews")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    device = prepare_device()
    print(f"{device}, Keras {keras.__version__}, {platform.machine()}, {os.cpu_count()} cores\n{Result.HEADING}")
    results: list[Result] = []
    for setup in plan_setups(options):
        splits = read_splits(options.encodings, VARIANTS[setup.variant].encoding, options.limit)
        try:
            results.append(
                measure_at_once(setup, options)
                if setup.trainings > 1
                else measure(setup, splits, epochs=options.epochs)
            )
        except (RuntimeError, ValueError, NotImplementedError) as error:
            print(f"{setup.variant}: {type(error).__name__}: {str(error).splitlines()[0]}", flush=True)
            continue
        print(results[-1], flush=True)
        if options.json:
            content = {"device": device, "keras": keras.__version__, "rows": [asdict(result) for result in results]}
            options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

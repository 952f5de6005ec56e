"""The compiled loop of updates on JAX computes what `model.fit` does; in a child, since a process has one backend."""

import json
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

pytest.importorskip("jax")
pytestmark = pytest.mark.slow

# Trains each model twice, with `model.fit` and with the loop, and prints what came of both.
COMPARE = """
import json
import keras
import numpy as np
from tasks.train.build import choose_loss, find_agreement
from tasks.train.kernels import call_plan
from tasks.train.kernels.jax_epochs import make_epoch_runner
from tasks.train.losses import WeightedLoss

call_plan.FIRST_CALL_STEPS = 1
layers = keras.layers
BODIES = {
    "flatten": (2, False, [layers.Flatten]),
    "lstm": (2, True, [lambda: layers.LSTM(4)]),
    "bigru": (2, False, [lambda: layers.Bidirectional(layers.GRU(4))]),
    "conv": (3, False, [lambda: layers.Conv1D(8, 3, activation="relu"), layers.GlobalMaxPooling1D]),
    "dropout": (2, False, [layers.Flatten, lambda: layers.Dropout(0.5, seed=3)]),
    "weighted": (3, False, [layers.Flatten]),
    "penalty": (2, False, [layers.Flatten, lambda: layers.Dense(3, kernel_regularizer="l2")]),
}

SOFT = ("flatten", "conv")

def make_model(num_classes, mask, body, soft=False, weights=None):
    keras.utils.set_random_seed(1)
    head = layers.Dense(1, "sigmoid") if num_classes == 2 else layers.Dense(num_classes, "softmax")
    model = keras.Sequential([
        keras.Input((6,), dtype="int32"), layers.Embedding(30, 4, mask_zero=mask), *(make() for make in body), head
    ])
    loss = choose_loss(num_classes, soft_labels=soft)
    loss = WeightedLoss(loss, weights) if weights else loss
    by_hand = keras.metrics.MeanMetricWrapper(find_agreement, name="accuracy")
    metrics = [by_hand if soft and num_classes == 2 else "accuracy"]
    model.compile(optimizer=keras.optimizers.Adam(0.01, global_clipnorm=1.0), loss=loss, metrics=metrics)
    return model

found = {}
for name, row in [*BODIES.items(), *((f"soft {name}", BODIES[name]) for name in SOFT)]:
    random = np.random.default_rng(0)
    tokens = random.integers(1, 30, size=(70, 6)).astype(np.uint8)
    tokens[::3, 4:] = 0
    labels = random.integers(0, row[0], size=70).astype(np.int32)
    soft = name.startswith("soft")
    if soft:
        labels = random.dirichlet(np.ones(row[0]), size=70).astype(np.float32)
        labels = labels[:, 1] if row[0] == 2 else labels
    weights = (0.5, 2.0, 9.0) if name == "weighted" else None
    stock, quick = make_model(*row, soft=soft), make_model(*row, soft=soft, weights=weights)
    options = {"class_weight": dict(enumerate(weights))} if weights else {}
    options.update(epochs=2, batch_size=32, shuffle=False, verbose=0)
    history = stock.fit(tokens.astype(np.int32), labels, **options).history
    progress = []
    run_epoch = make_epoch_runner(quick, batch_size=32)
    epochs = [run_epoch(tokens, labels, progress.append) for _ in range(2)]
    found[name] = {
        "stock": [dict(zip(history, values)) for values in zip(*history.values())],
        "quick": epochs,
        "difference": max(
            float(np.abs(np.asarray(a) - np.asarray(b)).max()) for a, b in zip(stock.variables, quick.variables)
        ),
        "iterations": int(quick.optimizer.iterations),
        "progress": progress,
    }
print(json.dumps(found))
"""
NAMES = ("flatten", "lstm", "bigru", "conv", "dropout", "weighted", "penalty", "soft flatten", "soft conv")


@cache
def train_both() -> dict[str, Any]:
    # Nearly all of the time goes into compiling, so that XLA shall not also optimise what runs for milliseconds.
    jax = {"JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    environment = {**os.environ, "KERAS_BACKEND": "jax", **jax}
    done = subprocess.run([sys.executable, "-c", COMPARE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_epoch_makes_the_updates_of_model_fit(name: str) -> None:
    found = train_both()[name]
    assert found["iterations"] == 2 * 3
    assert found["difference"] < 1e-5
    for stock, quick in zip(found["stock"], found["quick"], strict=True):
        assert quick == pytest.approx(stock, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_progress_rises_to_the_number_of_reviews(name: str) -> None:
    assert train_both()[name]["progress"] == [32, 64, 70] * 2

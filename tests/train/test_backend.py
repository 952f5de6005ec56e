"""What depends on Keras's backend: the device, an epoch on any backend, and training on another one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from tasks.train.backend import list_jax_gpus, make_plain_epoch_runner, prepare_device, release_memory

pytest.importorskip("jax")

# Trains, saves, loads and predicts through the same calls as on TensorFlow, and tells what came of it.
TRAIN = """
import json, sys
from pathlib import Path
import keras
from tasks.encode.encodings import Encoding
from tasks.encode.sequences import read_sequences
from tasks.train.predict import predict_probabilities
from tasks.train.settings import FitSettings, Listener
from tasks.train.training import train_variant
from tasks.train.variants import Variant

def body(layers):
    return [layers.LSTM(3), layers.Dropout(0.2)]

encoding = Encoding(name="tiny", kind="words", vocab_size=30, length=6, padding="pre", description="for tests")
variant = Variant("for-tests", "seed", "tiny", body, 0, "an LSTM", embedding_dim=4, mask=True)
settings = FitSettings(epochs=2, patience=9, batch_size=4, learning_rate=0.01, seed=1)
sequences, folder = map(Path, sys.argv[1:])

facts = train_variant(variant, encoding, settings, num_classes=2, sequences_folder=sequences, folder=folder,
                      listener=Listener())
model = keras.models.load_model(folder / "model.keras", safe_mode=True)
probabilities = predict_probabilities(model, read_sequences(sequences / "test.parquet")[0])
print(json.dumps({
    "backend": keras.backend.backend(),
    "facts": facts.model_dump(),
    "probabilities": probabilities.tolist(),
    "files": sorted(path.name for path in folder.iterdir()),
}))
"""


@pytest.mark.slow
def test_jax_trains_and_predicts_through_the_same_calls(sequences_folder: Path, tmp_path: Path) -> None:
    # Nearly all of the time goes into compiling, so that XLA shall not also optimise what runs for milliseconds.
    jax = {"JAX_PLATFORMS": "cpu", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    environment = {**os.environ, "KERAS_BACKEND": "jax", **jax}
    command = [sys.executable, "-c", TRAIN, str(sequences_folder), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["backend"] == "jax"
    assert found["facts"]["epochs"] == 2
    assert found["facts"]["device"].endswith("jax")
    assert found["files"] == ["checkpoint", "history.csv", "model.keras", "summary.txt", "tokenizer.json"]
    np.testing.assert_allclose(np.sum(found["probabilities"], axis=1), 1.0)
    assert np.shape(found["probabilities"]) == (4, 2)


def make_model() -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Embedding(9, 2), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential([keras.Input((4,), dtype="int32"), *layers])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def test_plain_epochs_update_in_the_order_of_their_rows_and_tell_loss_and_accuracy() -> None:
    tokens, labels = np.arange(24).reshape(6, 4) % 9, np.array([0, 1, 1, 0, 1, 0], np.int32)
    model, reference = make_model(), make_model()
    progress: list[int] = []
    scores = make_plain_epoch_runner(model, batch_size=4)(tokens.astype(np.uint8), labels, progress.append)
    for rows in (slice(0, 4), slice(4, 6)):
        reference.train_on_batch(tokens[rows], labels[rows])
    for value, expected in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-6)
    assert scores.keys() == {"loss", "accuracy"}
    assert progress[-1] == 6


def test_device_is_named_with_its_backend() -> None:
    assert prepare_device().endswith(f", {keras.backend.backend()}")


def test_released_memory_does_not_spoil_what_is_built_next() -> None:
    first = make_model().get_weights()
    release_memory()
    assert all(np.array_equal(a, b) for a, b in zip(first, make_model().get_weights(), strict=True))


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [
        (None, "--xla_gpu_deterministic_ops=true"),
        ("--xla_dump_to=", "--xla_dump_to= --xla_gpu_deterministic_ops=true"),
        ("--xla_gpu_deterministic_ops=false", "--xla_gpu_deterministic_ops=false"),
    ],
    ids=str,
)
def test_jax_adds_up_in_a_fixed_order_on_a_gpu_unless_the_user_says_otherwise(
    flags: str | None, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    monkeypatch.setenv("XLA_FLAGS", flags or "")
    if flags is None:
        monkeypatch.delenv("XLA_FLAGS")
    list_jax_gpus()
    assert os.environ["XLA_FLAGS"] == wanted

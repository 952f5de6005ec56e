"""Word vectors of a model begin as those of a file, stay or change as the variant says, and are saved with it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import Encoding
from tasks.store.fingerprint import fingerprint
from tasks.store.outputs import FileRecord, Manifest
from tasks.train import training
from tasks.train.build import build_model, count_parameters
from tasks.train.identity import decide_model
from tasks.train.settings import FitSettings, Listener
from tasks.train.variants import VARIANTS, Variant
from tasks.train.word_vectors import start_from

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

IDS, VECTORS = [2, 5, 29], np.array([[1, 2, -3], [4, -5, 6], [-7, 8, 9]], np.float32)
SETTINGS = FitSettings(epochs=2, patience=9, batch_size=5, learning_rate=0.1, seed=1)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "vectors.parquet"
    column = pa.FixedSizeListArray.from_arrays(pa.array(VECTORS.ravel()), 3)
    pq.write_table(pa.table({"token": pa.array(IDS, pa.int32()), "vector": column}), path)
    return path


def choose(name: str, **fields: Any) -> Variant:
    return replace(VARIANTS[name].widen(3), **fields)


def read_words(model: keras.Model) -> np.ndarray:
    """The word vectors, which come before those of places."""
    return np.array(next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding)).embeddings)


def test_words_that_the_file_lacks_keep_what_was_drawn_at_the_spread_of_the_file(vectors: Path) -> None:
    drawn = np.random.default_rng(3).uniform(-0.05, 0.05, (30, 3)).astype(np.float32)
    found = start_from(vectors, drawn)
    assert (found[IDS] == VECTORS).all()
    assert (found[0] == 0).all()
    others = np.setdiff1d(np.arange(30), [0, *IDS])
    np.testing.assert_allclose(found[others] / drawn[others], VECTORS.std() / drawn.std(), rtol=1e-5)
    assert found.dtype == np.float32


@pytest.mark.parametrize("name", ["vectors-average-pool", "vectors-conv-max", "vectors-bilstm", "attention"])
def test_model_begins_with_the_vectors(name: str, encoding: Encoding, vectors: Path) -> None:
    model = build_model(choose(name), encoding, num_classes=2, learning_rate=0.1, vectors=vectors)
    assert (read_words(model)[IDS] == VECTORS).all()


def test_seed_decides_the_other_words_and_layers(encoding: Encoding, vectors: Path) -> None:
    def build(seed: int, path: Path | None) -> list[np.ndarray]:
        keras.utils.set_random_seed(seed)
        return build_model(
            choose("vectors-conv-max"), encoding, num_classes=2, learning_rate=0.1, vectors=path
        ).get_weights()

    first, again, other, without = build(1, vectors), build(1, vectors), build(2, vectors), build(1, None)
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert not (first[0][3] == other[0][3]).all()
    assert all((one == two).all() for one, two in zip(first[1:], without[1:], strict=True))


Train = Callable[..., tuple[training.TrainingFacts, keras.Model]]


@pytest.fixture
def train(encoding: Encoding, sequences_folder: Path, vectors: Path, tmp_path: Path) -> Train:
    def run(variant: Variant, **options: Any) -> tuple[training.TrainingFacts, keras.Model]:
        facts = training.train_variant(
            variant,
            encoding,
            replace(SETTINGS, **options),
            num_classes=2,
            sequences_folder=sequences_folder,
            folder=tmp_path,
            listener=Listener(),
            vectors=vectors,
        )
        return facts, keras.models.load_model(tmp_path / "model.keras", safe_mode=True)

    return run


def make_body(layers: Any) -> list[Any]:
    return [layers.Conv1D(16, 2), layers.GlobalMaxPooling1D()]


@pytest.mark.parametrize("kernels", ["native", "plain"])
@pytest.mark.parametrize("what", ["frozen", "fine-tuned"])
def test_frozen_vectors_stay_as_they_are_and_others_are_trained(what: Any, kernels: Any, train: Train) -> None:
    facts, model = train(choose("vectors-conv-max", body=make_body, hidden=0, vectors=what), kernels=kernels)
    words = read_words(model)
    # Only words of the training texts are trained; token 2 is the commonest.
    assert (words[2] == VECTORS[0]).all() == (what == "frozen")
    assert (words[0] == 0).all() == (what == "frozen")
    weights = 16 * 2 * 3 + 16 + 16 + 1
    assert facts.num_params == count_parameters(model) == weights + (3 * 30 if what == "fine-tuned" else 0)


def test_int8_keeps_the_vectors_as_far_as_it_can(train: Train) -> None:
    _, model = train(choose("vectors-average-pool", vectors="frozen", quantize="int8"))
    embedding = next(layer for layer in model.layers if isinstance(layer, keras.layers.Embedding))
    found = np.asarray(embedding(np.array([IDS], np.int32)))[0]
    np.testing.assert_allclose(found, VECTORS, atol=0.05)


def make_manifest(**hashes: str) -> Manifest[Any]:
    files = {name.replace("_", "."): FileRecord(sha256=sha256, num_bytes=1) for name, sha256 in hashes.items()}
    return Manifest(
        kind="any",
        name="any",
        fingerprint="f",
        folder="f",
        decided_by={"encoding": {}},
        facts={},
        files=files,
        created="today",
    )


def test_vectors_decide_the_model() -> None:
    sequences = make_manifest(tokenizer_json="t", train_parquet="a", validation_parquet="b")
    given = [None, make_manifest(vectors_parquet="v"), make_manifest(vectors_parquet="w")]
    found = [
        decide_model(choose("vectors-bilstm"), SETTINGS, sequences, num_classes=2, vectors=vectors) for vectors in given
    ]
    assert len({fingerprint(decided_by) for decided_by in found}) == 3
    assert "vectors" not in found[0]

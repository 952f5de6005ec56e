"""Evaluating a saved model: its bundle and its predictions, and that the two agree."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.encode.encodings import Encoding
from tasks.evaluate.evaluation import evaluate_model
from tasks.evaluate.metrics import compute_metrics
from tasks.evaluate.predictions import read_predictions
from tasks.store import FileRecord, Manifest
from tasks.train.build import build_model
from tasks.train.settings import FitSettings
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

ENCODING = Encoding(name="tiny", kind="words", vocab_size=30, length=6, padding="pre", description="for tests")
LABEL_NAMES = ["bad film", "good film"]
NUM_REVIEWS = 20
SETTINGS = FitSettings(epochs=3, patience=2, batch_size=4, learning_rate=0.01, seed=7)


def make_manifest(kind: str, name: str, files: dict[str, str], **fields: Any) -> Manifest:
    records = {file: FileRecord(sha256=sha256, num_bytes=1) for file, sha256 in files.items()}
    return Manifest(
        kind=kind,
        name=name,
        fingerprint="f1",
        folder="folder",
        files=records,
        created="today",
        **{"facts": {}, "decided_by": {}, **fields},
    )


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    keras.utils.set_random_seed(1)
    model = build_model(VARIANTS["bilstm"], ENCODING, num_classes=2, learning_rate=0.01)
    # Far from the start, where all probabilities are close to one half.
    model.set_weights([5 * weight for weight in model.get_weights()])
    model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def test_split(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sequences") / "test.parquet"
    tokens = np.random.default_rng(1).integers(1, ENCODING.vocab_size, (NUM_REVIEWS, ENCODING.length)).astype(np.uint8)
    columns = {
        "id": [f"test-{index}" for index in range(NUM_REVIEWS)],
        "label": pa.array(tokens[:, 0] % 2, pa.int32()),
        "tokens": pa.FixedSizeListArray.from_arrays(pa.array(tokens.ravel()), ENCODING.length),
    }
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the task that evaluates knows of the model before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        from tasks.evaluate.task import describe_bundle
    model = make_manifest(
        "training",
        "bilstm",
        {"model.keras": "m"},
        decided_by={"settings": asdict(SETTINGS), "libraries": {"keras": "3.x", "tensorflow": "2.x"}},
        facts={"num_params": 1, "device": "CPU"},
    )
    files = {"train.parquet": "t1", "validation.parquet": "v1", "test.parquet": "t2", "tokenizer.json": "k"}
    sequences = make_manifest("encoding", "tiny", files, decided_by={"encoding": ENCODING.settings()})
    return describe_bundle(model, sequences)


@pytest.fixture(scope="module")
def evaluated(
    model_folder: Path, test_split: Path, bundle: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """The metrics that were returned, and the folder that was written to."""
    folder = tmp_path_factory.mktemp("evaluation")
    return evaluate_model(model_folder, test_split, folder, label_names=LABEL_NAMES, bundle=bundle), folder


@pytest.fixture
def written(evaluated: tuple[dict[str, Any], Path]) -> dict[str, Any]:
    """The content of bundle.json."""
    content: dict[str, Any] = json.loads((evaluated[1] / "bundle.json").read_text())
    return content


def test_bundle_and_predictions_are_all_that_is_written(evaluated: tuple[dict[str, Any], Path]) -> None:
    assert {path.name for path in evaluated[1].iterdir()} == {"bundle.json", "predictions.parquet"}


def test_bundle_says_how_to_use_the_model(written: dict[str, Any]) -> None:
    assert written["label_names"] == LABEL_NAMES
    assert written["encoding"] == {"name": "tiny", **ENCODING.settings()}
    assert (written["threshold"], written["temperature"]) == (0.5, 1.0)


def test_bundle_says_how_the_model_was_made(written: dict[str, Any]) -> None:
    assert written["variant"] == "bilstm"
    assert written["fingerprint"] == "f1"
    assert written["settings"]["seed"] == 7
    assert written["training"] == {"num_params": 1, "device": "CPU"}
    assert written["data"] == {"train.parquet": "t1", "validation.parquet": "v1", "test.parquet": "t2"}
    assert written["versions"] == {"keras": "3.x", "tensorflow": "2.x"}


def test_bundle_holds_the_metrics_that_are_returned(
    evaluated: tuple[dict[str, Any], Path], written: dict[str, Any]
) -> None:
    assert written["metrics"] == evaluated[0]


def test_metrics_are_those_of_the_predictions_file(evaluated: tuple[dict[str, Any], Path]) -> None:
    scores, folder = evaluated
    probabilities, labels = read_predictions(folder / "predictions.parquet")
    expected = compute_metrics(probabilities, labels)
    assert {name: scores[name] for name in expected} == expected
    assert 0 < scores["accuracy"] < 1


def test_predictions_are_those_of_the_saved_model(
    evaluated: tuple[dict[str, Any], Path], model_folder: Path, test_split: Path
) -> None:
    model = keras.models.load_model(model_folder / "model.keras", compile=False, safe_mode=True)
    tokens = np.stack(pq.read_table(test_split).column("tokens").to_pylist()).astype(np.int32)
    table = pq.read_table(evaluated[1] / "predictions.parquet")
    expected = np.asarray(model(tokens)).ravel()
    np.testing.assert_allclose(table.column("p_good film").to_numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(table.column("p_bad film").to_numpy(), 1 - expected, atol=1e-6)


def test_speed_of_prediction_is_told(evaluated: tuple[dict[str, Any], Path]) -> None:
    scores, _ = evaluated
    assert scores["predict_reviews_per_second"] == pytest.approx(NUM_REVIEWS / scores["predict_seconds"])


def test_model_is_left_as_it_is(model_folder: Path, test_split: Path, tmp_path: Path) -> None:
    before = (model_folder / "model.keras").read_bytes()
    evaluate_model(model_folder, test_split, tmp_path, label_names=LABEL_NAMES, bundle={})
    assert (model_folder / "model.keras").read_bytes() == before
    assert [path.name for path in model_folder.iterdir()] == ["model.keras"]

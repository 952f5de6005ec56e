"""A bundle scores as it did when it was evaluated, and one that was tampered with is refused before it is loaded."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.baseline.baselines import BASELINES
from tasks.encode.encodings import Encoding
from tasks.errors import UserError
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.predictions import read_predictions
from tasks.store.outputs import record_file
from tasks.train.kernels.choice import find_library
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

PublishBundle = Callable[[str, Path, Path, Any], Path]
LENGTH, EMBEDDING_DIM = 20, 16
WORDS = "good bad fine dull great poor film plot very not 映画 naïve I'm".split()  # noqa: SIM905


@pytest.fixture(scope="module")
def reviews_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews of up to 40 words, among them empty ones and punctuation alone."""
    folder = tmp_path_factory.mktemp("reviews")
    random = np.random.default_rng(3)
    for split, num_reviews in (("train", 120), ("validation", 40), ("test", 60)):
        texts = [" ".join(random.choice(WORDS, random.integers(0, 40))) for _ in range(num_reviews - 1)] + ["?!"]
        labels = pa.array(random.integers(2, size=num_reviews), pa.int32())
        table = pa.table({"id": [f"{split}-{index}" for index in range(num_reviews)], "text": texts, "label": labels})
        pq.write_table(table, folder / f"{split}.parquet")
    return folder


def choose_encoding(name: str) -> Encoding:
    """A small encoding of words, or of subwords for the model that the table gives them."""
    if name.startswith("stacked"):
        return Encoding(name="tiny", kind="subwords", vocab_size=300, length=LENGTH, padding="pre", description="")
    if name.startswith("encoder"):
        return Encoding(name="tiny", kind="pretrained", vocab_size=50, length=LENGTH, padding="post", description="")
    return Encoding(name="tiny", kind="words", vocab_size=12, length=LENGTH, padding="pre", description="")


@pytest.fixture(scope="module")
def bundle_folder(
    publish_bundle: PublishBundle, reviews_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    name = "average-pool"
    return publish_bundle(name, reviews_folder, tmp_path_factory.mktemp("artifacts"), choose_encoding(name))


def bound_rounding(name: str, temperature: float) -> float:
    """Bound how far a calibrated probability may lie from that in another batch: 0 where our own code adds up.

    Without the C library the backend chooses the order of a layer's sums by the size of the batch.
    Sums of the same n terms in two orders in float32 differ by at most 2 n u times the sum of the terms' magnitudes,
    with u = 2^-24 (Higham 2002, chapter 4). The largest sum has LENGTH * EMBEDDING_DIM terms (flatten), whose
    magnitudes add up to less than 1 in these untrained models. The sigmoid's slope of 1/4 at most leaves room for the
    errors of the other layers. The temperature divides the logits, and so multiplies their error by its inverse.
    """
    has_library = keras.backend.backend() == "tensorflow" and find_library() is not None
    if has_library and name in {"attention", "encoder-frozen", "encoder-fine-tuned"}:
        return 1e-6  # their projections are the backend's, and were never seen to differ by more
    return 0.0 if has_library or name in BASELINES else 2 * LENGTH * EMBEDDING_DIM * 2.0**-24 / min(temperature, 1.0)


@pytest.mark.parametrize("name", [*BASELINES, *VARIANTS])
def test_reloaded_bundle_scores_as_its_evaluation_did(
    name: str, publish_bundle: PublishBundle, reviews_folder: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(publish_bundle(name, reviews_folder, tmp_path, choose_encoding(name)))
    texts = pq.read_table(reviews_folder / "test.parquet").column("text").combine_chunks()
    expected, _ = read_predictions(bundle.folder / "predictions.parquet")
    # Other batches than those of the evaluation: a text's score does not depend on its neighbours.
    parts = [bundle.decide(texts.slice(start, 7)).probabilities for start in range(0, len(texts), 7)]
    np.testing.assert_allclose(
        np.concatenate(parts), expected, rtol=1e-12, atol=bound_rounding(name, bundle.facts.temperature)
    )
    assert bundle.model_id == f"{name}/f1"


def test_bundle_is_found_through_the_link_to_the_current_one(bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(bundle_folder)
    assert load_bundle(tmp_path).facts.variant == "average-pool"


@pytest.mark.parametrize("name", ["model.keras", "tokenizer.json", "bundle.json", "predictions.parquet"])
def test_changed_file_is_refused(name: str, bundle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(UserError, match=f"{name} does not match its hash"):
        load_bundle(copy)


@pytest.mark.parametrize("name", ["model.keras", "training.json", "manifest.json"])
def test_incomplete_bundle_is_refused(name: str, bundle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    (copy / name).unlink()
    with pytest.raises(UserError, match="is incomplete"):
        load_bundle(copy)


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no model"):
        load_bundle(tmp_path / "nowhere")


def change_bundle(folder: Path, **changes: Any) -> None:
    """Change facts of a bundle, and its manifest so that every hash fits, as somebody with bad intentions would."""
    content = json.loads((folder / "bundle.json").read_text()) | changes
    (folder / "bundle.json").write_text(json.dumps(content))
    change_manifest(folder, lambda files: files | {"bundle.json": record_file(folder / "bundle.json").model_dump()})


def change_manifest(folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    content = json.loads((folder / "manifest.json").read_text())
    del content["checksum"]
    (folder / "manifest.json").write_text(json.dumps(content | {"files": change(content["files"])}))


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0},
        {"temperature": -1.0},
        {"threshold": 1.5},
        {"label_names": ["bad"]},
        {"label_names": ["bad", "bad"]},
        {"label_names": "bad"},
        {"schema_version": 99},
    ],
)
def test_bundle_that_cannot_be_right_is_refused(changes: dict[str, Any], bundle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    change_bundle(copy, **changes)
    with pytest.raises(UserError, match=r"has no readable bundle\.json"):
        load_bundle(copy)


def test_model_with_other_outputs_than_labels_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    change_bundle(copy, label_names=["bad", "good", "ugly"])
    with pytest.raises(UserError, match=r"has 2 outputs; expected one for each of its 3 labels"):
        load_bundle(copy).decide(pa.array(["a great film"]))


def test_file_without_a_hash_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    change_manifest(copy, lambda _: {})
    with pytest.raises(UserError, match=r"has no hash of bundle\.json"):
        load_bundle(copy)


def test_bundle_put_together_from_two_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle_folder, tmp_path / "copy")
    evaluated = {name: record_file(copy / name).sha256 for name in ("model.keras", "tokenizer.json")}
    content = json.loads((copy / "manifest.json").read_text())
    del content["checksum"]
    for model in (evaluated, evaluated | {"model.keras": "0" * 64}):
        (copy / "manifest.json").write_text(json.dumps(content | {"decided_by": {"model": model}}))
        if model == evaluated:
            load_bundle(copy)
    with pytest.raises(UserError, match="its evaluation is that of another model"):
        load_bundle(copy)

"""The probe's models: the table's readers with nothing between them and the answer, and that reading order matters."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from tasks.encode.encodings import ENCODINGS
from tasks.encode.sequences import write_encoding
from tasks.ingest.datasets import open_source
from tasks.ingest.reviews import write_reviews
from tasks.probe.models import MODELS, choose_model
from tasks.probe.plan import Cell, make_settings
from tasks.train.backend import release_memory
from tasks.train.build import build_model, count_parameters
from tasks.train.settings import Listener
from tasks.train.training import train_variant

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol


@pytest.fixture(scope="module", autouse=True)
def _release_memory() -> Iterator[None]:
    yield
    release_memory()


@pytest.mark.parametrize("name", MODELS)
def test_every_model_builds_and_reloads_the_same(name: str, tmp_path: Path) -> None:
    variant = choose_model(name, num_words=120)
    model = build_model(variant, ENCODINGS[variant.encoding], num_classes=10, learning_rate=1e-3, clip_norm=1.0)
    tokens = np.random.default_rng(1).integers(0, 150, (3, 120)).astype(np.int32)
    outputs = np.asarray(model(tokens))
    assert outputs.shape == (3, 10)
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    np.testing.assert_allclose(np.asarray(reloaded(tokens)), outputs, atol=1e-6)


def test_sizes_are_similar() -> None:
    sizes = {}
    for name in MODELS:
        variant = choose_model(name, num_words=120)
        model = build_model(variant, ENCODINGS[variant.encoding], num_classes=2, learning_rate=1e-3)
        sizes[name] = count_parameters(model)
    assert max(sizes.values()) < 2 * min(sizes.values())


@pytest.mark.parametrize("name", ["lstm-at-place", "bilstm-at-place"])
def test_answer_at_the_missing_word_depends_on_later_words_in_both_directions_alone(name: str) -> None:
    variant = choose_model(name, num_words=120)
    model = build_model(variant, ENCODINGS[variant.encoding], num_classes=10, learning_rate=1e-3)
    tokens = np.random.default_rng(1).integers(2, 150, (1, 120)).astype(np.int32)
    changed_before, changed_at, changed_after = (tokens.copy() for _ in range(3))
    changed_before[0, 6], changed_at[0, 7], changed_after[0, 8] = 1, 1, 1
    same = [np.array_equal(model(tokens), model(changed)) for changed in (changed_before, changed_at, changed_after)]
    assert same == [False, False, name == "lstm-at-place"]


def train(folder: Path, model: str, *, epochs: int) -> float:
    """Train a cell of the task `order` at distance 10 as the flow does; returns its accuracy on validation."""
    cell = Cell("order", 10, model, 1, False)
    encoding = ENCODINGS[cell.variant.encoding]
    target = folder / model
    target.mkdir()
    facts = train_variant(
        cell.variant,
        encoding,
        make_settings(cell, epochs=epochs, kernels="auto", device="auto"),
        num_classes=2,
        sequences_folder=folder / "sequences",
        folder=target,
        listener=Listener(),
    )
    return float(facts.val_accuracy)


@pytest.mark.slow
def test_reading_order_solves_what_a_bag_of_words_cannot(tmp_path: Path) -> None:
    for name in ("reviews", "sequences"):
        (tmp_path / name).mkdir()
    write_reviews(open_source("recall-order-10", tmp_path), tmp_path / "reviews", validation_fraction=0.1)
    write_encoding(tmp_path / "reviews", ENCODINGS["words-1k-120"], tmp_path / "sequences")
    assert train(tmp_path, "lstm", epochs=4) >= 0.99
    assert train(tmp_path, "average-pool", epochs=4) == pytest.approx(0.5, abs=0.05)

"""Fitting: the order of the reviews, early stopping, the best weights, what is no number, and going on."""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tasks.encode.encodings import Encoding
from tasks.errors import TrainingError
from tasks.objective.facts import Objective
from tasks.train.build import build_model
from tasks.train.fit import RunEpoch, Split, choose_best, choose_part, fit, is_finished, score
from tasks.train.predict import predict_probabilities
from tasks.train.settings import EpochRecord, FitSettings, Listener
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras variables with NumPy 2

NUM_REVIEWS = 20
# Each review's tokens tell its label, so that a test sees whether the two stay together.
LABELS = np.arange(NUM_REVIEWS, dtype=np.int32) % 2
TOKENS = np.column_stack([np.arange(NUM_REVIEWS), LABELS, LABELS]).astype(np.uint8)
TRAIN = Split(TOKENS, LABELS)
VALIDATION = Split(TOKENS[:4], np.ones(4, np.int32))


class Recorder(Listener):
    """Remembers what it is told; stops the training after an epoch if it is to."""

    def __init__(self, stop_after: int = 0) -> None:
        self.epochs: list[float] = []
        self.progress: list[tuple[int, int, int]] = []
        self.stop_after = stop_after

    def on_progress(self, epoch: int, num_done: int, num_reviews: int) -> None:
        self.progress.append((epoch, num_done, num_reviews))

    def on_epoch(self, history: list[EpochRecord]) -> None:
        self.epochs.append(history[-1].epoch)
        if history[-1].epoch == self.stop_after:
            raise KeyboardInterrupt


@pytest.fixture
def model() -> keras.Model:
    encoding = Encoding(name="tiny", kind="words", vocab_size=30, length=3, padding="pre", description="for tests")
    model = build_model(VARIANTS["flatten"], encoding, num_classes=2, learning_rate=1e-3)
    model.optimizer.build(model.trainable_variables)
    return model


def set_prediction(model: keras.Model, probability: float) -> None:
    """Let the model give every review the same probability."""
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.zeros_like(kernel), np.full_like(bias, math.log(probability / (1 - probability)))])


def script_epochs(model: keras.Model, probabilities: Sequence[float]) -> RunEpoch:
    """Epochs after which the model gives the class of all validation reviews these probabilities."""
    remaining = iter(probabilities)

    def run_epoch(_tokens: Any, labels: Any, on_progress: Callable[[int], None]) -> dict[str, float]:
        set_prediction(model, next(remaining))
        on_progress(len(labels))
        return {"loss": 0.5, "accuracy": 0.5}

    return run_epoch


def run_fit(model: keras.Model, run_epoch: RunEpoch, folder: Path, **options: Any) -> list[EpochRecord]:
    listener = options.pop("listener", Listener())
    settings = {"epochs": 10, "patience": 2, "batch_size": 4, "learning_rate": 1e-3, "seed": 1, **options}
    return fit(
        model,
        run_epoch,
        TRAIN,
        VALIDATION,
        FitSettings(**settings),
        checkpoint=folder / "checkpoint" / "state.npz",
        listener=listener,
    )


@pytest.mark.parametrize(
    ("probabilities", "num_epochs", "best"),
    [
        ([0.5, 0.6, 0.7, 0.6, 0.5, 0.9], 5, 3),
        ([0.5, 0.4, 0.6, 0.5, 0.4, 0.9], 5, 3),
        ([0.6, 0.5, 0.5, 0.9], 3, 1),
        ([0.5, 0.5, 0.5, 0.9], 3, 1),
    ],
    ids=["rise and fall", "patience starts anew", "falls from the start", "equal is no improvement"],
)
def test_training_stops_after_its_patience_and_keeps_the_best_weights(
    probabilities: list[float], num_epochs: int, best: int, model: keras.Model, tmp_path: Path
) -> None:
    history = run_fit(model, script_epochs(model, probabilities), tmp_path, patience=2)
    assert len(history) == num_epochs
    assert choose_best(history) == best - 1
    np.testing.assert_allclose(predict_probabilities(model, TOKENS)[:, 1], probabilities[best - 1], rtol=1e-6)


def test_training_stops_at_the_limit_of_epochs(model: keras.Model, tmp_path: Path) -> None:
    history = run_fit(model, script_epochs(model, [0.5, 0.6, 0.7, 0.8]), tmp_path, epochs=3)
    assert [record.epoch for record in history] == [1, 2, 3]
    np.testing.assert_allclose(predict_probabilities(model, TOKENS)[:, 1], 0.7, rtol=1e-6)


def test_history_records_each_epoch(model: keras.Model, tmp_path: Path) -> None:
    (first, second) = run_fit(model, script_epochs(model, [0.4, 0.8]), tmp_path, epochs=2)
    assert (first.loss, first.accuracy) == (0.5, 0.5)
    assert first.val_loss == pytest.approx(-math.log(0.4))
    assert (first.val_accuracy, second.val_accuracy) == (0.0, 1.0)
    assert 0 < first.train_seconds <= first.seconds
    assert first.reviews_per_second == pytest.approx(NUM_REVIEWS / first.train_seconds)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_loss_that_is_no_number_is_an_error_that_names_the_epoch(
    loss: float, model: keras.Model, tmp_path: Path
) -> None:
    losses = iter([0.5, loss])

    def run_epoch(*_arguments: Any) -> dict[str, float]:
        return {"loss": next(losses), "accuracy": 0.5}

    with pytest.raises(TrainingError, match="epoch 2;"):
        run_fit(model, run_epoch, tmp_path)


def test_weights_that_are_no_numbers_are_an_error_that_names_the_epoch(model: keras.Model, tmp_path: Path) -> None:
    def run_epoch(*_arguments: Any) -> dict[str, float]:
        model.set_weights([np.full(weight.shape, np.nan) for weight in model.get_weights()])
        return {"loss": 0.5, "accuracy": 0.5}

    with pytest.raises(TrainingError, match="epoch 1;"):
        run_fit(model, run_epoch, tmp_path)
    assert not list(tmp_path.rglob("*.npz"))


def record_orders(model: keras.Model, folder: Path, *, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The tokens and labels of each of three epochs, in the order of the training."""
    seen = []

    def run_epoch(tokens: Any, labels: Any, _on_progress: Callable[[int], None]) -> dict[str, float]:
        seen.append((tokens[:], labels[:]))
        return {"loss": 0.5, "accuracy": 0.5}

    run_fit(model, run_epoch, folder, seed=seed, epochs=3, patience=9)
    return seen


def test_every_epoch_reads_every_review_once_with_its_label(model: keras.Model, tmp_path: Path) -> None:
    for tokens, labels in record_orders(model, tmp_path, seed=1):
        np.testing.assert_array_equal(np.sort(tokens[:, 0]), np.arange(NUM_REVIEWS))
        np.testing.assert_array_equal(tokens[:, 1], labels)


def test_every_epoch_has_an_order_of_its_own(model: keras.Model, tmp_path: Path) -> None:
    orders = [tokens for tokens, _ in record_orders(model, tmp_path, seed=1)]
    assert not any(np.array_equal(earlier, later) for earlier, later in pairwise([TOKENS, *orders]))


def test_order_follows_from_the_seed(model: keras.Model, tmp_path: Path) -> None:
    first, again, other = (
        np.stack([tokens for tokens, _ in record_orders(model, tmp_path / name, seed=seed)])
        for name, seed in (("first", 1), ("again", 1), ("other", 2))
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_listener_hears_of_progress_and_of_epochs(model: keras.Model, tmp_path: Path) -> None:
    recorder = Recorder()
    run_fit(model, script_epochs(model, [0.5, 0.6]), tmp_path, epochs=2, listener=recorder)
    assert recorder.progress == [(1, NUM_REVIEWS, NUM_REVIEWS), (2, NUM_REVIEWS, NUM_REVIEWS)]
    assert recorder.epochs == [1, 2]


def test_interrupted_training_goes_on_with_the_next_epoch(model: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_fit(model, script_epochs(model, [0.5, 0.6]), tmp_path, epochs=4, listener=Recorder(stop_after=2))
    recorder = Recorder()
    history = run_fit(model, script_epochs(model, [0.7, 0.8]), tmp_path, epochs=4, listener=recorder)
    assert recorder.epochs == [3, 4]
    assert [record.val_loss for record in history] == pytest.approx([-math.log(p) for p in (0.5, 0.6, 0.7, 0.8)])


def test_interrupted_training_remembers_its_best_weights_and_its_patience(model: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_fit(model, script_epochs(model, [0.8, 0.7]), tmp_path, listener=Recorder(stop_after=2))
    history = run_fit(model, script_epochs(model, [0.6, 0.9]), tmp_path)
    assert len(history) == 3
    np.testing.assert_allclose(predict_probabilities(model, TOKENS)[:, 1], 0.8, rtol=1e-6)


def test_training_that_was_killed_after_its_last_epoch_is_not_repeated(model: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_fit(model, script_epochs(model, [0.5, 0.6]), tmp_path, epochs=2, listener=Recorder(stop_after=2))
    set_prediction(model, 0.1)
    history = run_fit(model, script_epochs(model, []), tmp_path, epochs=2)
    assert len(history) == 2
    np.testing.assert_allclose(predict_probabilities(model, TOKENS)[:, 1], 0.6, rtol=1e-6)


def make_settings(evaluations: int, **options: Any) -> FitSettings:
    given = {"epochs": 10, "patience": 2, "batch_size": 4, "learning_rate": 1e-3, "seed": 1, **options}
    return FitSettings(**given, evaluations_per_epoch=evaluations)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 7, 20, 50])
@pytest.mark.parametrize("evaluations", [1, 2, 3, 5, 100])
def test_parts_of_an_epoch_are_whole_batches_and_cover_each_review_once(evaluations: int, batch_size: int) -> None:
    settings, found = make_settings(evaluations, batch_size=batch_size), []
    while not found or found[-1].epochs_done < 3:
        found.append(choose_part(len(found), NUM_REVIEWS, settings))
    num_batches = math.ceil(NUM_REVIEWS / batch_size)
    assert len(found) == 3 * min(evaluations, num_batches)
    for epoch in (1, 2, 3):
        parts = [part for part in found if part.epoch == epoch]
        assert [part.first for part in parts] == [0, *(part.end for part in parts[:-1])]
        assert parts[-1].end == NUM_REVIEWS
        assert all(part.first < part.end for part in parts)
        assert all(part.end % batch_size == 0 for part in parts[:-1])
        assert parts[-1].epochs_done == epoch
        assert type(parts[-1].epochs_done) is int
    assert [part.epochs_done for part in found] == sorted({part.epochs_done for part in found})


def test_patience_counts_evaluations(model: keras.Model, tmp_path: Path) -> None:
    history = run_fit(model, script_epochs(model, [0.5, 0.7, 0.6, 0.5, 0.9]), tmp_path, evaluations_per_epoch=5)
    assert [record.epoch for record in history] == [0.2, 0.4, 0.6, 0.8]
    np.testing.assert_allclose(predict_probabilities(model, TOKENS)[:, 1], 0.7, rtol=1e-6)


def test_several_evaluations_train_on_the_reviews_of_the_epoch_in_their_order(
    model: keras.Model, tmp_path: Path
) -> None:
    recorder, seen = Recorder(), []

    def run_epoch(tokens: Any, labels: Any, on_progress: Callable[[int], None]) -> dict[str, float]:
        seen.append((tokens[:], labels[:]))
        on_progress(len(labels))
        return {"loss": 0.5, "accuracy": 0.5}

    run_fit(model, run_epoch, tmp_path / "parts", epochs=3, patience=9, evaluations_per_epoch=2, listener=recorder)
    assert recorder.epochs == [0.5, 1, 1.5, 2, 2.5, 3]
    assert recorder.progress[:3] == [(1, 8, NUM_REVIEWS), (1, 20, NUM_REVIEWS), (2, 8, NUM_REVIEWS)]
    whole = record_orders(model, tmp_path / "whole", seed=1)
    for epoch, (tokens, labels) in enumerate(whole):
        parts = seen[2 * epoch : 2 * epoch + 2]
        np.testing.assert_array_equal(np.concatenate([part[0] for part in parts]), tokens)
        np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), labels)


def test_training_without_epochs_is_not_finished() -> None:
    assert not is_finished([], FitSettings(epochs=1, patience=1, batch_size=1, learning_rate=1.0, seed=1))


def test_solved_task_ends_the_training(model: keras.Model, tmp_path: Path) -> None:
    history = run_fit(model, script_epochs(model, [0.4, 0.6, 0.7]), tmp_path, epochs=3, patience=3, solved_at=0.99)
    assert [record.val_accuracy for record in history] == [0.0, 1.0]


def record(epoch: int, val_loss: float, val_score: float | None = None) -> EpochRecord:
    numbers = {"loss": 0.5, "accuracy": 0.5, "val_accuracy": 0.5, "seconds": 1.0, "train_seconds": 1.0}
    return EpochRecord(epoch=epoch, val_loss=val_loss, val_score=val_score, reviews_per_second=1.0, **numbers)


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([(0.3, None), (0.2, None), (0.2, None)], 2),
        ([(0.3, 0.6), (0.2, 0.5), (0.4, 0.7)], 3),
        ([(0.3, 0.6), (0.2, 0.6), (0.4, 0.5)], 2),
        ([(0.3, -0.6), (0.2, -0.5), (0.4, -0.7)], 2),
    ],
    ids=["loss alone", "the metric", "loss among equals", "costs are negative"],
)
def test_best_evaluation_is_that_of_the_metric_that_decides(rows: list[tuple[float, float | None]], best: int) -> None:
    assert choose_best([record(epoch, *row) for epoch, row in enumerate(rows, start=1)]) == best - 1


def test_metric_that_decides_is_recorded_for_the_best_answers(model: keras.Model, tmp_path: Path) -> None:
    """No review reaches a probability of one half, but the highest ones are those of the rare label."""
    objective = Objective(metric="macro-f1")
    (first,) = run_fit(model, script_epochs(model, [0.4]), tmp_path / "a", epochs=1, objective=objective)
    assert first.val_score == 0.5, "all validation reviews have the one label, and can all be answered with it"
    (other,) = run_fit(model, script_epochs(model, [0.4]), tmp_path / "b", epochs=1)
    assert other.val_score is None
    assert score(np.array([[0.9, 0.1], [0.6, 0.4]] * 20), np.array([0, 1] * 20), objective) == 1


def test_class_weights_count_in_the_loss_on_validation(model: keras.Model, tmp_path: Path) -> None:
    (found,) = run_fit(model, script_epochs(model, [0.4]), tmp_path, epochs=1, class_weights=(1.0, 3.0))
    assert found.val_loss == pytest.approx(-3 * math.log(0.4))

"""A checkpoint holds all of a training's state, without pickle, and is replaced whole."""

import os
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from tasks.train.arrays import read_arrays
from tasks.train.checkpoint import load_checkpoint, save_checkpoint
from tasks.train.settings import EpochRecord

HISTORY = [
    EpochRecord(
        epoch=epoch,
        loss=0.1 + 0.2,
        accuracy=0.5,
        val_loss=1 / 3,
        val_accuracy=0.5,
        seconds=2.0,
        train_seconds=1.0,
        reviews_per_second=7.0,
    )
    for epoch in (1, 2)
]


def make_model(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Embedding(9, 2), keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((4,), dtype="int32"), *layers])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
    return model


@pytest.fixture
def trained() -> keras.Model:
    """A model whose optimizer and random generator are no longer as they were built."""
    model = make_model(seed=1)
    model.fit(np.arange(8).reshape(2, 4), np.array([0.0, 1.0]), verbose=0)
    return model


def all_values(model: keras.Model) -> list[np.ndarray]:
    return [np.array(variable) for variable in [*model.variables, *model.optimizer.variables]]


def make_best(model: keras.Model) -> list[np.ndarray]:
    return [np.array(variable) + 1 for variable in model.variables]


pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras variables with NumPy 2


def test_checkpoint_restores_weights_optimizer_and_random_state(trained: keras.Model, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "state.npz", trained, make_best(trained), HISTORY)
    other = make_model(seed=2)
    load_checkpoint(tmp_path / "state.npz", other)
    assert len(all_values(other)) == len(all_values(trained))
    for value, expected in zip(all_values(other), all_values(trained), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_optimizer_state_is_more_than_its_counter(trained: keras.Model, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "state.npz", trained, make_best(trained), HISTORY)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as arrays:
        moments = [arrays[name] for name in arrays.files if name.startswith("optimizer/") and arrays[name].ndim > 0]
    assert len(moments) == 2 * len(trained.trainable_variables)
    assert any(moment.any() for moment in moments)


def test_checkpoint_returns_the_best_weights_and_the_history(trained: keras.Model, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "state.npz", trained, make_best(trained), HISTORY)
    best, history = load_checkpoint(tmp_path / "state.npz", make_model(seed=2))
    assert history == HISTORY
    for value, expected in zip(best, make_best(trained), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_checkpoint_holds_no_pickle(trained: keras.Model, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "state.npz", trained, make_best(trained), HISTORY)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as arrays:
        assert not any(arrays[name].dtype.hasobject for name in arrays.files)
    assert all(name.endswith(".npy") for name in zipfile.ZipFile(tmp_path / "state.npz").namelist())


def test_without_a_checkpoint_the_model_stays_as_it_is(tmp_path: Path) -> None:
    model, same = make_model(seed=1), make_model(seed=1)
    best, history = load_checkpoint(tmp_path / "state.npz", model)
    assert history == []
    for value, kept, expected in zip(best, model.variables, same.variables, strict=True):
        np.testing.assert_array_equal(value, np.array(expected))
        np.testing.assert_array_equal(np.array(kept), np.array(expected))


def test_checkpoint_that_fails_half_way_leaves_the_earlier_one(
    trained: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.npz"
    save_checkpoint(path, trained, make_best(trained), HISTORY[:1])

    def fail(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, trained, make_best(trained), HISTORY)
    assert load_checkpoint(path, make_model(seed=2))[1] == HISTORY[:1]


def test_damaged_checkpoint_is_none_and_is_deleted(trained: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_checkpoint(path, trained, make_best(trained), HISTORY)
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"\0" * len(whole)):
        path.write_bytes(damaged)
        assert load_checkpoint(path, make_model(seed=2))[1] == []
        assert not path.exists()


def test_changed_bit_of_a_checkpoint_is_noticed(trained: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_checkpoint(path, trained, make_best(trained), HISTORY)
    whole, arrays = path.read_bytes(), read_arrays(path)
    directory = whole.index(b"PK\x01\x02")
    for position in [*range(0, directory, 61), *range(directory, len(whole), 3)]:
        changed = bytearray(whole)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        found = read_arrays(path)
        # Some bits of the archive, such as those of dates, mean nothing.
        assert not found or found.keys() == arrays.keys()
        assert all(np.array_equal(found[name], arrays[name]) for name in found)
        assert path.exists() == bool(found)

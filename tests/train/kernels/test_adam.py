"""Adam in the C library makes the updates of Keras's, for dense gradients and for slices of a table."""

from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.train.kernels.adam import can_use_native_adam, speed_up_adam, update_variable
from tasks.train.kernels.choice import find_library

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")

STEPS = 5
# A scalar, a vector, matrices of less and of more than one share, with and without whole vectors.
SHAPES = [(), (7,), (3, 5), (300, 64), (4001, 33)]


def make_gradient(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> tf.Tensor | tf.IndexedSlices:
    if kind == "dense":
        return tf.constant(rng.normal(size=shape), tf.float32)
    rows = {"slices": 40, "no slices": 0}[kind]
    indices = tf.constant(rng.integers(0, max(1, shape[0] // 2), rows), tf.int32)
    return tf.IndexedSlices(tf.constant(rng.normal(size=(rows, *shape[1:])), tf.float32), indices, shape)


def train(shape: tuple[int, ...], kind: str, *, native: bool, **options: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    variable = keras.Variable(rng.normal(size=shape), dtype="float32")
    optimizer = keras.optimizers.Adam(0.01, **options)
    if native:
        speed_up_adam(optimizer)
    for _ in range(STEPS):
        optimizer.apply_gradients([(make_gradient(rng, shape, kind), variable)])
    assert optimizer.iterations == STEPS
    return [np.asarray(value) for value in (variable, *optimizer.variables)]


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ["dense", "slices", "no slices"])
def test_updates_are_those_of_keras(shape: tuple[int, ...], kind: str) -> None:
    if kind != "dense" and not shape:
        pytest.skip("a scalar has no rows")
    for value, wanted in zip(train(shape, kind, native=True), train(shape, kind, native=False), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1},
        {"clipnorm": 0.1},
        {"global_clipnorm": 0.1},
        {"clipvalue": 0.1},
    ],
    ids=str,
)
def test_settings_of_the_optimizer_count(options: dict[str, float]) -> None:
    actual, expected = (train((3, 5), "slices", native=native, **options) for native in (True, False))
    for value, wanted in zip(actual, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


def test_same_gradients_give_the_same_bits() -> None:
    first, second = (train((4001, 33), "slices", native=True) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_missing_gradient_is_left_to_keras() -> None:
    optimizer = keras.optimizers.Adam()
    speed_up_adam(optimizer)
    moved, kept = (keras.Variable([1.0]) for _ in range(2))
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply_gradients([(tf.constant([1.0]), moved), (None, kept)])
    assert moved[0] < 1.0
    assert kept[0] == 1.0


def test_index_beyond_the_table_is_an_error() -> None:
    optimizer, variable = keras.optimizers.Adam(), keras.Variable(np.zeros((3, 2), np.float32))
    optimizer.build([variable])
    slices = tf.IndexedSlices(tf.ones((1, 2)), tf.constant([3]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="indices: expected"):
        update_variable(optimizer, slices, variable, tf.constant(0.1))


@pytest.mark.parametrize(
    ("optimizer", "is_plain"),
    [
        (lambda: keras.optimizers.Adam(0.1, beta_1=0.5), True),
        (lambda: keras.optimizers.Adam(amsgrad=True), False),
        (lambda: keras.optimizers.Adam(weight_decay=0.1), False),
        (lambda: keras.optimizers.Adam(clipnorm=1.0), True),
        (lambda: keras.optimizers.Adam(clipvalue=1.0), True),
        (lambda: keras.optimizers.Adam(global_clipnorm=1.0), True),
        (lambda: keras.optimizers.Adam(use_ema=True), False),
        (lambda: keras.optimizers.Adam(gradient_accumulation_steps=2), False),
        (lambda: keras.optimizers.Adam(loss_scale_factor=2.0), False),
        (keras.optimizers.AdamW, False),
        (keras.optimizers.SGD, False),
    ],
)
def test_other_optimizers_stay_as_they_are(optimizer: Any, is_plain: bool) -> None:  # noqa: FBT001
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer=optimizer())
    assert can_use_native_adam(model) is is_plain

"""Convolutions in the C library are those of the stock layer, outputs and gradients, against float64."""

from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.train.kernels import find_library
from tasks.train.tensorflow_fast import name_kernels, speed_up_layers

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")


def compute(layer: keras.Layer, inputs: np.ndarray) -> list[np.ndarray]:
    values = tf.constant(inputs, layer.dtype)
    with tf.GradientTape() as tape:
        tape.watch(values)
        output = layer(values)
        total = tf.reduce_sum(output * tf.constant(np.random.default_rng(5).normal(size=output.shape), output.dtype))
    return [output, *tape.gradient(total, [values, *(weight.value for weight in layer.trainable_weights)])]


# Batch, length, features, width, filters.
SHAPES = [(1, 5, 1, 5, 16), (3, 9, 7, 3, 48), (33, 40, 16, 5, 128), (9, 21, 16, 1, 16), (32, 120, 16, 5, 128)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_outputs_and_gradients_are_those_of_the_stock_layer(shape: tuple[int, ...]) -> None:
    batch, length, features, width, filters = shape
    rng = np.random.default_rng(1)
    native, stock = (keras.layers.Conv1D(filters, width, activation="relu", dtype=d) for d in ("float32", "float64"))
    for layer in (native, stock):
        layer.build((None, None, features))
    native.set_weights([rng.normal(size=weight.shape) for weight in native.get_weights()])
    stock.set_weights(native.get_weights())
    speed_up_layers(native, kernels="native")
    assert name_kernels(native) == ["native"]
    inputs = rng.normal(size=(batch, length, features))
    for value, wanted in zip(compute(native, inputs), compute(stock, inputs), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6 + 4e-6 * np.abs(wanted).max())


@pytest.mark.parametrize(
    "options",
    [{"strides": 2}, {"padding": "same"}, {"padding": "causal"}, {"dilation_rate": 2}, {"groups": 2}, {"filters": 8}],
    ids=str,
)
def test_other_convolutions_stay_stock(options: dict[str, Any]) -> None:
    layer = keras.layers.Conv1D(**{"filters": 16, "kernel_size": 3, **options})
    speed_up_layers(layer, kernels="native")
    assert name_kernels(layer) == []

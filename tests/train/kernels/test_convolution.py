"""Convolutions in the C library are those of the stock layer, outputs and gradients, against float64."""

from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.train.kernels.choice import find_library
from tasks.train.kernels.fast_epochs import name_kernels, speed_up_layers
from tasks.train.kernels.recurrent import load_library

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")


def compute(layer: keras.Layer, inputs: np.ndarray, d_outputs: np.ndarray) -> list[np.ndarray]:
    values = tf.constant(inputs, layer.dtype)
    with tf.GradientTape() as tape:
        tape.watch(values)
        output = layer(values)
    wanted = [values, *(weight.value for weight in layer.trainable_weights)]
    return [output, *tape.gradient(output, wanted, tf.constant(d_outputs, output.dtype))]


def make_pair(filters: int, width: int, features: int, **options: Any) -> tuple[keras.Layer, keras.Layer]:
    """The layer through the C library in float32, and the stock layer in float64 with the same weights."""
    native, stock = (keras.layers.Conv1D(filters, width, dtype=d, **options) for d in ("float32", "float64"))
    for layer in (native, stock):
        layer.build((None, None, features))
    random = np.random.default_rng(1)
    native.set_weights([random.normal(size=weight.shape) for weight in native.get_weights()])
    stock.set_weights(native.get_weights())
    speed_up_layers(native, kernels="native")
    assert name_kernels(native) == ["native"]
    operations = list_operations(native, (2, 2 * width, features))
    assert "BakeoffConv" in operations
    assert "Conv2D" not in operations
    return native, stock


def assert_close(found: list[np.ndarray], wanted: list[np.ndarray]) -> None:
    for value, expected in zip(found, wanted, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6 + 4e-6 * np.abs(expected).max())


def list_operations(layer: keras.Layer, shape: tuple[int | None, ...]) -> set[str]:
    """The types of the operations that a layer's graph is made of."""
    graph = tf.function(layer.__call__).get_concrete_function(tf.TensorSpec(shape)).graph
    return {operation.type for operation in graph.get_operations()}


# Batch, length, features, width, filters.
SHAPES = [(1, 5, 1, 5, 16), (3, 9, 7, 3, 48), (33, 40, 16, 5, 128), (9, 21, 16, 1, 16), (32, 120, 16, 5, 128)]


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("options", [{"activation": "relu"}, {}, {"activation": "tanh", "use_bias": False}], ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_outputs_and_gradients_are_those_of_the_stock_layer(shape: tuple[int, ...], options: dict[str, Any]) -> None:
    batch, length, features, width, filters = shape
    native, stock = make_pair(filters, width, features, **options)
    random = np.random.default_rng(2)
    inputs = random.normal(size=(batch, length, features))
    d_outputs = random.normal(size=(batch, length - width + 1, filters))
    assert_close(compute(native, inputs, d_outputs), compute(stock, inputs, d_outputs))


# Nonzero gradients of each sequence: none, one, few, just below and at an eighth, half, all. Eight shares take turns,
# so that three rounds mix them in each share.
NUM_NONZERO = [0, 1, 40, 203, 204, 816, 1632]


@pytest.mark.parametrize("activation", ["relu", None])
@pytest.mark.parametrize("order", [NUM_NONZERO, NUM_NONZERO * 3, NUM_NONZERO[:1], NUM_NONZERO[2:3] * 20], ids=str)
def test_gradients_of_any_sparsity(order: list[int], activation: str | None) -> None:
    native, stock = make_pair(48, 3, 7, activation=activation)
    random = np.random.default_rng(3)
    d_outputs = random.normal(size=(len(order), 34, 48))
    for sequence, num_nonzero in zip(d_outputs, order, strict=True):
        sequence.ravel()[random.permutation(sequence.size)[num_nonzero:]] = 0
    inputs = random.normal(size=(len(order), 36, 7))
    found = compute(native, inputs, d_outputs)
    assert_close(found, compute(stock, inputs, d_outputs))
    for value, again in zip(found, compute(native, inputs, d_outputs), strict=True):
        np.testing.assert_array_equal(value, again)


@pytest.mark.parametrize("activation", ["relu", None])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("others", [0.0, 1.0], ids=["sparse", "dense"])
def test_a_gradient_that_is_no_number_reaches_what_it_concerns(
    others: float, bad: float, activation: str | None
) -> None:
    native, _ = make_pair(16, 3, 2, activation=activation)
    d_outputs = np.full((1, 20, 16), others)
    d_outputs[0, 4, 5] = bad
    _, d_inputs, d_kernel, d_bias = compute(native, np.random.default_rng(4).normal(size=(1, 22, 2)), d_outputs)
    rows, filters = np.zeros(22, np.bool_), np.zeros(16, np.bool_)
    rows[4:7] = filters[5] = True
    np.testing.assert_array_equal(~np.isfinite(d_inputs[0]).any(axis=1), ~np.isfinite(d_inputs[0]).all(axis=1))
    np.testing.assert_array_equal(~np.isfinite(d_inputs[0]).all(axis=1), rows)
    np.testing.assert_array_equal(~np.isfinite(d_kernel).all(axis=(0, 1)), filters)
    np.testing.assert_array_equal(~np.isfinite(d_bias), filters)


def test_outputs_that_are_no_numbers_stay() -> None:
    native, _ = make_pair(16, 1, 1, activation="relu")
    assert np.isnan(native(tf.constant([[[np.nan]]]))).all()


def compute_both(native: keras.Model, stock: keras.Model, inputs: np.ndarray) -> list[list[np.ndarray]]:
    d_outputs = np.random.default_rng(5).normal(size=native(inputs).shape)
    return [compute(model, inputs, d_outputs) for model in (native, stock)]


def build_max_model(shape: tuple[int, ...], dtype: str, activation: str = "relu") -> keras.Model:
    _, length, features, width, filters = shape
    inputs = keras.Input((length, features), dtype=dtype)
    layer = keras.layers.Conv1D(filters, width, activation=activation, dtype=dtype, name="conv")
    return keras.Model(inputs, keras.layers.GlobalMaxPooling1D(dtype=dtype)(layer(inputs)))


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("activation", ["relu", "linear", "tanh"])
def test_maximum_over_a_convolution_is_that_of_the_stock_layers(shape: tuple[int, ...], activation: str) -> None:
    batch, length, features, _, _ = shape
    rng = np.random.default_rng(1)
    native, stock = (build_max_model(shape, dtype, activation) for dtype in ("float32", "float64"))
    native.set_weights([rng.normal(size=weight.shape) * 0.1 for weight in native.get_weights()])
    stock.set_weights(native.get_weights())
    speed_up_layers(native, kernels="native")
    assert name_kernels(native) == ["native"]
    operations = list_operations(native, (batch, length, features))
    assert "BakeoffConvMax" in operations
    assert not {"Conv2D", "BakeoffConv"} & operations
    inputs = rng.normal(size=(batch, length, features))
    for value, wanted in zip(*compute_both(native, stock, inputs), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6 + 4e-6 * np.abs(wanted).max())


def test_maximum_of_what_is_no_number_is_none() -> None:
    shape = (2, 12, 4, 3, 16)
    model = build_max_model(shape, "float32", "linear")
    speed_up_layers(model, kernels="native")
    inputs = np.ones((2, 12, 4), np.float32)
    inputs[0, 5, 2] = np.nan
    outputs = np.asarray(model(inputs))
    assert np.isnan(outputs[0]).all()
    assert np.isfinite(outputs[1]).all()


def draw_sparse(length: int, features: int, share: float) -> np.ndarray:
    """Sequences that end after any number of steps, a share of whose numbers are zeros, some of them negative."""
    random = np.random.default_rng(7)
    inputs = random.normal(size=(length + 1, length, features))
    inputs[random.random(inputs.shape) < share] = 0
    inputs[np.arange(length) >= np.arange(length + 1)[:, None]] = 0
    inputs[::3, length // 2] = 0
    inputs[::4][inputs[::4] == 0] = -0.0
    return inputs.astype(np.float32)


def assert_maxima_of_all_windows(inputs: np.ndarray, kernel: np.ndarray) -> None:
    """To the last bit, the maxima and their places are those of a convolution that leaves nothing out."""
    library, bias = load_library(), np.zeros(kernel.shape[2], np.float32)
    outputs = library.bakeoff_conv(inputs=inputs, kernel=kernel, bias=bias, is_rectified=False).numpy()
    maxima, places = library.bakeoff_conv_max(inputs=inputs, kernel=kernel, differentiates_inputs=True)
    np.testing.assert_array_equal(places, outputs.argmax(axis=1))
    np.testing.assert_array_equal(maxima, outputs.max(axis=1, keepdims=True))


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("shape", [(40, 37, 2, 80), (23, 3, 5, 16), (5, 20, 5, 48)], ids=str)
def test_zeros_are_left_out_without_a_trace(shape: tuple[int, ...], share: float) -> None:
    length, features, width, filters = shape
    kernel = np.random.default_rng(8).normal(size=(width, features, filters)).astype(np.float32)
    assert_maxima_of_all_windows(draw_sparse(length, features, share), kernel)
    assert_maxima_of_all_windows(draw_sparse(length, features, share), -np.abs(kernel))


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("is_weight", [False, True])
def test_what_is_no_finite_number_counts_beside_zeros(is_weight: bool, bad: float) -> None:  # noqa: FBT001  parametrised
    inputs = draw_sparse(23, 20, 0.6)
    kernel = np.random.default_rng(8).normal(size=(3, 20, 32)).astype(np.float32)
    if is_weight:
        kernel[1, 4, ::2] = bad
    else:
        inputs[::2, 7, 3] = inputs[5, -1, -1] = bad
    assert_maxima_of_all_windows(inputs, kernel)


def count_gradients_of_inputs(model: keras.Model) -> list[bool]:
    """Whether each maximum over a convolution in a model's graph is made for gradients of its inputs."""
    graph = tf.function(model).get_concrete_function(tf.TensorSpec((2, 12), tf.int32)).graph
    found = [operation for operation in graph.get_operations() if operation.type == "BakeoffConvMax"]
    return [operation.get_attr("differentiates_inputs") for operation in found]


@pytest.mark.parametrize("is_trained", [False, True])
def test_inputs_that_nothing_is_trained_of_get_no_gradients(is_trained: bool) -> None:  # noqa: FBT001  parametrised
    models = []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        tokens = keras.Input((12,), dtype="int32")
        words = keras.layers.Embedding(9, 8, trainable=is_trained)(tokens)
        found = keras.layers.Conv1D(16, 3, activation="relu")(keras.layers.Dropout(0.5)(words))
        models.append(keras.Model(tokens, keras.layers.GlobalMaxPooling1D()(found)))
    native, stock = models
    speed_up_layers(native, kernels="native")
    assert count_gradients_of_inputs(native) == [is_trained]
    gradients = []
    for model in (native, stock):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(np.arange(24).reshape(2, 12) % 9) ** 2)
        gradients.append(tape.gradient(loss, [weight.value for weight in model.trainable_weights]))
    assert len(gradients[0]) == 2 + is_trained
    for value, wanted in zip(*gradients, strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(value), tf.convert_to_tensor(wanted), rtol=1e-4, atol=1e-6)


def test_equal_windows_share_the_gradient_of_their_maximum() -> None:
    """As in the stock layers: those of padding are all equal."""
    inputs = np.random.default_rng(2).normal(size=(3, 20, 4))
    inputs[:, :12] = inputs[:, :1]
    native, stock = (build_max_model((3, 20, 4, 3, 16), "float32", "linear") for _ in range(2))
    stock.set_weights(native.get_weights())
    speed_up_layers(native, kernels="native")
    for value, wanted in zip(*compute_both(native, stock, inputs), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "kind",
    ["read twice", "put out", "called twice", "regularised", "average", "activation that does not keep the order"],
)
def test_convolution_that_more_is_read_of_keeps_its_outputs(kind: str) -> None:
    inputs = keras.Input((12, 4))
    layer = keras.layers.Conv1D(
        16,
        3,
        activation="swish" if kind.startswith("activation") else "relu",
        activity_regularizer="l2" if kind == "regularised" else None,
    )
    found = layer(inputs)
    pool = keras.layers.GlobalAveragePooling1D() if kind == "average" else keras.layers.GlobalMaxPooling1D()
    read = {
        "read twice": lambda: keras.layers.Flatten()(found),
        "put out": lambda: found,
        "called twice": lambda: layer(inputs),
    }
    outputs = [pool(found), read[kind]()] if kind in read else pool(found)
    model = keras.Model(inputs, outputs)
    speed_up_layers(model, kernels="native")
    operations = list_operations(model, (2, 12, 4))
    assert "BakeoffConv" in operations
    assert "BakeoffConvMax" not in operations


@pytest.mark.parametrize(
    "options",
    [{"strides": 2}, {"padding": "same"}, {"padding": "causal"}, {"dilation_rate": 2}, {"groups": 2}, {"filters": 8}],
    ids=str,
)
def test_other_convolutions_stay_stock(options: dict[str, Any]) -> None:
    layer = keras.layers.Conv1D(**{"filters": 16, "kernel_size": 3, **options})
    speed_up_layers(layer, kernels="native")
    assert name_kernels(layer) == []

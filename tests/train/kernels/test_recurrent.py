"""The C library computes what the stock layers compute: outputs, states and every gradient, against float64."""

from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.train.kernels.choice import find_library
from tasks.train.kernels.fast_epochs import iterate_layers, name_kernels, speed_up_layers

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple": keras.layers.SimpleRNN}
# Batch, length, features, units: blocks of 16 with and without a rest, vectors of lanes with and without a rest.
SHAPES = [
    (1, 1, 1, 1),
    (1, 5, 16, 32),
    (33, 5, 1, 7),
    (32, 120, 16, 32),
    (33, 5, 64, 64),
    (15, 7, 128, 32),
    (512, 5, 16, 7),
    (17, 120, 3, 1),
]
OPTIONS = [{}, {"go_backwards": True}, {"return_sequences": True}, {"return_sequences": True, "go_backwards": True}]
NUM_MASKED = 19
LENGTH = 6


def make_masks() -> dict[str, np.ndarray]:
    """More rows than a block has: pre-padded, post-padded, with holes; one row of padding in each."""
    rng = np.random.default_rng(4)
    lengths, positions = rng.integers(0, LENGTH + 1, (NUM_MASKED, 1)), np.arange(LENGTH)
    lengths[3] = 0
    holes = rng.random((NUM_MASKED, LENGTH)) < 0.5
    holes[3] = False
    return {
        "pre": positions >= LENGTH - lengths,
        "post": positions < lengths,
        "holes": holes,
        "all": np.zeros((NUM_MASKED, LENGTH), bool),
        "none": np.ones((NUM_MASKED, LENGTH), bool),
    }


def make_pair(cell: str, features: int, units: int, **options: Any) -> tuple[keras.Layer, keras.Layer]:
    """A layer on the C library and the stock one in float64, with the same weights."""
    rng = np.random.default_rng(1)
    native, stock = (CELLS[cell](units, dtype=dtype, return_state=True, **options) for dtype in ("float32", "float64"))
    for layer in (native, stock):
        layer.build((None, None, features))
    native.set_weights([rng.normal(0, 0.3, weight.shape) for weight in native.get_weights()])
    stock.set_weights(native.get_weights())
    speed_up_layers(native, kernels="native")
    assert name_kernels(native) == ["native"]
    return native, stock


def compute(layer: keras.Layer, inputs: np.ndarray, mask: np.ndarray | None, *, training: bool) -> list[np.ndarray]:
    """Return the outputs, the last states and the gradients of inputs, initial states and weights."""
    num_states = 2 if isinstance(layer, keras.layers.LSTM) else 1
    rng = np.random.default_rng(2)
    states = [tf.constant(rng.normal(size=(len(inputs), layer.units)), layer.dtype) for _ in range(num_states)]
    values = tf.constant(inputs, layer.dtype)
    with tf.GradientTape() as tape:
        tape.watch([values, *states])
        results = layer(values, initial_state=list(states), mask=mask, training=training)
        total = sum(
            tf.reduce_sum(result * tf.constant(rng.normal(size=result.shape), result.dtype)) for result in results
        )
    sources = [values, *states, *(weight.value for weight in layer.trainable_weights)]
    gradients = tape.gradient(total, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return [array.numpy() for array in (*results, *gradients)]


def check(pair: tuple[keras.Layer, keras.Layer], inputs: np.ndarray, mask: np.ndarray | None = None) -> None:
    compare(*(compute(layer, inputs, mask, training=True) for layer in pair))


def compare(actual: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for value, wanted in zip(actual, expected, strict=True):
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6 + 4e-6 * np.abs(wanted).max())


def make_case(cell: str, shape: tuple[int, int, int, int]) -> tuple[np.ndarray, tuple[keras.Layer, keras.Layer]]:
    """Inputs and a pair of layers for them."""
    batch, length, features, units = shape
    inputs = np.random.default_rng(3).normal(size=(batch, length, features))
    return inputs, make_pair(cell, features, units, return_sequences=length < 100)


@cache
def compute_stock(cell: str, shape: tuple[int, int, int, int]) -> list[np.ndarray]:
    """What the stock layer computes, once for all levels of the library's instructions."""
    inputs, (_, stock) = make_case(cell, shape)
    return compute(stock, inputs, None, training=True)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_outputs_and_gradients_are_those_of_the_stock_layer(cell: str, shape: tuple[int, int, int, int]) -> None:
    inputs, (native, _) = make_case(cell, shape)
    compare(compute(native, inputs, None, training=True), compute_stock(cell, shape))


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "+".join(options) or "last")
@pytest.mark.parametrize("mask", make_masks().values(), ids=make_masks())
@pytest.mark.parametrize("cell", CELLS)
def test_masks_are_those_of_the_stock_layer(cell: str, mask: np.ndarray, options: dict[str, bool]) -> None:
    inputs = np.random.default_rng(3).normal(size=(*mask.shape, 3))
    check(make_pair(cell, 3, 5, **options), inputs, mask)


@pytest.mark.parametrize("mask", make_masks().values(), ids=make_masks())
@pytest.mark.parametrize("return_sequences", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_masked_steps_put_out_zeros_where_the_layer_wants_that(
    cell: str,
    mask: np.ndarray,
    return_sequences: bool,  # noqa: FBT001
) -> None:
    inputs = np.random.default_rng(3).normal(size=(*mask.shape, 3))
    check(make_pair(cell, 3, 5, zero_output_for_mask=True, return_sequences=return_sequences), inputs, mask)


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_need_no_training_mode(cell: str) -> None:
    inputs = np.random.default_rng(3).normal(size=(3, 4, 2))
    native, _ = make_pair(cell, 2, 3)
    for value, wanted in zip(*(compute(native, inputs, None, training=mode) for mode in (False, True)), strict=True):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("cell", CELLS)
def test_large_sums_saturate_and_what_is_no_number_stays_none(cell: str) -> None:
    native, stock = make_pair(cell, 2, 3, return_sequences=True)
    inputs = np.array([[[1e4, -1e4], [-3e38, 3e38]], [[60.0, -60.0], [0.0, 1e-30]]])
    np.testing.assert_allclose(native(inputs)[0], stock(inputs)[0], atol=1e-6)
    assert np.isnan(native(np.array([[[np.nan, 0.0]]]))[0]).all()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("with_mask", [False, True])
def test_bidirectional_stacks_are_those_of_stock_layers(cell: str, with_mask: bool) -> None:  # noqa: FBT001
    def build(dtype: str) -> keras.Model:
        bidirectional, layer = keras.layers.Bidirectional, CELLS[cell]
        embedding = keras.layers.Embedding(9, 5, mask_zero=with_mask, dtype=dtype)
        first = bidirectional(layer(6, return_sequences=True, dtype=dtype), dtype=dtype)
        return keras.Sequential(
            [keras.Input((7,), dtype="int32"), embedding, first, bidirectional(layer(3, dtype=dtype), dtype=dtype)]
        )

    native, stock = build("float32"), build("float64")
    stock.set_weights(native.get_weights())
    speed_up_layers(native, kernels="native")
    assert sum("inner_loop" in vars(layer) for layer in iterate_layers(native)) == 4
    tokens = np.random.default_rng(6).integers(0, 9, (20, 7))
    tokens[2] = 0
    found = []
    for model in (native, stock):
        with tf.GradientTape() as tape:
            output = model(tokens, training=True)
            total = tf.reduce_sum(output * tf.cast(tf.range(6), output.dtype))
        gradients = tape.gradient(total, [weight.value for weight in model.trainable_weights])
        found.append([output, *map(tf.convert_to_tensor, gradients)])
    for value, wanted in zip(*found, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-6 + 4e-6 * np.abs(wanted).max())


def test_result_does_not_depend_on_the_rest_of_the_batch() -> None:
    inputs = np.random.default_rng(3).normal(size=(40, 9, 4)).astype("float32")
    native, _ = make_pair("lstm", 4, 8)
    np.testing.assert_array_equal(native(inputs)[0][:5], native(inputs[:5])[0])


def test_wrong_shapes_are_errors() -> None:
    native, _ = make_pair("gru", 3, 4)
    with pytest.raises(tf.errors.InvalidArgumentError, match="kernel: expected"):
        native.inner_loop(sequences=tf.zeros((2, 5, 4)), initial_state=[tf.zeros((2, 4))], mask=None, training=False)
    with pytest.raises(tf.errors.InvalidArgumentError, match="mask: expected"):
        native.inner_loop(
            sequences=tf.zeros((2, 5, 3)), initial_state=[tf.zeros((2, 4))], mask=tf.ones((2, 4)), training=False
        )


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    "options",
    [{"dropout": 0.1}, {"recurrent_dropout": 0.1}, {"activation": "relu"}, {"use_bias": False}, {"unroll": True}],
    ids=lambda options: next(iter(options)),
)
def test_other_layers_stay_stock(cell: str, options: dict[str, Any]) -> None:
    layer = CELLS[cell](4, **options)
    speed_up_layers(layer, kernels="native")
    assert name_kernels(layer) == []


def test_gru_that_resets_before_the_product_stays_stock() -> None:
    layer = keras.layers.GRU(4, reset_after=False)
    speed_up_layers(layer, kernels="native")
    assert name_kernels(layer) == []


@pytest.mark.parametrize("cell", CELLS)
def test_shapes_of_states_are_known_in_a_graph(cell: str) -> None:
    """Without them a layer that keeps its state, or one that hands it on, cannot be traced."""
    layer = CELLS[cell](5, return_state=True, stateful=True)
    layer.build((3, LENGTH, 2))
    speed_up_layers(layer, kernels="native")
    assert name_kernels(layer) == ["native"]
    graph = tf.function(layer.__call__).get_concrete_function(tf.TensorSpec((3, LENGTH, 2)))
    assert [output.shape for output in graph.outputs] == [(3, 5)] * len(graph.outputs)
    inputs = tf.ones((3, LENGTH, 2))
    first, second = (graph(inputs)[0].numpy() for _ in range(2))
    assert not np.array_equal(first, second), "the second goes on from the state of the first"

"""Dense layers in the C library compute what stock ones do, and a text's score does not depend on its neighbours."""

import itertools
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

from tasks.encode.encodings import Encoding
from tasks.train.backend import speed_up_prediction
from tasks.train.build import build_model
from tasks.train.kernels.choice import find_library
from tasks.train.kernels.fast_epochs import name_kernels, separate_rows
from tasks.train.predict import predict_probabilities
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.skipif(find_library() is None, reason="needs the C library")

ACTIVATIONS = ["linear", "relu", "sigmoid", "softmax", "tanh"]
SHAPES = [(1, 2), (33, 64), (2, 3, 4, 5)]
NUM_TEXTS, LENGTH, VOCAB_SIZE = 100, 20, 50
BATCHES = [1, 7, 60]
# Variants with a number of classes. Attention is left out: TensorFlow computes its projections.
MODELS = [
    ("flatten", 2),
    ("lstm", 2),
    ("long-average-pool", 3),
    ("long-bigru", 2),
    ("stacked-bilstm", 3),
    ("conv-max", 2),
    ("conv-average", 3),
]


def make_pair(units: int, features: int, **options: Any) -> tuple[keras.Layer, keras.Layer]:
    """The layer through the C library in float32, and the stock layer in float64 with the same weights."""
    native, stock = (keras.layers.Dense(units, dtype=dtype, **options) for dtype in ("float32", "float64"))
    for layer in (native, stock):
        layer.build((None, features))
    random = np.random.default_rng(1)
    native.set_weights([random.normal(size=weight.shape) for weight in native.get_weights()])
    stock.set_weights(native.get_weights())
    separate_rows(native, kernels="native")
    assert name_kernels(native) == ["native"]
    return native, stock


def cut(values: np.ndarray, size: int) -> list[np.ndarray]:
    return [values[start : start + size] for start in range(0, len(values), size)]


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_outputs_are_those_of_the_stock_layer(activation: str) -> None:
    for shape, units, use_bias in itertools.product(SHAPES, [2, 16, 20], [True, False]):
        inputs = np.random.default_rng(2).normal(size=shape)
        native, stock = make_pair(units, shape[-1], activation=activation, use_bias=use_bias)
        found = np.asarray(native(inputs))
        assert found.shape == (*shape[:-1], units)
        np.testing.assert_allclose(found, np.asarray(stock(inputs)), rtol=1e-5, atol=1e-5)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("features", [64, 1920])
def test_row_is_the_same_in_every_batch(features: int, activation: str) -> None:
    layer, _ = make_pair(6, features, activation=activation)
    rows = np.random.default_rng(3).normal(size=(NUM_TEXTS, features)).astype(np.float32)
    at_once = np.asarray(layer(rows))
    for size in BATCHES:
        np.testing.assert_array_equal(np.concatenate([np.asarray(layer(part)) for part in cut(rows, size)]), at_once)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize(("name", "num_classes"), MODELS)
def test_text_is_scored_the_same_whatever_its_neighbours_are(name: str, num_classes: int) -> None:
    encoding = Encoding(
        name="tiny", kind="words", vocab_size=VOCAB_SIZE, length=LENGTH, padding="pre", description="for tests"
    )
    model = build_model(VARIANTS[name], encoding, num_classes=num_classes, learning_rate=0.01)
    speed_up_prediction(model, kernels="native")
    random = np.random.default_rng(4)
    tokens = random.integers(2, VOCAB_SIZE, (NUM_TEXTS, LENGTH))
    tokens[np.arange(LENGTH) < random.integers(0, LENGTH, (NUM_TEXTS, 1))] = 0
    at_once = predict_probabilities(model, tokens)
    for size in BATCHES:
        parts = [predict_probabilities(model, part) for part in cut(tokens, size)]
        np.testing.assert_array_equal(np.concatenate(parts), at_once)


@pytest.mark.parametrize("options", [{"activation": "swish"}, {"dtype": "bfloat16"}, {"lora_rank": 2}], ids=str)
def test_other_dense_layers_stay_stock(options: dict[str, Any]) -> None:
    layer = keras.layers.Dense(3, **options)
    layer.build((None, 4))
    separate_rows(layer, kernels="native")
    assert name_kernels(layer) == []


def test_dense_layers_stay_stock_without_the_library() -> None:
    layer = keras.layers.Dense(3)
    separate_rows(layer, kernels="tensorflow")
    assert name_kernels(layer) == []

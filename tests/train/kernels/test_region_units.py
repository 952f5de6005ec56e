"""Units of regions in the C library are those of the Keras layer, in training and in predictions."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.train.backend import release_memory
from tasks.train.build import quantize_model
from tasks.train.kernels.choice import find_library
from tasks.train.kernels.fast_epochs import make_epoch_runner, name_kernels, separate_rows, speed_up_layers
from tasks.train.kernels.recurrent import load_library
from tasks.train.layers import RegionUnits

pytestmark = [
    pytest.mark.skipif(find_library() is None, reason="needs the C library"),
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),  # Keras variables with NumPy 2
]

VOCAB_SIZE, LENGTH, NUM_TEXTS = 20, 30, 23


@dataclass(frozen=True)
class Shape:
    """The words that the units read, and how many units read so many."""

    sizes: tuple[int, ...] = (5, 20)
    units: tuple[int, ...] = (160, 48)


# The last one reads more words than the texts have.
SHAPES = [Shape(), Shape((3,), (16,)), Shape((4, 7, 33), (80, 16, 64))]


def embed(shape: Shape, *, trainable: bool = False, mask_zero: bool = True, dtype: str = "float32") -> Any:
    """The tokens, and the units that read them."""
    keras.utils.set_random_seed(3)
    tokens = keras.Input((LENGTH,), dtype="int32")
    initializer = keras.initializers.RandomNormal(stddev=0.3)
    table = keras.layers.Embedding(
        VOCAB_SIZE, sum(shape.units), mask_zero=mask_zero, embeddings_initializer=initializer, trainable=trainable
    )
    layer = RegionUnits(shape.sizes, shape.units, dtype=dtype)
    units = layer(table(tokens))
    layer.bias.assign(np.linspace(-0.5, 0.5, sum(shape.units)))
    return tokens, units


def build(shape: Shape = SHAPES[0], **options: Any) -> keras.Model:
    return keras.Model(*embed(shape, **options))


def build_classifier(**options: Any) -> keras.Model:
    tokens, units = embed(SHAPES[0], **options)
    found = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(32, 2, activation="relu")(units))
    model = keras.Model(tokens, keras.layers.Dense(1, activation="sigmoid")(found))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def make_tokens() -> np.ndarray:
    """Texts of 0 to 30 words; of some, words in the middle are padding, as word dropout leaves them."""
    random = np.random.default_rng(1)
    tokens = random.integers(1, VOCAB_SIZE, (NUM_TEXTS, LENGTH))
    tokens[np.arange(LENGTH) >= random.integers(0, LENGTH + 1, (NUM_TEXTS, 1))] = 0
    tokens[::2] *= random.random((NUM_TEXTS, LENGTH))[::2] < 0.7
    return tokens.astype(np.int32)


def list_operations(model: keras.Model) -> set[str]:
    graph = tf.function(model).get_concrete_function(tf.TensorSpec((None, LENGTH), tf.int32)).graph
    return {operation.type for operation in graph.get_operations()}


@pytest.fixture(scope="module", autouse=True)
def _release_memory() -> Any:
    yield
    release_memory()


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_units_are_those_of_the_layer(shape: Shape) -> None:
    model, stock = build(shape), build(shape)
    speed_up_layers(model, kernels="native")
    assert name_kernels(model) == ["native"]
    assert "BakeoffRegionUnits" in list_operations(model)
    assert "ResourceGather" not in list_operations(model)
    units = np.asarray(model(make_tokens()))
    assert 0.1 < (units > 0).mean() < 0.9
    np.testing.assert_allclose(units, stock(make_tokens()), atol=2e-6)


def test_units_of_a_text_do_not_depend_on_the_others() -> None:
    model = build()
    separate_rows(model, kernels="native")
    tokens = np.tile(make_tokens(), (13, 1))
    alone = [np.asarray(model(tokens[index : index + 1]))[0] for index in range(NUM_TEXTS)]
    np.testing.assert_array_equal(model(tokens), np.tile(alone, (13, 1, 1)))


def test_quantized_words_are_read_too() -> None:
    model, stock = (quantize_model(build(), "int8") for _ in range(2))
    separate_rows(model, kernels="native")
    assert "BakeoffRegionUnits" in list_operations(model)
    np.testing.assert_allclose(model(make_tokens()), stock(make_tokens()), atol=2e-6)


@pytest.mark.usefixtures("level")
def test_training_on_frozen_units_is_that_of_keras() -> None:
    native, stock = build_classifier(), build_classifier()
    before = [np.array(weight) for weight in native.non_trainable_variables]
    run_epoch = make_epoch_runner(native, batch_size=4, kernels="native")
    labels = np.random.default_rng(2).integers(0, 2, NUM_TEXTS).astype(np.int32)
    for _ in range(3):
        scores = run_epoch(make_tokens().astype(np.uint8), labels, lambda _: None)
        history = stock.fit(make_tokens(), labels, batch_size=4, shuffle=False, verbose=0).history
    assert "BakeoffRegionConvMax" in list_operations(native)
    assert not {"BakeoffRegionUnits", "BakeoffConvMax"} & list_operations(native)
    assert scores["loss"] == pytest.approx(history["loss"][0], rel=1e-4)
    for found, wanted in zip(native.trainable_variables, stock.trainable_variables, strict=True):
        np.testing.assert_allclose(np.array(found), np.array(wanted), rtol=1e-3, atol=1e-5)
    for found, unchanged in zip(native.non_trainable_variables, before, strict=True):
        np.testing.assert_array_equal(np.array(found), unchanged)


@pytest.mark.usefixtures("level")
def test_maxima_and_gradients_are_those_of_units_that_are_written_down() -> None:
    library, random, shape = load_library(), np.random.default_rng(6), SHAPES[0]
    row = sum(shape.units)
    given = {
        "tokens": np.tile(make_tokens(), (2, 1)),
        "table": random.normal(size=(VOCAB_SIZE, row)).astype(np.float32),
        "bias": np.linspace(-0.5, 0.5, row, dtype=np.float32),
        "parts": np.array([shape.sizes, shape.units], np.int32).T,
    }
    kernel = random.normal(size=(3, row, 48)).astype(np.float32)
    d_outputs = random.normal(size=(2 * NUM_TEXTS, 1, 48)).astype(np.float32)
    units = library.bakeoff_region_units(**given)
    options = {"inputs": units, "kernel": kernel, "differentiates_inputs": False}
    maxima, places = library.bakeoff_conv_max(**options)
    found, found_places = library.bakeoff_region_conv_max(**given, kernel=kernel)
    np.testing.assert_array_equal(found, maxima)
    np.testing.assert_array_equal(found_places, places)
    gradients = library.bakeoff_conv_max_grad(**options, places=places, d_outputs=d_outputs)
    d_kernel = library.bakeoff_region_conv_max_grad(**given, kernel=kernel, places=places, d_outputs=d_outputs)
    np.testing.assert_array_equal(d_kernel, gradients.d_kernel)


def test_model_that_is_prepared_more_than_once_predicts_the_same() -> None:
    model, stock = build_classifier(), build_classifier()
    for prepare in (speed_up_layers, separate_rows, speed_up_layers, separate_rows):
        prepare(model, kernels="native")
        np.testing.assert_allclose(model(make_tokens()), stock(make_tokens()), atol=1e-5)
        assert name_kernels(model) == ["native"]
    assert "BakeoffRegionConvMax" in list_operations(model)


@pytest.mark.parametrize("kind", ["read twice", "put out", "average"])
def test_units_that_more_is_read_of_are_written_down(kind: str) -> None:
    tokens, units = embed(SHAPES[0])
    found = keras.layers.Conv1D(16, 2)(units)
    pool = keras.layers.GlobalAveragePooling1D() if kind == "average" else keras.layers.GlobalMaxPooling1D()
    outputs = [pool(found)]
    if kind != "average":
        outputs.append(units if kind == "put out" else keras.layers.Flatten()(units))
    model = keras.Model(tokens, outputs)
    expected = model(make_tokens())
    speed_up_layers(model, kernels="native")
    operations = list_operations(model)
    assert "BakeoffRegionUnits" in operations
    assert "BakeoffRegionConvMax" not in operations
    for value, wanted in zip(keras.tree.flatten(model(make_tokens())), keras.tree.flatten(expected), strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-5)


def test_table_that_is_trained_is_read_by_keras_until_the_model_predicts() -> None:
    model = build(trainable=True)
    speed_up_layers(model, kernels="native")
    assert name_kernels(model) == []
    separate_rows(model, kernels="native")
    assert name_kernels(model) == ["native"]


@pytest.mark.parametrize(
    "options", [{"shape": Shape((5,), (24,))}, {"mask_zero": False}, {"dtype": "float64"}, {"dtype": "mixed_bfloat16"}]
)
def test_other_layers_are_left_to_keras(options: dict[str, Any]) -> None:
    model = build(**options)
    separate_rows(model, kernels="native")
    assert name_kernels(model) == []


@pytest.mark.parametrize("is_read_twice", [False, True])
def test_words_that_more_reads_stay_vectors(is_read_twice: bool) -> None:  # noqa: FBT001  parametrised
    tokens = keras.Input((LENGTH,), dtype="int32")
    words = keras.layers.Embedding(VOCAB_SIZE, 16, mask_zero=True, trainable=False)(tokens)
    layer = RegionUnits((5,), (16,))
    outputs = [layer(words), layer(words) if is_read_twice else keras.layers.GlobalAveragePooling1D()(words)]
    model = keras.Model(tokens, outputs)
    separate_rows(model, kernels="native")
    assert name_kernels(model) == []


def test_layer_without_a_table_is_left_to_keras() -> None:
    layer = RegionUnits((5,), (16,))
    layer.build((None, LENGTH, 16))
    speed_up_layers(layer, kernels="native")
    assert name_kernels(layer) == []


def test_kernels_of_tensorflow_leave_the_layer_alone() -> None:
    model = build()
    speed_up_layers(model, kernels="tensorflow")
    separate_rows(model, kernels="tensorflow")
    assert name_kernels(model) == []


PARTS = [[5, 16], [20, 32]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens": [[0, 5]]}, "tokens: expected rows of the table"),
        ({"tokens": [[-1, 0]]}, "tokens: expected rows of the table"),
        ({"tokens": [1]}, "tokens: expected \\(texts, length\\)"),
        ({"table": np.zeros((5, 47))}, "table: expected a column for each unit"),
        ({"table": np.zeros(48)}, "table: expected \\(vocabulary, row\\)"),
        ({"bias": np.zeros(47)}, "bias: expected one for each unit"),
        ({"parts": [[5, 16], [20, 31]]}, "parts: expected regions of at least 3 words and multiples of 16 units"),
        ({"parts": [[2, 16], [20, 32]]}, "parts: expected regions of at least 3 words"),
        ({"parts": [5, 16]}, "parts: expected \\(parts, 2\\)"),
        ({"parts": np.ones((17, 2))}, "parts: expected \\(at most 16, 2\\)"),
    ],
)
def test_operation_refuses_what_does_not_fit(changes: dict[str, Any], message: str) -> None:
    given = {"tokens": [[1, 2]], "table": np.zeros((5, 48)), "bias": np.zeros(48), "parts": PARTS, **changes}
    types = {"tokens": np.int32, "table": np.float32, "bias": np.float32, "parts": np.int32}
    arguments = {name: np.asarray(value, types[name]) for name, value in given.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        load_library().bakeoff_region_units(**arguments)
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        load_library().bakeoff_region_conv_max(**arguments, kernel=np.zeros((2, 48, 16), np.float32))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": np.zeros((2, 47, 16))}, "kernel: expected the number of units"),
        ({"kernel": np.zeros((3, 48, 16))}, "kernel: expected a width from 1 to the length"),
        ({"kernel": np.zeros((2, 48, 15)), "d_outputs": np.zeros((1, 1, 15))}, "expected a multiple of 16 filters"),
        ({"kernel": np.zeros((2, 48))}, "kernel: expected \\(width, units, filters\\)"),
        ({"places": np.zeros((1, 15))}, "places: expected \\(texts, filters\\)"),
        ({"places": np.ones((1, 16))}, "places: expected positions of the outputs"),
        ({"d_outputs": np.zeros((1, 16))}, "outputs' gradient: expected their shape"),
    ],
)
def test_gradient_refuses_what_does_not_fit(changes: dict[str, Any], message: str) -> None:
    given = {
        "tokens": np.array([[1, 2]], np.int32),
        "table": np.zeros((5, 48), np.float32),
        "bias": np.zeros(48, np.float32),
        "parts": np.array(PARTS, np.int32),
        "kernel": np.zeros((2, 48, 16), np.float32),
        "places": np.zeros((1, 16), np.int32),
        "d_outputs": np.zeros((1, 1, 16), np.float32),
    }
    arguments = {name: np.asarray(changes.get(name, value), value.dtype) for name, value in given.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        load_library().bakeoff_region_conv_max_grad(**arguments)

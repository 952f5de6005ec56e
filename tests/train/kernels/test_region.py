"""Filters on one-hot words in the C library: maxima and updates are those of the Keras layers."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.errors import UserError
from tasks.train.backend import release_memory
from tasks.train.build import choose_loss, quantize_model
from tasks.train.kernels import region_network
from tasks.train.kernels.choice import find_library
from tasks.train.kernels.fast_epochs import make_epoch_runner, name_kernels, separate_rows
from tasks.train.kernels.recurrent import load_library
from tasks.train.kernels.region_network import can_train_natively, find_trainer
from tasks.train.layers import RegionMaximum, ResponseNormalization
from tasks.train.losses import WeightedLoss

pytestmark = [
    pytest.mark.skipif(find_library() is None, reason="needs the C library"),
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),  # Keras variables with NumPy 2
]

VOCAB_SIZE, LENGTH, NUM_TEXTS = 20, 12, 23


@dataclass(frozen=True)
class Shape:
    """A network: the widths and numbers of its filters, and its number of outputs."""

    widths: tuple[int, ...] = (1, 2, 3)
    filters: tuple[int, ...] = (16, 80, 160)
    num_outputs: int = 1

    @property
    def row(self) -> int:
        return sum(width * filters for width, filters in zip(self.widths, self.filters, strict=True))


SHAPES = [Shape(), Shape((1,), (16,)), Shape((3, 1), (48, 32), 4), Shape((14,), (16,), 3)]


def build(
    shape: Shape = SHAPES[0],
    *,
    dropout: float = 0.0,
    soft: bool = False,
    class_weights: Any = None,
    **options: Any,
) -> keras.Model:
    keras.utils.set_random_seed(3)
    tokens = keras.Input((LENGTH,), dtype="int32")
    initializer = keras.initializers.RandomNormal(stddev=0.3)
    words = keras.layers.Embedding(VOCAB_SIZE, shape.row, mask_zero=True, embeddings_initializer=initializer)(tokens)
    found = ResponseNormalization()(RegionMaximum(shape.widths, shape.filters)(words))
    head = keras.layers.Dense(shape.num_outputs, activation="sigmoid" if shape.num_outputs == 1 else "softmax")
    model = keras.Model(tokens, head(keras.layers.Dropout(dropout)(found)))
    loss = choose_loss(max(2, shape.num_outputs), soft_labels=soft)
    model.compile(
        optimizer=keras.optimizers.Adagrad(0.05, **options),
        loss=WeightedLoss(loss, class_weights) if class_weights else loss,
        metrics=["accuracy"],
    )
    return model


def make_tokens() -> np.ndarray:
    """Texts of 0 to 12 words, many of which occur several times; some are padded on the left."""
    random = np.random.default_rng(1)
    tokens = random.integers(1, VOCAB_SIZE, (NUM_TEXTS, LENGTH))
    tokens[np.arange(LENGTH) >= random.integers(0, LENGTH + 1, (NUM_TEXTS, 1))] = 0
    tokens[::3] = tokens[::3, ::-1]
    return tokens.astype(np.int32)


def make_labels(shape: Shape) -> np.ndarray:
    return np.random.default_rng(2).integers(0, max(2, shape.num_outputs), NUM_TEXTS).astype(np.int32)


def make_soft_labels(shape: Shape) -> np.ndarray:
    """Probabilities of the classes, some of them 0 and 1."""
    found = np.random.default_rng(4).dirichlet(np.full(max(2, shape.num_outputs), 0.5), NUM_TEXTS).astype(np.float32)
    found[::5] = np.eye(found.shape[1], dtype=np.float32)[0]
    return found[:, 1] if shape.num_outputs == 1 else found


def state(model: keras.Model) -> list[np.ndarray]:
    return [np.array(variable) for variable in [*model.trainable_variables, *model.optimizer._accumulators]]


def train(model: keras.Model, shape: Shape, *, batch_size: int, num_epochs: int = 3, kernels: Any = "native") -> float:
    run_epoch = make_epoch_runner(model, batch_size=batch_size, kernels=kernels)
    labels = make_labels(shape)
    return [run_epoch(make_tokens().astype(np.uint8), labels, lambda _: None) for _ in range(num_epochs)][-1]["loss"]


@dataclass(frozen=True)
class Stock:
    """What Keras made of a model: the loss of the last epoch, the variables and the number of updates."""

    loss: float
    state: list[np.ndarray]
    num_updates: int


@cache
def train_stock(shape: Shape, batch_size: int) -> Stock:
    """Train with Keras, once for all levels of the library's instructions."""
    model = build(shape)
    for _ in range(3):
        history = model.fit(make_tokens(), make_labels(shape), batch_size=batch_size, shuffle=False, verbose=0).history
    return Stock(history["loss"][0], state(model), int(model.optimizer.iterations))


@pytest.fixture(scope="module", autouse=True)
def _release_memory() -> Any:
    yield
    release_memory()


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_maxima_are_those_of_the_layers(shape: Shape) -> None:
    model, stock = build(shape), build(shape)
    separate_rows(model, kernels="native")
    assert name_kernels(model) == ["native"]
    graph = tf.function(model).get_concrete_function(tf.TensorSpec((None, LENGTH), tf.int32)).graph
    operations = {operation.type for operation in graph.get_operations()}
    assert "BakeoffRegion" in operations
    assert "ResourceGather" not in operations
    np.testing.assert_allclose(model(make_tokens()), stock(make_tokens()), atol=1e-6)


def test_text_gets_the_same_outputs_in_any_batch() -> None:
    model = build(Shape((1, 2, 3), (208, 400, 400)))
    separate_rows(model, kernels="native")
    tokens = np.tile(make_tokens(), (13, 1))
    alone = [np.asarray(model(tokens[index : index + 1]))[0] for index in range(NUM_TEXTS)]
    np.testing.assert_array_equal(model(tokens), np.tile(alone, (13, 1)))


def test_quantized_words_are_read_too() -> None:
    model, stock = (quantize_model(build(), "int8") for _ in range(2))
    separate_rows(model, kernels="native")
    np.testing.assert_allclose(model(make_tokens()), stock(make_tokens()), atol=1e-6)


@pytest.mark.usefixtures("level")
@pytest.mark.parametrize(("shape", "batch_size"), list(zip(SHAPES, [1, 23, 4, 1], strict=True)), ids=str)
def test_updates_are_those_of_keras(shape: Shape, batch_size: int) -> None:
    native, stock = build(shape), train_stock(shape, batch_size)
    assert can_train_natively(native)
    assert train(native, shape, batch_size=batch_size) == pytest.approx(stock.loss, rel=1e-5)
    for found, wanted in zip(state(native), stock.state, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert int(native.optimizer.iterations) == stock.num_updates


@pytest.mark.parametrize(("shape", "batch_size"), list(zip(SHAPES, [1, 23, 4, 1], strict=True)), ids=str)
def test_updates_with_soft_labels_are_those_of_keras(shape: Shape, batch_size: int) -> None:
    native, stock, labels = build(shape, soft=True), build(shape, soft=True), make_soft_labels(shape)
    assert can_train_natively(native)
    scores = make_epoch_runner(native, batch_size=batch_size, kernels="native")(make_tokens(), labels, lambda _: None)
    history = stock.fit(make_tokens(), labels, batch_size=batch_size, shuffle=False, verbose=0).history
    assert scores["loss"] == pytest.approx(history["loss"][0], rel=1e-5)
    for found, wanted in zip(state(native), state(stock), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_accuracy_with_soft_labels_is_the_agreement_with_the_likeliest_class() -> None:
    tokens, scores = make_tokens(), []
    for labels in (make_soft_labels(SHAPES[0]), (make_soft_labels(SHAPES[0]) > 0.5).astype(np.int32)):
        model = build(soft=True)
        model.optimizer.learning_rate = 0.0
        scores.append(make_epoch_runner(model, batch_size=4, kernels="native")(tokens, labels, lambda _: None))
    assert scores[0]["accuracy"] == scores[1]["accuracy"]
    assert 0 < scores[0]["accuracy"] < 1
    assert scores[0]["loss"] != scores[1]["loss"]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_weighted_updates_are_those_of_keras(shape: Shape) -> None:
    weights = (0.5, 8.0, 1.0, 3.0)[: max(2, shape.num_outputs)]
    native, stock = build(shape, class_weights=weights), build(shape)
    assert can_train_natively(native)
    loss = train(native, shape, batch_size=4)
    given = make_tokens(), make_labels(shape)
    options = {"batch_size": 4, "shuffle": False, "verbose": 0, "class_weight": dict(enumerate(weights))}
    for _ in range(3):
        history = stock.fit(*given, **options).history
    assert loss == pytest.approx(history["loss"][0], rel=1e-5)
    for found, wanted in zip(state(native), state(stock), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_weighted_updates_with_soft_labels_are_those_of_the_loss(shape: Shape) -> None:
    weights = (0.5, 8.0, 1.0, 3.0)[: max(2, shape.num_outputs)]
    native, stock = (build(shape, soft=True, class_weights=weights) for _ in range(2))
    labels = make_soft_labels(shape)
    scores = make_epoch_runner(native, batch_size=4, kernels="native")(make_tokens(), labels, lambda _: None)
    history = stock.fit(make_tokens(), labels, batch_size=4, shuffle=False, verbose=0).history
    assert scores["loss"] == pytest.approx(history["loss"][0], rel=1e-5)
    for found, wanted in zip(state(native), state(stock), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def test_dropout_leaves_out_its_share_and_differs_from_update_to_update() -> None:
    model = build(dropout=0.5)
    run_epoch = make_epoch_runner(model, batch_size=1, kernels="native")
    tokens, labels = np.full((1, LENGTH), 7, np.int32), np.ones(1, np.int32)
    before, moved = np.array(model.layers[-1].kernel), []
    for _ in range(10):
        run_epoch(tokens, labels, lambda _: None)
        after = np.array(model.layers[-1].kernel)
        moved.append((after != before).ravel())
        before = after
    positive = np.array(moved)[:, np.any(moved, axis=0)]
    assert 0.4 < positive.mean() < 0.6
    assert len({row.tobytes() for row in positive}) == len(positive)


@pytest.mark.parametrize("batch_size", [1, 4])
def test_training_in_two_parts_is_the_same_as_in_one(batch_size: int) -> None:
    """The state between epochs is in Keras's variables alone."""
    whole, parts = build(dropout=0.5), build(dropout=0.5)
    train(whole, SHAPES[0], batch_size=batch_size, num_epochs=2)
    train(parts, SHAPES[0], batch_size=batch_size, num_epochs=1)
    train(parts, SHAPES[0], batch_size=batch_size, num_epochs=1)
    for found, wanted in zip(state(parts), state(whole), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_progress_is_reported_up_to_the_last_text() -> None:
    run_epoch = make_epoch_runner(build(), batch_size=4, kernels="native")
    done: list[int] = []
    tokens, labels = np.tile(make_tokens(), (50, 1)), np.tile(make_labels(SHAPES[0]), 50)
    run_epoch(tokens, labels, done.append)
    assert done == sorted(done)
    assert len(done) > 1
    assert done[-1] == len(labels)


def test_other_networks_are_left_to_keras() -> None:
    model = build()
    model.compile(optimizer="adagrad", loss="mse")
    assert not can_train_natively(model)
    model.compile(optimizer="adam", loss="binary_crossentropy")
    assert not can_train_natively(model)
    assert not can_train_natively(build(clipnorm=1.0))
    assert not can_train_natively(build(Shape((1,), (8,))))
    quantized = build()
    quantized.layers[1].quantize("int8")
    assert not can_train_natively(quantized)


def test_kernels_of_tensorflow_leave_the_layers_alone() -> None:
    model = build()
    separate_rows(model, kernels="tensorflow")
    train(model, SHAPES[0], batch_size=NUM_TEXTS, num_epochs=1, kernels="tensorflow")
    assert name_kernels(model) == []


PARTS = [[1, 16], [2, 32]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tokens": [[0, 5]]}, "tokens: expected rows of the table"),
        ({"tokens": [[-1, 0]]}, "tokens: expected rows of the table"),
        ({"tokens": [1]}, "tokens: expected \\(texts, length\\)"),
        ({"table": np.zeros((5, 79))}, "table: expected width x filters columns"),
        ({"bias": np.zeros(47)}, "bias: expected one for each filter"),
        ({"parts": [[1, 16], [2, 31]]}, "parts: expected positive widths and multiples of 16 filters"),
        ({"parts": [[0, 16], [2, 40]]}, "parts: expected positive widths"),
        ({"parts": [1, 16]}, "parts: expected \\(parts, 2\\)"),
    ],
)
def test_operation_refuses_what_does_not_fit(changes: dict[str, Any], message: str) -> None:
    given = {"tokens": [[1, 2]], "table": np.zeros((5, 80)), "bias": np.zeros(48), "parts": PARTS, **changes}
    types = {"tokens": np.int32, "table": np.float32, "bias": np.float32, "parts": np.int32}
    arguments = {name: np.asarray(value, types[name]) for name, value in given.items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        load_library().bakeoff_region(**arguments)


def test_library_of_other_sources_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Longer(region_network.Network):
        _fields_ = (("one_more", region_network.Floats),)

    find_trainer()
    monkeypatch.setattr(region_network, "Network", Longer)
    with pytest.raises(
        UserError, match=r"built from other sources .* pip install -e \., or choose --kernels tensorflow"
    ):
        find_trainer()

"""The TensorFlow fast paths compute what the stock layers and `model.fit` compute."""

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.encode.encodings import Encoding
from tasks.train.build import build_model
from tasks.train.kernels import call_plan
from tasks.train.kernels.choice import Kernels
from tasks.train.kernels.fast_epochs import is_xla_faster, make_epoch_runner, name_kernels, speed_up_layers
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.slow
KERAS_SAVES_WITH_AN_OLD_NUMPY_PROTOCOL = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
VOCAB_SIZE = 50
LENGTH = 12
NUM_REVIEWS = 70
BATCH_SIZE = 32

Builder = Callable[[str], list[Any]]
Body = Callable[[], list[Any]]


def bidirectional(units: int, dtype: str, **options: Any) -> keras.layers.Layer:
    return keras.layers.Bidirectional(keras.layers.LSTM(units, dtype=dtype, **options), dtype=dtype)


STACKS: dict[str, Builder] = {
    "forward": lambda dtype: [keras.layers.LSTM(4, dtype=dtype)],
    "backward": lambda dtype: [keras.layers.LSTM(4, go_backwards=True, dtype=dtype)],
    "sequences": lambda dtype: [keras.layers.LSTM(4, return_sequences=True, dtype=dtype)],
    "backward-sequences": lambda dtype: [keras.layers.LSTM(4, go_backwards=True, return_sequences=True, dtype=dtype)],
    "bidirectional": lambda dtype: [bidirectional(4, dtype)],
    "stacked": lambda dtype: [bidirectional(5, dtype, return_sequences=True), bidirectional(3, dtype)],
}
SHAPES = [(3, 7, 5), (1, 1, 2), (6, 20, 8)]
MASKS = {
    "left-padded": [[0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]],
    "left-padded, no long row": [[0, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]],
    "nothing but padding": [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0]],
    "right-padded": [[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [1, 0, 0, 0, 0], [1, 1, 1, 1, 0]],
    "with holes": [[0, 1, 0, 1, 1], [1, 0, 0, 0, 1], [0, 0, 0, 0, 0], [1, 1, 1, 0, 1]],
}


def make_model(stack: Builder, shape: tuple[int, int, int], dtype: str) -> keras.Model:
    return keras.Sequential([keras.Input(shape[1:], dtype=dtype), *stack(dtype)])


def scramble_weights(model: keras.Model, rng: np.random.Generator) -> None:
    """Give every gate its own bias, so that swapped gates show, and let the carry pass 3, so that clipping does."""
    model.set_weights([rng.normal(0, 1.0, weight.shape) for weight in model.get_weights()])


def output_and_gradients(model: keras.Model, inputs: Any, mask: Any = None) -> list[np.ndarray]:
    """Return the output and the gradients of a weighted sum of it with respect to the inputs and all weights."""
    values = tf.constant(inputs, model.compute_dtype)
    with tf.GradientTape() as tape:
        tape.watch(values)
        output = model(values) if mask is None else model.layers[0](values, mask=np.array(mask, bool))
        weights = np.cos(np.arange(np.prod(output.shape))).reshape(output.shape)
        total = tf.reduce_sum(output * tf.constant(weights, output.dtype))
    variables = [weight.value for weight in model.trainable_weights]
    return [output.numpy(), *(gradient.numpy() for gradient in tape.gradient(total, [values, *variables]))]


def make_classifier(body: Body, *, seed: int = 3, num_classes: int = 2, mask: bool = False) -> keras.Model:
    keras.utils.set_random_seed(seed)  # before the layers: they draw their seeds when they are made
    head = keras.layers.Dense(1, "sigmoid") if num_classes == 2 else keras.layers.Dense(num_classes, "softmax")
    embedding = keras.layers.Embedding(VOCAB_SIZE, 4, mask_zero=mask)
    model = keras.Sequential([keras.Input((LENGTH,), dtype="int32"), embedding, *body(), head])
    loss = "binary_crossentropy" if num_classes == 2 else "sparse_categorical_crossentropy"
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])
    return model


def make_data(num_classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Left-padded tokens as they lie on disk, and labels that follow from them."""
    rng = np.random.default_rng(5)
    tokens = rng.integers(1, VOCAB_SIZE, (NUM_REVIEWS, LENGTH))
    tokens[np.arange(LENGTH) < rng.integers(0, LENGTH, (NUM_REVIEWS, 1))] = 0
    return tokens.astype(np.uint16), (tokens[:, -1] % num_classes).astype(np.int32)


def ignore_progress(_num_done: int) -> None:
    pass


def train(model: keras.Model, *, epochs: int = 1) -> list[np.ndarray]:
    run_epoch = make_epoch_runner(model, batch_size=BATCH_SIZE)
    for _ in range(epochs):
        run_epoch(*make_data(), ignore_progress)
    return model.get_weights()


BODIES: dict[str, Body] = {
    "flatten": lambda: [keras.layers.Flatten()],
    "conv": lambda: [keras.layers.Conv1D(16, 3, activation="relu"), keras.layers.GlobalMaxPooling1D()],
    "lstm": lambda: [keras.layers.LSTM(4)],
    "gru": lambda: [keras.layers.GRU(4)],
    "bilstm": lambda: [keras.layers.Bidirectional(keras.layers.LSTM(4))],
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS.keys())
def test_block_lstm_has_the_outputs_and_gradients_of_the_stock_layer_in_float64(
    stack: Builder, shape: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(1)
    block, reference = make_model(stack, shape, "float32"), make_model(stack, shape, "float64")
    scramble_weights(block, rng)
    reference.set_weights(block.get_weights())
    speed_up_layers(block, kernels="tensorflow")
    inputs = rng.normal(size=shape)
    actual, expected = output_and_gradients(block, inputs), output_and_gradients(reference, inputs)
    assert len(actual) == 2 + len(block.trainable_weights)
    for value, wanted in zip(actual, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=3e-6)


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
@pytest.mark.parametrize("name", ["forward", "backward", "bidirectional", "sequences"])
def test_block_lstm_agrees_with_the_stock_layer_under_a_mask(name: str, mask: list[list[int]]) -> None:
    rng = np.random.default_rng(2)
    shape = (len(mask), len(mask[0]), 3)
    block, reference = make_model(STACKS[name], shape, "float32"), make_model(STACKS[name], shape, "float64")
    scramble_weights(block, rng)
    reference.set_weights(block.get_weights())
    speed_up_layers(block, kernels="tensorflow")
    inputs = rng.normal(size=shape)
    for value, wanted in zip(
        output_and_gradients(block, inputs, mask), output_and_gradients(reference, inputs, mask), strict=True
    ):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=3e-6)


def test_block_lstm_starts_from_a_given_state_and_returns_the_last_one() -> None:
    rng = np.random.default_rng(3)
    layer = keras.layers.LSTM(4, return_state=True)
    inputs, state = rng.normal(size=(2, 5, 3)).astype("float32"), list(rng.normal(size=(2, 2, 4)).astype("float32"))
    expected = layer(inputs, initial_state=state)
    model = keras.Sequential([layer])
    speed_up_layers(model, kernels="tensorflow")
    assert name_kernels(model) == ["block"]
    for value, wanted in zip(layer(inputs, initial_state=state), expected, strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-6)


def operations(model: keras.Model, length: int) -> set[str]:
    graph = tf.function(model).get_concrete_function(tf.TensorSpec((None, length, 3))).graph
    return {operation.type for operation in graph.get_operations()}


def test_block_kernel_takes_the_place_of_every_loop_at_any_batch_size() -> None:
    model = make_model(STACKS["stacked"], (1, 6, 3), "float32")
    assert "While" in operations(model, 6)
    speed_up_layers(model, kernels="tensorflow")
    assert "BlockLSTM" in operations(model, 6)
    assert "While" not in operations(model, 6)


@pytest.mark.parametrize(
    "options",
    [{"dropout": 0.1}, {"recurrent_dropout": 0.1}, {"activation": "relu"}, {"use_bias": False}, {"unroll": True}],
    ids=lambda options: next(iter(options)),
)
def test_other_lstm_layers_stay_stock(options: dict[str, Any]) -> None:
    model = keras.Sequential([keras.Input((6, 3)), bidirectional(4, "float32", **options)])
    speed_up_layers(model)
    model.compile(optimizer="adam")
    assert is_xla_faster(model)
    assert name_kernels(model) == []


@cache
def fit_stock(name: str, *, mask: bool) -> tuple[dict[str, list[float]], list[np.ndarray]]:
    """The metrics of two epochs of `model.fit` and the variables after them, once for all kernels."""
    tokens, labels = make_data()
    model = make_classifier(BODIES[name], mask=mask)
    options = {"epochs": 2, "batch_size": BATCH_SIZE, "shuffle": False, "verbose": 0}
    history = model.fit(tokens.astype(np.int32), labels, **options).history
    return history, [variable.numpy() for variable in model.variables]


@pytest.mark.parametrize("kernels", ["auto", "tensorflow"])
@pytest.mark.parametrize(("name", "mask"), [("conv", False), ("gru", False), ("bilstm", False), ("lstm", True)])
def test_epoch_makes_the_updates_of_model_fit(
    name: str,
    mask: bool,  # noqa: FBT001
    kernels: Kernels,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(call_plan, "FIRST_CALL_STEPS", 1)
    tokens, labels = make_data()
    quick = make_classifier(BODIES[name], mask=mask)
    history, variables = fit_stock(name, mask=mask)
    run_epoch = make_epoch_runner(quick, batch_size=BATCH_SIZE, kernels=kernels)
    epochs = [run_epoch(tokens, labels, ignore_progress) for _ in range(2)]
    for metric, values in history.items():
        assert [scores[metric] for scores in epochs] == pytest.approx(values, abs=1e-6)
    assert quick.optimizer.iterations == 2 * 3
    for value, wanted in zip(quick.variables, variables, strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-5)


def test_epoch_trains_more_than_two_classes() -> None:
    tokens, labels = make_data(num_classes=3)
    model = make_classifier(BODIES["lstm"], num_classes=3)
    run_epoch = make_epoch_runner(model, batch_size=BATCH_SIZE)
    losses = [run_epoch(tokens, labels, ignore_progress)["loss"] for _ in range(30)]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("num_classes", [2, 3])
def test_epoch_makes_the_updates_of_model_fit_with_soft_labels(num_classes: int) -> None:
    encoding = Encoding(
        name="tiny", kind="words", vocab_size=VOCAB_SIZE, length=LENGTH, padding="pre", description="for tests"
    )
    tokens, _ = make_data()
    labels = np.random.default_rng(1).dirichlet(np.ones(num_classes), len(tokens)).astype(np.float32)
    labels = labels[:, 1] if num_classes == 2 else labels
    keras.utils.set_random_seed(1)
    stock = build_model(VARIANTS["lstm"], encoding, num_classes=num_classes, learning_rate=0.01, soft_labels=True)
    quick = build_model(VARIANTS["lstm"], encoding, num_classes=num_classes, learning_rate=0.01, soft_labels=True)
    quick.set_weights(stock.get_weights())
    history = stock.fit(tokens.astype(np.int32), labels, batch_size=BATCH_SIZE, shuffle=False, verbose=0).history
    scores = make_epoch_runner(quick, batch_size=BATCH_SIZE)(tokens, labels, ignore_progress)
    assert scores["loss"] == pytest.approx(history["loss"][0], abs=1e-6)
    assert scores["accuracy"] == pytest.approx(history["accuracy"][0], abs=1e-6)
    assert 0 < scores["accuracy"] < 1
    for value, wanted in zip(quick.trainable_variables, stock.trainable_variables, strict=True):
        np.testing.assert_allclose(value, wanted, atol=1e-5)


@pytest.mark.parametrize("name", ["conv", "bilstm"])
def test_same_seed_gives_the_same_bits(name: str) -> None:
    first, second, other = (make_classifier(BODIES[name], seed=seed) for seed in (7, 7, 8))
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])
    assert all(np.array_equal(a, b) for a, b in zip(train(first), train(second), strict=True))


def test_progress_rises_to_the_number_of_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_plan, "FIRST_CALL_STEPS", 1)
    seen: list[int] = []
    make_epoch_runner(make_classifier(BODIES["flatten"]), batch_size=BATCH_SIZE)(*make_data(), seen.append)
    assert seen == [32, 64, 70]


def test_fewer_reviews_than_a_batch_are_trained_on() -> None:
    tokens, labels = make_data()
    model = make_classifier(BODIES["flatten"])
    make_epoch_runner(model, batch_size=BATCH_SIZE)(tokens[:5], labels[:5], ignore_progress)
    assert model.optimizer.iterations == 1


@pytest.mark.parametrize(("seconds", "sizes"), [(0.1, [8, 16, 32, 44]), (0.5, [8] * 12 + [4]), (2.0, [8, 4, 2, 1, 1])])
def test_calls_grow_while_short_and_shrink_when_long(
    seconds: float, sizes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(np.arange(1000) * seconds)
    monkeypatch.setattr(call_plan.time, "perf_counter", lambda: next(clock))
    calls = list(call_plan.plan_calls(100))
    assert [end - first for first, end in calls][: len(sizes)] == sizes
    assert [first for first, _ in calls] == [0, *(end for _, end in calls[:-1])]
    assert calls[-1][1] == 100


@KERAS_SAVES_WITH_AN_OLD_NUMPY_PROTOCOL
def test_training_goes_on_from_a_saved_model_with_the_same_bits(tmp_path: Path) -> None:
    whole = train(make_classifier(BODIES["lstm"]), epochs=2)
    interrupted = make_classifier(BODIES["lstm"])
    train(interrupted)
    interrupted.save(tmp_path / "model.keras")
    resumed = train(keras.models.load_model(tmp_path / "model.keras", safe_mode=True))
    assert all(np.array_equal(a, b) for a, b in zip(whole, resumed, strict=True))


PLAIN_RELOAD = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1], safe_mode=True)
assert not any(name.split(".")[0] == "tasks" for name in sys.modules)
assert type(model.layers[1].forward_layer) is keras.layers.LSTM
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
"""


@KERAS_SAVES_WITH_AN_OLD_NUMPY_PROTOCOL
def test_saved_model_opens_in_plain_keras(tmp_path: Path) -> None:
    model = make_classifier(BODIES["bilstm"])
    train(model)
    tokens = make_data()[0].astype(np.int32)
    paths = [tmp_path / name for name in ("model.keras", "tokens.npy", "predictions.npy")]
    model.save(paths[0])
    np.save(paths[1], tokens)
    subprocess.run([sys.executable, "-c", PLAIN_RELOAD, *map(str, paths)], check=True, cwd=tmp_path)
    np.testing.assert_allclose(np.load(paths[2]), model.predict(tokens, verbose=0), atol=1e-6)

"""The loop over updates in one graph, where XLA can compile a model and where it cannot."""

import logging
from typing import Any

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("needs the TensorFlow backend", allow_module_level=True)

import tensorflow as tf

from tasks.train.backend import release_memory
from tasks.train.kernels.step_loop import make_step_loop


class Spelled(keras.layers.Layer):
    """Reads numbers back from their digits, for which XLA has no code."""

    def call(self, inputs: Any) -> Any:
        read = tf.strings.to_number(tf.strings.as_string(inputs, precision=9))
        return inputs + tf.stop_gradient(tf.ensure_shape(read, inputs.shape) - inputs)


def build(*, with_strings: bool) -> keras.Model:
    keras.utils.set_random_seed(1)
    layers = [keras.layers.Embedding(9, 2), keras.layers.Flatten(), *([Spelled()] if with_strings else [])]
    model = keras.Sequential([keras.Input((4,), dtype="int32"), *layers, keras.layers.Dense(1, "sigmoid")])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="binary_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def run(model: keras.Model, *, with_xla: bool, times: int = 1) -> None:
    tokens = tf.constant(np.arange(24).reshape(3, 2, 4) % 9)
    labels = tf.constant([[0, 1], [1, 1], [0, 1]])
    run_steps = make_step_loop(model, with_xla=with_xla)
    for _ in range(times):
        run_steps(tokens, labels, tf.constant(0), tf.constant(3))


def list_warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The warnings of the loop; TensorFlow has some of its own."""
    return [it for it in caplog.records if it.name == make_step_loop.__module__ and it.levelno >= logging.WARNING]


@pytest.fixture(autouse=True)
def _release_memory() -> Any:
    yield
    release_memory()


def test_model_that_xla_cannot_compile_is_trained_without_it_and_a_warning_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model, plain = build(with_strings=True), build(with_strings=False)
    run(model, with_xla=True, times=2)
    run(plain, with_xla=False, times=2)
    assert int(model.optimizer.iterations) == 6
    for found, wanted in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    (record,) = list_warnings(caplog)
    assert record.message.startswith(f"XLA cannot compile {model.name}, so its epochs take longer: ")
    assert "AsString" in record.message


def test_model_that_xla_compiles_is_trained_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    model, plain = build(with_strings=False), build(with_strings=False)
    run(model, with_xla=True)
    run(plain, with_xla=False)
    for found, wanted in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert not list_warnings(caplog)


@pytest.mark.parametrize(
    ("error", "num_done"), [(tf.errors.ResourceExhaustedError, 0), (tf.errors.InternalError, 1)], ids=str
)
def test_other_failures_are_raised(error: Any, num_done: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No memory is left, or some updates have been made."""
    model = build(with_strings=False)

    def fail(*_: Any) -> None:
        model.optimizer.iterations.assign_add(num_done)
        raise error(None, None, "for this test")

    monkeypatch.setattr("tasks.train.kernels.step_loop.make_graph_of_steps", lambda *_, **__: fail)
    with pytest.raises(error):
        run(model, with_xla=True)

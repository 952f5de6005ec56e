"""A loop over updates inside one graph of TensorFlow, compiled by XLA where that is faster and possible."""

import logging
from collections.abc import Callable
from typing import Final

import keras
import tensorflow as tf

LOGGER: Final = logging.getLogger(__name__)
PLACES: Final = ("Graph execution error", "Detected at node", "<stack traces")

RunSteps = Callable[[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor], object]


def make_step_loop(model: keras.Model, *, with_xla: bool) -> RunSteps:
    """Return the updates of the batches [first, end) as a function of batches, labels, first and end.

    If XLA cannot compile them, for example because CUDA's libdevice is missing, TensorFlow's own operations make them,
    and a warning says so.
    """
    if not with_xla:
        return make_graph_of_steps(model, jit_compile=False)
    chosen = [make_graph_of_steps(model, jit_compile=True)]

    def run_steps(*given: tf.Tensor) -> None:
        before = int(model.optimizer.iterations)
        try:
            chosen[0](*given)
        except tf.errors.OpError as error:
            # XLA compiles before the first update, so no update is made twice.
            if isinstance(error, tf.errors.ResourceExhaustedError) or int(model.optimizer.iterations) != before:
                raise
            reason = find_reason(str(error.message))
            LOGGER.warning("XLA cannot compile %s, so its epochs take longer: %s", model.name, reason)
            chosen[0] = make_graph_of_steps(model, jit_compile=False)
            chosen[0](*given)

    return run_steps


def find_reason(message: str) -> str:
    """Find the line of TensorFlow's message that says what is wrong; others say where."""
    lines = [line for line in message.splitlines() if line.strip() and not line.startswith(PLACES)]
    return lines[0] if lines else message


def make_graph_of_steps(model: keras.Model, *, jit_compile: bool) -> RunSteps:
    """Return one graph for the updates of a range of batches, each compiled by XLA or not."""
    train_step = tf.function(model.train_step, jit_compile=jit_compile, autograph=False)

    def loop_over_steps(tokens: tf.Tensor, labels: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        def run_step(step: tf.Tensor) -> tuple[tf.Tensor]:
            with tf.control_dependencies(tf.nest.flatten(train_step((tokens[step], labels[step])))):
                return (step + 1,)

        return tf.while_loop(lambda step: step < end, run_step, (first,), parallel_iterations=1)

    graph: RunSteps = tf.function(loop_over_steps, autograph=False, reduce_retracing=True)
    return graph

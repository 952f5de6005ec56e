"""TensorFlow-only fast paths: a block LSTM and an epoch loop inside one graph.

A model stays what `keras` built: nothing here changes its configuration, its weights or how it is saved.
"""

import functools
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.ops import rnn_grad  # noqa: F401  registers BlockLSTM's gradient

Tokens = NDArray[np.integer[Any]]
Labels = NDArray[np.integer[Any]]
LoopResult = tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]
EpochRunner = Callable[[Tokens, Labels, Callable[[int], None]], dict[str, float]]

# Ctrl-C is seen between two calls into TensorFlow, so a call should stay well below a second.
SHORT_CALL_SECONDS = 0.25
LONG_CALL_SECONDS = 1.0
FIRST_CALL_STEPS = 8
MOST_CALL_STEPS = 512


def make_epoch_runner(model: keras.Model, *, batch_size: int) -> EpochRunner:
    """Return a function that trains a compiled model for one epoch, in the order of the rows it is given.

    `run_epoch(tokens, labels, on_progress)` takes integers of shape (reviews, length) and (reviews,), calls
    `on_progress` with the number of reviews done so far, and returns the epoch's mean loss and metrics. It makes the
    updates of `model.fit(tokens, labels, batch_size=batch_size, shuffle=False)`, the last incomplete batch included.
    The graph is traced in the first epoch and kept; compile the model before, not between, epochs.
    """
    train_step = tf.function(model.train_step, jit_compile=speed_up_layers(model), autograph=False)
    train_last_step = tf.function(model.train_step, jit_compile=False, autograph=False)

    def loop_over_steps(tokens: tf.Tensor, labels: tf.Tensor, first: tf.Tensor, end: tf.Tensor) -> tf.Tensor:
        def run_step(step: tf.Tensor) -> tuple[tf.Tensor]:
            with tf.control_dependencies(tf.nest.flatten(train_step((tokens[step], labels[step])))):
                return (step + 1,)

        return tf.while_loop(lambda step: step < end, run_step, (first,), parallel_iterations=1)

    run_steps = tf.function(loop_over_steps, autograph=False, reduce_retracing=True)

    def run_epoch(tokens: Tokens, labels: Labels, on_progress: Callable[[int], None]) -> dict[str, float]:
        model.reset_metrics()
        num_steps = len(tokens) // batch_size
        num_full = num_steps * batch_size
        batches = tf.constant(tokens[:num_full].reshape(num_steps, batch_size, tokens.shape[1]))
        batch_labels = tf.constant(labels[:num_full].reshape(num_steps, batch_size))
        for first, end in plan_calls(num_steps):
            run_steps(batches, batch_labels, tf.constant(first), tf.constant(end))
            on_progress(end * batch_size)
        if num_full < len(tokens):
            train_last_step((tf.constant(tokens[num_full:]), tf.constant(labels[num_full:])))
            on_progress(len(tokens))
        return {name: float(value) for name, value in model.get_metrics_result().items()}

    return run_epoch


def plan_calls(num_steps: int) -> Iterator[tuple[int, int]]:
    """Cut an epoch into calls [first, end) that take between a quarter and one second each.

    The caller works between two items; the next item's size follows from how long that took.
    """
    first, size = 0, FIRST_CALL_STEPS
    while first < num_steps:
        end = min(first + size, num_steps)
        started = time.perf_counter()
        yield first, end
        seconds = time.perf_counter() - started
        if seconds < SHORT_CALL_SECONDS:
            size = min(2 * size, MOST_CALL_STEPS)
        elif seconds > LONG_CALL_SECONDS:
            size = max(1, size // 2)
        first = end


def speed_up_layers(model: keras.Model) -> bool:
    """Let the model's LSTM layers use the block kernel, and tell whether XLA suits the rest of the model.

    XLA cannot compile the block kernel or cuDNN's; without them it is the faster choice for every other layer.
    """
    layers = list(iterate_layers(model))
    if tf.config.list_physical_devices("GPU"):
        return not any(isinstance(layer, keras.layers.LSTM | keras.layers.GRU) for layer in layers)
    block_layers = [layer for layer in layers if can_use_block(layer)]
    for layer in block_layers:
        layer.inner_loop = functools.partial(run_block_lstm, layer)
    return not block_layers


def iterate_layers(layer: keras.Layer) -> Iterator[keras.Layer]:
    """Yield a layer and every layer inside it: of models, and of Bidirectional wrappers."""
    yield layer
    inner = [getattr(layer, name) for name in ("forward_layer", "backward_layer") if hasattr(layer, name)]
    for child in [*inner, *getattr(layer, "layers", [])]:
        yield from iterate_layers(child)


def can_use_block(layer: keras.Layer) -> bool:
    """Tell whether a layer is a plain LSTM as the block kernel computes it: tanh, sigmoid, bias, no dropout."""
    return (
        type(layer) is keras.layers.LSTM
        and layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and layer.use_bias
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
        and layer.compute_dtype == "float32"
    )


def run_block_lstm(
    layer: keras.layers.LSTM, *, sequences: tf.Tensor, initial_state: Any, mask: Any, training: Any
) -> LoopResult:
    """Stand in for `keras.layers.LSTM.inner_loop`: one kernel for all steps instead of a loop of small ones.

    Takes (batch, length, features); returns the last output (batch, units), all outputs (batch, length, units) and
    the last [h, c]. Where a mask is given and all outputs are wanted, it goes the stock way.
    """
    if mask is None:
        return run_all_steps(layer, sequences, initial_state)
    if layer.return_sequences or layer.zero_output_for_mask:
        output, outputs, state = keras.layers.LSTM.inner_loop(layer, sequences, initial_state, mask, training)
        return output, outputs, list(state)
    return run_unmasked_steps(layer, sequences, initial_state, mask)


def run_all_steps(layer: keras.layers.LSTM, sequences: tf.Tensor, initial_state: Any) -> LoopResult:
    """Run the kernel where no step is masked."""
    steps = tf.transpose(tf.reverse(sequences, [1]) if layer.go_backwards else sequences, [1, 0, 2])
    hidden, carry = call_block_kernel(layer.cell, steps, *initial_state, num_steps=tf.shape(steps)[0])
    return hidden[-1], tf.transpose(hidden, [1, 0, 2]), [hidden[-1], carry[-1]]


def run_unmasked_steps(
    layer: keras.layers.LSTM, sequences: tf.Tensor, initial_state: Any, mask: tf.Tensor
) -> LoopResult:
    """Run the kernel with the masked steps moved behind the words, and take the state after the last word.

    What the kernel makes of the padding reaches neither a result nor a gradient, and no step beyond the longest row is
    computed. All padding: output 0, state kept.
    """
    positions = tf.range(tf.shape(mask)[1])
    rank = tf.where(mask, -positions if layer.go_backwards else positions, tf.size(positions))
    words_first = tf.gather(sequences, tf.argsort(rank, axis=1, stable=True), batch_dims=1)
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    steps = tf.transpose(words_first, [1, 0, 2])
    hidden, carry = call_block_kernel(layer.cell, steps, *initial_state, num_steps=tf.reduce_max(lengths))
    last = tf.stack([tf.maximum(lengths - 1, 0), tf.range(tf.size(lengths))], axis=1)
    has_words = tf.expand_dims(lengths > 0, axis=1)
    output = tf.where(has_words, tf.gather_nd(hidden, last), 0.0)
    state = [
        tf.where(has_words, tf.gather_nd(x, last), x0) for x, x0 in zip((hidden, carry), initial_state, strict=True)
    ]
    return output, tf.transpose(hidden, [1, 0, 2]), state


def call_block_kernel(
    cell: keras.layers.LSTMCell, steps: tf.Tensor, hidden: tf.Tensor, carry: tf.Tensor, *, num_steps: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run an LSTM cell over (length, batch, features); return h and c, each (length, batch, units).

    Of TensorFlow's two kernels only this one is right: BlockLSTMV2 has a wrong gradient. It clips c unless told not to.
    """
    no_peephole = tf.zeros([cell.units])
    outputs = tf.raw_ops.BlockLSTM(
        seq_len_max=tf.cast(num_steps, tf.int64),
        x=steps,
        cs_prev=carry,
        h_prev=hidden,
        w=order_gates(tf.concat([cell.kernel.value, cell.recurrent_kernel.value], axis=0)),
        b=order_gates(cell.bias.value),
        wci=no_peephole,
        wcf=no_peephole,
        wco=no_peephole,
        forget_bias=0.0,
        cell_clip=-1.0,
        use_peephole=False,
    )
    return outputs.h, outputs.cs


def order_gates(weights: tf.Tensor) -> tf.Tensor:
    """Reorder the last axis from Keras's gates i, f, c, o to the kernel's i, c, f, o."""
    in_gate, forget, candidate, out_gate = tf.split(weights, 4, axis=-1)
    return tf.concat([in_gate, candidate, forget, out_gate], axis=-1)

"""LSTM layers through TensorFlow's block kernel: one operation for all steps instead of a loop of small ones."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.ops import rnn_grad  # noqa: F401  registers BlockLSTM's gradient

LoopResult = tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]


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
    the last [h, c]. If a mask is given and all outputs are wanted, Keras's own loop runs.
    """
    if mask is None:
        return run_all_steps(layer, sequences, initial_state)
    if layer.return_sequences or layer.zero_output_for_mask:
        output, outputs, state = keras.layers.LSTM.inner_loop(layer, sequences, initial_state, mask, training)
        return output, outputs, list(state)
    return run_unmasked_steps(layer, sequences, initial_state, mask)


def run_all_steps(layer: keras.layers.LSTM, sequences: tf.Tensor, initial_state: Any) -> LoopResult:
    """Run the kernel when no step is masked."""
    steps = tf.transpose(tf.reverse(sequences, [1]) if layer.go_backwards else sequences, [1, 0, 2])
    hidden, carry = call_block_kernel(layer.cell, steps, *initial_state, num_steps=tf.shape(steps)[0])
    return hidden[-1], tf.transpose(hidden, [1, 0, 2]), [hidden[-1], carry[-1]]


def run_unmasked_steps(
    layer: keras.layers.LSTM, sequences: tf.Tensor, initial_state: Any, mask: tf.Tensor
) -> LoopResult:
    """Run the kernel with the masked steps moved behind the words, and take the state after the last word.

    What the kernel computes from padding reaches neither a result nor a gradient, and no step beyond the longest row is
    computed. A row that is all padding has output 0 and keeps its state.
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

    Of TensorFlow's two kernels, only this one is correct: BlockLSTMV2 has a wrong gradient. By default it clips c.
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

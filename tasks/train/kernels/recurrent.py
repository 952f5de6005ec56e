"""Recurrent layers through the package's C library: a block of sequences stays in the cache through all steps.

The operation and its gradient are registered with TensorFlow by the library itself (native/tensorflow_recurrent.c).
"""

import ctypes
import functools
from typing import Any, Final

import keras
import tensorflow as tf

from tasks.errors import UserError
from tasks.train.kernels.choice import find_library

LoopResult = tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]

# The numbers of the cells in native/recurrent.h.
CELLS: Final = {keras.layers.LSTM: 0, keras.layers.GRU: 1, keras.layers.SimpleRNN: 2}


@functools.cache
def load_library() -> Any:
    """Load the library once; returns its operations as functions.

    Raises UserError when TensorFlow does not accept them.
    """
    library = tf.load_op_library(str(find_library()))
    if not hasattr(library, "bakeoff_region"):
        raise UserError(
            f"TensorFlow {tf.__version__} does not accept the operations of the package's C library; expected one of "
            "the versions in pyproject.toml. Install one of these, or choose --kernels tensorflow."
        )
    return library


@functools.cache
def name_instructions() -> str:
    """Name the set of instructions that the library computes with: avx512, avx2, baseline; neon on ARM."""
    # First, or else TensorFlow would miss how the operations are registered.
    load_library()
    find_name = ctypes.CDLL(str(find_library())).recurrent_level_name
    find_name.restype = ctypes.c_char_p
    name: bytes = find_name()
    return name.decode()


def can_use_native(layer: keras.Layer) -> bool:
    """Tell whether a recurrent layer has Keras's default activations, a bias and no dropout, in float32."""
    if type(layer) not in CELLS or layer.activation is not keras.activations.tanh:
        return False
    has_plain_gates = (
        type(layer) is keras.layers.SimpleRNN or layer.recurrent_activation is keras.activations.sigmoid
    ) and getattr(layer, "reset_after", True)
    return (
        has_plain_gates
        and layer.use_bias
        and not (layer.dropout or layer.recurrent_dropout or layer.unroll)
        and layer.compute_dtype == "float32"
    )


def run_native(
    layer: keras.layers.RNN, *, sequences: tf.Tensor, initial_state: Any, mask: Any, training: Any
) -> LoopResult:
    """Stand in for the layer's `inner_loop`.

    Takes (batch, length, features) and a mask of (batch, length) or None; returns the last output (batch, units), all
    outputs (batch, length, units; length 0 if the layer does not return them) and the last states.
    """
    cell = layer.cell
    states = list(initial_state) if isinstance(initial_state, list | tuple) else [initial_state]
    result = load_library().bakeoff_recurrent(
        inputs=sequences,
        kernel=cell.kernel.value,
        recurrent=cell.recurrent_kernel.value,
        bias=tf.reshape(cell.bias.value, [-1]),
        hidden=states[0],
        carry=states[-1],
        mask=tf.zeros([0, 0], tf.bool) if mask is None else tf.cast(mask, tf.bool),
        cell=CELLS[type(layer)],
        go_backwards=layer.go_backwards,
        zero_masked=bool(layer.zero_output_for_mask),
        return_sequences=layer.return_sequences,
        save=training is not False,
    )
    batch, length, _ = sequences.shape
    result.output.set_shape([batch, layer.units])
    result.outputs.set_shape([batch, length if layer.return_sequences else 0, layer.units])
    last_states = [result.last_hidden, result.last_carry][: len(states)]
    for state in last_states:
        state.set_shape([batch, layer.units])
    return result.output, result.outputs, last_states


@tf.RegisterGradient("BakeoffRecurrent")  # type: ignore[untyped-decorator]
def differentiate(
    operation: Any, d_outputs: tf.Tensor, d_output: tf.Tensor, d_hidden: tf.Tensor, d_carry: tf.Tensor, _: tf.Tensor
) -> list[tf.Tensor | None]:
    """Return the gradients of the operation's inputs; None for the mask, and for the carry of a cell without one.

    If the forward pass saved nothing, because it was not in training, it is computed again.
    """
    inputs = list(operation.inputs)
    names = ("cell", "go_backwards", "zero_masked", "return_sequences")
    settings = {name: operation.get_attr(name) for name in names}
    saved = operation.outputs[4]
    if not operation.get_attr("save"):
        saved = load_library().bakeoff_recurrent(*inputs, **settings, save=True).saved
    gradients = load_library().bakeoff_recurrent_grad(
        *inputs, saved, d_outputs, d_output, d_hidden, d_carry, **settings, save=True
    )
    has_carry = settings["cell"] == CELLS[keras.layers.LSTM]
    return [*gradients[:5], gradients.d_carry if has_carry else None, None]

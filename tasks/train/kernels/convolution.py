"""Convolutions over the steps of sequences, with bias and ReLU, through the package's C library.

If the maximum over all positions follows a convolution, both are one operation: most of the outputs need not be kept,
and most of the gradient is zero.
"""

import functools
from collections.abc import Callable, Collection
from typing import Any, Final

import keras
import tensorflow as tf

from tasks.train.kernels.recurrent import load_library

# The number of filters is a multiple of this, CONV_FILTERS in native/conv.h.
FILTERS: Final = 16


def can_use_native_conv(layer: keras.Layer) -> bool:
    """Tell whether a layer is a plain Conv1D: stride 1, no padding, whole vectors of filters, float32."""
    return (
        type(layer) is keras.layers.Conv1D
        and (layer.strides, layer.dilation_rate, layer.groups) == ((1,), (1,), 1)
        and (layer.padding, layer.data_format) == ("valid", "channels_last")
        and layer.filters % FILTERS == 0
        and layer.compute_dtype == "float32"
    )


def is_followed_by_maximum(layer: keras.Layer, outputs: Collection[int]) -> bool:
    """Tell whether a layer has a monotonic activation and nothing but the maximum over all positions reads its output.

    `outputs` are the ids of the tensors that are outputs of a model.
    """
    activations = keras.activations
    rising = (activations.relu, activations.linear, activations.tanh, activations.sigmoid)
    followers = [node.operation for node in layer._outbound_nodes]  # noqa: SLF001  Keras has no other way to them
    return (
        layer.activation in rising
        and layer.activity_regularizer is None
        and len(followers) == len(layer._inbound_nodes) == 1  # noqa: SLF001
        and id(layer.output) not in outputs
        and type(followers[0]) is keras.layers.GlobalMaxPooling1D
        and followers[0].data_format == "channels_last"
    )


def choose_native_conv(layer: keras.layers.Conv1D, outputs: Collection[int]) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return what stands in for the `call` of a layer that `can_use_native_conv`."""
    if not is_followed_by_maximum(layer, outputs):
        return functools.partial(run_native_conv, layer)
    return functools.partial(run_native_conv_max, layer, differentiates_inputs=can_have_gradient(layer.input))


def can_have_gradient(tensor: Any) -> bool:
    """Tell whether what a layer reads can have a gradient: not if layers that are not trained make it from tokens."""
    operation, node_index, _ = tensor._keras_history  # noqa: SLF001  Keras has no other way to it
    if isinstance(operation, keras.layers.InputLayer):
        return bool(keras.backend.is_float_dtype(tensor.dtype))
    read = operation._inbound_nodes[node_index].input_tensors  # noqa: SLF001
    return bool(getattr(operation, "trainable_variables", ())) or any(can_have_gradient(given) for given in read)


def run_native_conv(layer: keras.layers.Conv1D, inputs: tf.Tensor) -> tf.Tensor:
    """Stand in for the layer's `call`: (batch, length, features) -> (batch, length - width + 1, filters)."""
    is_rectified = layer.activation is keras.activations.relu
    outputs = load_library().bakeoff_conv(
        inputs=inputs,
        kernel=tf.convert_to_tensor(layer.kernel),
        bias=layer.bias.value if layer.use_bias else tf.zeros([layer.filters]),
        is_rectified=is_rectified,
    )
    batch, length, _ = inputs.shape
    outputs.set_shape([batch, length and length - layer.kernel_size[0] + 1, layer.filters])
    return outputs if is_rectified or layer.activation is None else layer.activation(outputs)


def run_native_conv_max(
    layer: keras.layers.Conv1D, inputs: tf.Tensor, *, differentiates_inputs: bool = True
) -> tf.Tensor:
    """Stand in for the layer's `call` and the maximum that follows: (batch, length, features) -> (batch, 1, filters).

    Bias and activation are applied afterwards; they are monotonic, so the maximum may come first. The inputs get no
    gradient unless `differentiates_inputs`.
    """
    weights = tf.convert_to_tensor(layer.kernel)
    outputs, _ = load_library().bakeoff_conv_max(
        inputs=inputs, kernel=weights, differentiates_inputs=differentiates_inputs
    )
    outputs.set_shape([inputs.shape[0], 1, weights.shape[2]])
    return finish_maxima(layer, outputs)


def finish_maxima(layer: keras.layers.Conv1D, maxima: tf.Tensor) -> tf.Tensor:
    """Apply the layer's bias and activation to the maxima of its filters: (batch, 1, filters) -> the same."""
    return layer.activation(maxima + layer.bias if layer.use_bias else maxima)


@tf.RegisterGradient("BakeoffConv")  # type: ignore[untyped-decorator]
def differentiate_conv(operation: Any, d_outputs: tf.Tensor) -> list[tf.Tensor]:
    """Return the gradients of the inputs, the kernel and the bias."""
    is_rectified = operation.get_attr("is_rectified")
    return list(
        load_library().bakeoff_conv_grad(*operation.inputs, operation.outputs[0], d_outputs, is_rectified=is_rectified)
    )


@tf.RegisterGradient("BakeoffConvMax")  # type: ignore[untyped-decorator]
def differentiate_conv_max(operation: Any, d_outputs: tf.Tensor, _d_places: Any) -> list[tf.Tensor | None]:
    """Return the gradients of the inputs and the kernel; equal windows share that of their maximum."""
    wanted = operation.get_attr("differentiates_inputs")
    d_inputs, d_kernel = load_library().bakeoff_conv_max_grad(
        *operation.inputs, operation.outputs[1], d_outputs, differentiates_inputs=wanted
    )
    return [d_inputs if wanted else None, d_kernel]

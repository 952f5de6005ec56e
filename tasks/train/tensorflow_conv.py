"""Convolutions over the steps of sequences through the package's C library."""

from typing import Any, Final

import keras
import tensorflow as tf

from tasks.train.tensorflow_native import load_library

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


def run_native_conv(inputs: tf.Tensor, kernel: Any) -> tf.Tensor:
    """Stand in for the layer's `convolution_op`: (batch, length, features) -> (batch, length - width + 1, filters)."""
    weights = tf.convert_to_tensor(kernel)
    outputs = load_library().bakeoff_conv(inputs=inputs, kernel=weights)
    batch, length, _ = inputs.shape
    outputs.set_shape([batch, length and length - weights.shape[0] + 1, weights.shape[2]])
    return outputs


@tf.RegisterGradient("BakeoffConv")  # type: ignore[untyped-decorator]
def differentiate_conv(operation: Any, d_outputs: tf.Tensor) -> list[tf.Tensor]:
    """Return the gradients of the inputs and the kernel."""
    return list(load_library().bakeoff_conv_grad(*operation.inputs, d_outputs))

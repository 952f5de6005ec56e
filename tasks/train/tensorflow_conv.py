"""Convolutions over the steps of sequences, with bias and ReLU, through the package's C library."""

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


@tf.RegisterGradient("BakeoffConv")  # type: ignore[untyped-decorator]
def differentiate_conv(operation: Any, d_outputs: tf.Tensor) -> list[tf.Tensor]:
    """Return the gradients of the inputs, the kernel and the bias."""
    is_rectified = operation.get_attr("is_rectified")
    return list(
        load_library().bakeoff_conv_grad(*operation.inputs, operation.outputs[0], d_outputs, is_rectified=is_rectified)
    )

"""Dense layers in which a row's result does not depend on the other rows, through the package's C library.

TensorFlow's matrix product adds up a row's terms in an order that depends on the number of rows and on the row's place
among them. Its sigmoid uses one formula for whole vectors of values and another for the remainder. The library adds up
every row in the same order, and outputs that are padded to whole vectors leave no remainder.
"""

from typing import Any, Final

import keras
import tensorflow as tf

from tasks.train.kernels.convolution import FILTERS
from tasks.train.kernels.recurrent import load_library

activations = keras.activations
ACTIVATIONS: Final = (
    activations.linear,
    activations.relu,
    activations.sigmoid,
    activations.softmax,
    activations.tanh,
)


def can_use_native_dense(layer: keras.Layer) -> bool:
    """Tell whether a layer is a Dense in float32, neither quantized nor adapted, with one of the activations above."""
    return (
        type(layer) is keras.layers.Dense
        and layer.activation in ACTIVATIONS
        and layer.compute_dtype == "float32"
        and not (layer.quantization_mode or layer.lora_enabled)
    )


def run_native_dense(layer: keras.layers.Dense, inputs: tf.Tensor, training: Any = None) -> tf.Tensor:
    """Stand in for the layer's `call`: (batch, ..., features) -> (batch, ..., units).

    The rows are the positions of a sequence, read by a convolution that is one position wide. Units are added until
    they fill whole vectors; the added ones have a bias of minus infinity, so that softmax gives them 0.
    """
    del training
    features, units = layer.kernel.shape
    padding = -units % FILTERS
    bias = layer.bias.value if layer.use_bias else tf.zeros([units])
    outputs = load_library().bakeoff_conv(
        inputs=tf.reshape(inputs, [tf.shape(inputs)[0], -1, features]),
        kernel=tf.pad(tf.convert_to_tensor(layer.kernel), [[0, 0], [0, padding]])[None],
        bias=tf.pad(bias, [[0, padding]], constant_values=float("-inf")),
        is_rectified=layer.activation is activations.relu,
    )
    outputs.set_shape([inputs.shape[0], None, units + padding])
    if layer.activation is activations.softmax:
        outputs = normalise_exponentials(outputs)
    elif layer.activation is not activations.relu:
        outputs = layer.activation(outputs)
    outputs = tf.reshape(outputs[..., :units], tf.concat([tf.shape(inputs)[:-1], [units]], axis=0))
    outputs.set_shape([*inputs.shape[:-1], units])
    return outputs


def normalise_exponentials(logits: tf.Tensor) -> tf.Tensor:
    """Compute a softmax with true divisions: TensorFlow's multiplies by reciprocals, which round differently by row."""
    exponentials = tf.exp(logits - tf.reduce_max(logits, axis=-1, keepdims=True))
    return exponentials / tf.reduce_sum(exponentials, axis=-1, keepdims=True)

"""The maxima of filters on one-hot words through the package's C library, in predictions.

They are found from the tokens, row by row of the table, so that no word becomes a vector of thousands of numbers.
"""

import functools
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from tasks.train.kernels.recurrent import load_library
from tasks.train.layers import RegionMaximum, ResponseNormalization

# The number of filters of each width is a multiple of this, REGION_FILTERS in native/region.h.
FILTERS: Final = 16


def can_use_native_region(layer: keras.Layer) -> bool:
    """Tell whether a layer is a RegionMaximum in float32 that alone reads an Embedding which masks padding."""
    if type(layer) is not RegionMaximum or layer.compute_dtype != "float32" or any(n % FILTERS for n in layer.filters):
        return False
    return is_alone_with_its_table(layer)


def is_alone_with_its_table(layer: keras.Layer) -> bool:
    """Tell whether a layer reads an Embedding that masks padding, once, and nothing else reads that."""
    if len(layer._inbound_nodes) != 1:  # noqa: SLF001  Keras has no other way to them
        return False
    table = find_table(layer)
    return (
        type(table) is keras.layers.Embedding
        and table.mask_zero
        and table.compute_dtype == "float32"
        and table.quantization_mode in (None, "int8")
        and not table.lora_enabled
        and len(table._outbound_nodes) == len(table._inbound_nodes) == 1  # noqa: SLF001
    )


def find_table(layer: keras.Layer) -> Any:
    """Find the layer that a layer reads."""
    (node,) = layer._inbound_nodes  # noqa: SLF001  Keras has no other way to it
    return node.input_tensors[0]._keras_history.operation  # noqa: SLF001


def read_tokens(layer: Any) -> None:
    """Let a RegionMaximum read the tokens themselves, and the Embedding before it hand them on."""
    embedding = find_table(layer)
    table, parts = get_table(embedding), np.array([layer.widths, layer.filters], np.int32).T
    embedding.call = embedding.quantized_call = hand_on
    layer.call = functools.partial(run_native_region, layer, table, parts)


def get_table(embedding: keras.layers.Embedding) -> Any:
    """Return the word vectors; those of a quantized layer are turned into numbers once and for all."""
    if embedding.quantization_mode is None:
        return embedding.embeddings
    values = np.asarray(embedding.embeddings, np.float32)
    return tf.constant(values / np.asarray(embedding.embeddings_scale)[:, None])


def hand_on(tokens: tf.Tensor) -> tf.Tensor:
    """Stand in for the call of an Embedding whose vectors nobody reads: the mask is made from the same tokens."""
    return tokens


def run_native_region(
    layer: RegionMaximum, table: Any, parts: tf.Tensor, tokens: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """Stand in for the layer's `call`: (batch, length) -> (batch, filters); the library knows that 0 is padding."""
    del mask
    outputs = load_library().bakeoff_region(
        tokens=tf.cast(tokens, tf.int32), table=tf.convert_to_tensor(table), bias=layer.bias.value, parts=parts
    )
    outputs.set_shape([tokens.shape[0], sum(layer.filters)])
    return outputs


def can_use_native_normalization(layer: keras.Layer) -> bool:
    """Tell whether a layer is a ResponseNormalization in float32."""
    return type(layer) is ResponseNormalization and layer.compute_dtype == "float32"


def run_native_normalization(inputs: tf.Tensor) -> tf.Tensor:
    """Stand in for the layer's `call`: (batch, features) -> the same; each row is computed independently of the others.

    The sums of squares are a dense layer of ones, as many as fill a vector: see `dense.py`.
    """
    ones = tf.ones([1, inputs.shape[1], FILTERS])
    squares = load_library().bakeoff_conv(
        inputs=tf.square(inputs)[:, None], kernel=ones, bias=tf.ones([FILTERS]), is_rectified=False
    )
    outputs = inputs / tf.sqrt(squares)[:, 0, :1]
    outputs.set_shape(inputs.shape)
    return outputs

"""Units that read the words around each position through the package's C library, from the tokens.

The rows of the table are added up in registers, and nothing is computed for padding. The operations have no gradient of
the table: in a training, they are used only if it stays as it is.

If the maxima of a convolution alone are read of the units, both are one operation, which makes the units of one text at
a time and keeps them in the cache. Its gradient makes them again, which takes less time than writing them down.
"""

import functools
from collections.abc import Collection
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from tasks.train.kernels.convolution import finish_maxima, is_followed_by_maximum
from tasks.train.kernels.recurrent import load_library
from tasks.train.kernels.region import find_table, get_table, hand_on, is_alone_with_its_table
from tasks.train.layers import RegionUnits

# The number of units of each size is a multiple of this, UNITS_MULTIPLE in native/region_units.h.
UNITS: Final = 16

tf.no_gradient("BakeoffRegionUnits")


def can_use_native_units(layer: keras.Layer) -> bool:
    """Tell whether a layer is a RegionUnits in float32 that alone reads an Embedding which masks padding."""
    return (
        type(layer) is RegionUnits
        and layer.compute_dtype == "float32"
        and not any(units % UNITS for units in layer.units)
        and is_alone_with_its_table(layer)
    )


def is_frozen(layer: RegionUnits) -> bool:
    """Tell whether neither the layer nor the table that it reads is trained."""
    return not (layer.trainable_variables or find_table(layer).trainable_variables)


def make_units_of_tokens(layer: Any) -> None:
    """Let a RegionUnits read the tokens themselves, and the Embedding before it hand them on."""
    embedding = find_table(layer)
    table, parts = get_table(embedding), np.array([layer.sizes, layer.units], np.int32).T
    embedding.call = embedding.quantized_call = hand_on
    layer.call = functools.partial(run_native_units, layer, table, parts)


def can_read_tokens(layer: keras.layers.Conv1D, outputs: Collection[int]) -> bool:
    """Tell whether a convolution in C alone reads units that are made of tokens, and only its maxima are read.

    `outputs` are the ids of the tensors that are outputs of a model.
    """
    if not is_followed_by_maximum(layer, outputs):
        return False
    units = find_table(layer)
    return (
        getattr(vars(units).get("call"), "func", None) is run_native_units
        and len(units._outbound_nodes) == 1  # noqa: SLF001  Keras has no other way to them
        and id(units.output) not in outputs
    )


def read_tokens_as_units(layer: Any) -> None:
    """Let a convolution read the tokens themselves, and the RegionUnits before it hand them on."""
    units = find_table(layer)
    layer.call = functools.partial(run_native_maxima, layer, *units.call.args)
    # Keras would refuse tokens, because they have no features.
    layer.input_spec = None
    units.call = hand_on_without_mask


def hand_on_without_mask(tokens: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Stand in for the call of a RegionUnits whose units nobody reads."""
    del mask
    # Keras keeps the mask with the tensor itself.
    return tf.identity(tokens)


def run_native_maxima(
    layer: keras.layers.Conv1D, units: RegionUnits, table: Any, parts: tf.Tensor, tokens: tf.Tensor
) -> tf.Tensor:
    """Stand in for the layer's `call` and the maximum that follows: (batch, length) -> (batch, 1, filters)."""
    weights = tf.convert_to_tensor(layer.kernel)
    maxima, _ = load_library().bakeoff_region_conv_max(
        tokens=tf.cast(tokens, tf.int32),
        table=tf.convert_to_tensor(table),
        bias=units.bias.value,
        parts=parts,
        kernel=weights,
    )
    maxima.set_shape([tokens.shape[0], 1, weights.shape[2]])
    return finish_maxima(layer, maxima)


@tf.RegisterGradient("BakeoffRegionConvMax")  # type: ignore[untyped-decorator]
def differentiate_maxima(operation: Any, d_outputs: tf.Tensor, _d_places: Any) -> list[tf.Tensor | None]:
    """Return the gradient of the kernel; there is none of the table."""
    d_kernel = load_library().bakeoff_region_conv_max_grad(*operation.inputs, operation.outputs[1], d_outputs)
    return [None, None, None, None, d_kernel]


def run_native_units(layer: RegionUnits, table: Any, parts: tf.Tensor, tokens: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Stand in for the layer's `call`: (batch, length) -> (batch, length, units); the library takes 0 for padding."""
    del mask
    values = load_library().bakeoff_region_units(
        tokens=tf.cast(tokens, tf.int32), table=tf.convert_to_tensor(table), bias=layer.bias.value, parts=parts
    )
    values.set_shape([*tokens.shape, sum(layer.units)])
    return values

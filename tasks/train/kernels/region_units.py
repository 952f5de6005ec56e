"""Units that read the words around each position through the package's C library, from the tokens.

The rows of the table are added up in registers, and nothing is computed for padding. The operation has no gradient: in
a training, it is used only if the table stays as it is.
"""

import functools
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

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


def run_native_units(layer: RegionUnits, table: Any, parts: tf.Tensor, tokens: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Stand in for the layer's `call`: (batch, length) -> (batch, length, units); the library takes 0 for padding."""
    del mask
    values = load_library().bakeoff_region_units(
        tokens=tf.cast(tokens, tf.int32), table=tf.convert_to_tensor(table), bias=layer.bias.value, parts=parts
    )
    values.set_shape([*tokens.shape, sum(layer.units)])
    return values

"""Networks in the formats of other runtimes, by Keras's own exporters."""

from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from tasks.encode.padding import OOV_ID, PAD_ID
from tasks.evaluate.onnx_network import INPUT, OUTPUT
from tasks.export.quiet import quiet_export
from tasks.train import encoder_layers  # noqa: F401  so that Keras finds them by their names
from tasks.train.layers import RegionMaximum
from tasks.train.own import list_variants


def load_network(path: Path, *, num_texts: int | None = None) -> keras.Model:
    """Load a network for export: tokens (num_texts, length) -> uncalibrated probabilities (num_texts, num_classes).

    A text without tokens counts as one unknown word, as with `mark_wordless`, so that no caller has to see to it.
    Any number of texts can be predicted at once if `num_texts` is None.
    """
    # So that Keras finds the layers of installed packages.
    list_variants()
    network = keras.models.load_model(path, compile=False, safe_mode=True)
    for layer in network.layers:
        if isinstance(layer, RegionMaximum):
            layer.__dict__["call"] = partial(take_maxima, layer)
    tokens = keras.Input(batch_shape=(num_texts, *network.input_shape[1:]), dtype="int32", name=INPUT)
    outputs = network(mark_wordless(tokens))
    if outputs.shape[1] == 1:
        outputs = ops.concatenate([1.0 - outputs, outputs], axis=1)
    model = keras.Model(tokens, outputs, name=network.name)
    # Keras exports only a model that has been called.
    model(np.full((1, tokens.shape[1]), OOV_ID, np.int32))
    return model


def mark_wordless(tokens: Any) -> Any:
    """Make the first token of a text without any an unknown word: [[0, 0], [0, 7]] -> [[1, 0], [0, 7]]."""
    is_first = np.arange(tokens.shape[1], dtype=np.int32)[None] == 0
    is_wordless = ops.equal(ops.max(tokens, axis=1, keepdims=True), PAD_ID)
    return ops.maximum(tokens, ops.cast(is_wordless, "int32") * (OOV_ID * is_first.astype(np.int32)))


def take_maxima(layer: RegionMaximum, words: Any, mask: Any = None) -> Any:
    """Compute what RegionMaximum does, with operations that every format has; no gradient is wanted here."""
    keep = 1.0 if mask is None else ops.expand_dims(ops.cast(mask, words.dtype), -1)
    sums, first = [], 0
    for width, filters in zip(layer.widths, layer.filters, strict=True):
        places = ((place, first + place * filters) for place in range(width))
        sums.append(sum(layer.shift(words * keep, place, start, filters) for place, start in places))
        first += width * filters
    values = ops.relu(ops.concatenate(sums, axis=-1) + layer.bias)
    return ops.max(values * keep, axis=1)


def write_onnx(network: keras.Model, path: Path) -> None:
    """Write a network as ONNX; the names of input and output are INPUT and OUTPUT, and the number of texts is free."""
    import onnx

    with quiet_export():
        network.export(path, format="onnx", verbose=False)
    model = onnx.load(path)
    (output,) = model.graph.output
    rename(model.graph, output.name, OUTPUT)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "num_texts"
    onnx.save(model, path)


def rename(graph: Any, old: str, new: str) -> None:
    """Rename a value of a graph wherever it occurs."""
    for value in graph.output:
        value.name = new if value.name == old else value.name
    for node in graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
        node.output[:] = [new if name == old else name for name in node.output]


def write_saved_model(network: keras.Model, folder: Path) -> None:
    """Write a network as a SavedModel of TensorFlow, whose endpoint is `serve`."""
    with quiet_export():
        network.export(folder, format="tf_saved_model", verbose=False)

"""What only TensorFlow can do: write models for LiteRT, and load what was exported in its formats."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tasks.evaluate.onnx_network import INPUT
from tasks.export.quiet import quiet_export


def write_litert(network: keras.Model, path: Path) -> None:
    """Write a network for LiteRT, with nothing but LiteRT's own operators; the name must end in .tflite.

    The network must predict one text at a time: for any number, its recurrent layers would need TensorFlow's operators.
    """
    num_texts, length = network.input_shape
    with quiet_export():
        network.export(
            path,
            format="litert",
            verbose=False,
            input_signature=[tf.TensorSpec((num_texts, length), tf.int32, name=INPUT)],
            target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
            _experimental_lower_tensor_list_ops=True,
        )


def load_saved_model(folder: Path) -> Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]:
    """Load a SavedModel."""
    loaded = tf.saved_model.load(str(folder))
    return lambda tokens: np.asarray(loaded.serve(tf.constant(tokens[INPUT])))


def load_litert(path: Path) -> Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]:
    """Load a LiteRT model, which predicts one text at a time."""
    # TensorFlow's own interpreter is to be replaced by a package of its own, which would only be needed here.
    with quiet_export():
        interpreter = tf.lite.Interpreter(model_path=str(path))
    (given,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()

    interpreter.allocate_tensors()

    def run_one(row: NDArray[Any]) -> NDArray[Any]:
        interpreter.set_tensor(given["index"], row[None])
        interpreter.invoke()
        return np.array(interpreter.get_tensor(output["index"])[0])

    return lambda tokens: np.stack([run_one(row) for row in tokens[INPUT]])


LOADERS: Final = {"saved-model": load_saved_model, "litert": load_litert}

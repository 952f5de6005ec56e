"""TensorFlow-only fast paths: faster kernels for some layers and an epoch loop inside one graph.

A model stays what `keras` built: nothing here changes its configuration, its weights or how it is saved.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tasks.train.kernels.adam import can_use_native_adam, speed_up_adam
from tasks.train.kernels.block_lstm import can_use_block, run_block_lstm
from tasks.train.kernels.call_plan import plan_calls
from tasks.train.kernels.choice import Kernels, choose_kernels
from tasks.train.kernels.convolution import (
    can_use_native_conv,
    choose_native_conv,
    run_native_conv,
    run_native_conv_max,
)
from tasks.train.kernels.dense import can_use_native_dense, run_native_dense
from tasks.train.kernels.recurrent import can_use_native, run_native
from tasks.train.kernels.region import (
    can_use_native_normalization,
    can_use_native_region,
    hand_on,
    read_tokens,
    run_native_normalization,
    run_native_region,
)
from tasks.train.kernels.region_network import can_train_natively, make_region_runner
from tasks.train.kernels.region_units import (
    can_read_tokens,
    can_use_native_units,
    hand_on_without_mask,
    is_frozen,
    make_units_of_tokens,
    read_tokens_as_units,
    run_native_maxima,
    run_native_units,
)
from tasks.train.kernels.step_loop import make_step_loop
from tasks.train.rows import Rows, cut_pieces

Tokens = NDArray[np.integer[Any]]
Labels = NDArray[Any]
EpochRunner = Callable[[Tokens | Rows, Labels | Rows, Callable[[int], None]], dict[str, float]]


def make_epoch_runner(model: keras.Model, *, batch_size: int, kernels: Kernels = "auto") -> EpochRunner:
    """Return a function that trains a compiled model for one epoch, in the order of the rows it is given.

    `run_epoch(tokens, labels, on_progress)` takes integers of shape (reviews, length) and (reviews,), arrays or Rows,
    or, in place of labels, the probabilities that the model was compiled for (see `build_model`). It calls
    `on_progress` with the number of reviews done so far, and returns the epoch's mean loss and metrics. It makes the
    updates of `model.fit(tokens, labels, batch_size=batch_size, shuffle=False)`, also for the last, partial batch. The
    graph is traced in the first epoch and kept; compile the model before, not between, epochs.
    """
    if may_use_library(kernels) and can_train_natively(model):
        return make_region_runner(model, batch_size=batch_size)
    speed_up_layers(model, kernels=kernels)
    speed_up_optimizer(model, kernels=kernels)
    run_steps = make_step_loop(model, with_xla=is_xla_faster(model))
    train_last_step = tf.function(model.train_step, jit_compile=False, autograph=False)

    def run_epoch(tokens: Tokens | Rows, labels: Labels | Rows, on_progress: Callable[[int], None]) -> dict[str, float]:
        model.reset_metrics()
        for piece in cut_pieces(tokens, batch_size=batch_size):
            run_piece(tokens[piece], labels[piece], num_before=piece.start, on_progress=on_progress)
        return {name: float(value) for name, value in model.get_metrics_result().items()}

    def run_piece(tokens: Tokens, labels: Labels, *, num_before: int, on_progress: Callable[[int], None]) -> None:
        num_steps = len(tokens) // batch_size
        num_full = num_steps * batch_size
        batches = tf.constant(tokens[:num_full].reshape(num_steps, batch_size, tokens.shape[1]))
        batch_labels = tf.constant(labels[:num_full].reshape(num_steps, batch_size, *labels.shape[1:]))
        for first, end in plan_calls(num_steps):
            run_steps(batches, batch_labels, tf.constant(first), tf.constant(end))
            on_progress(num_before + end * batch_size)
        if num_full < len(tokens):
            train_last_step((tf.constant(tokens[num_full:]), tf.constant(labels[num_full:])))
            on_progress(num_before + len(tokens))

    return run_epoch


def speed_up_layers(model: keras.Model, *, kernels: Kernels = "auto") -> None:
    """Let the model's layers use the fastest of the chosen kernels that compute exactly what each layer asks for."""
    chosen = choose_kernels(kernels, backend="tensorflow")
    if chosen == "plain" or has_gpu():
        return
    outputs = {id(tensor) for part in iterate_layers(model) for tensor in getattr(part, "outputs", ())}
    for layer in iterate_layers(model):
        if chosen == "native" and can_use_native(layer):
            layer.inner_loop = functools.partial(run_native, layer)
        elif chosen == "native" and can_use_native_conv(layer) and can_read_tokens(layer, outputs):
            read_tokens_as_units(layer)
        elif chosen == "native" and can_use_native_conv(layer):
            layer.call = choose_native_conv(layer, outputs)
        elif chosen == "native" and can_use_native_units(layer) and is_frozen(layer):
            make_units_of_tokens(layer)
        elif can_use_block(layer):
            layer.inner_loop = functools.partial(run_block_lstm, layer)


def separate_rows(model: keras.Model, *, kernels: Kernels = "auto") -> None:
    """Use the kernels that only predict, if the C library may be used: they have no gradient.

    Each row of a Dense or ResponseNormalization layer is computed independently of the other rows; filters on one-hot
    words and units of regions read the tokens.
    """
    if not may_use_library(kernels):
        return
    for layer in iterate_layers(model):
        if can_use_native_dense(layer):
            layer.call = functools.partial(run_native_dense, layer)
        elif can_use_native_region(layer):
            read_tokens(layer)
        elif can_use_native_units(layer) and "call" not in vars(layer):
            make_units_of_tokens(layer)
        elif can_use_native_normalization(layer):
            layer.call = run_native_normalization


def speed_up_optimizer(model: keras.Model, *, kernels: Kernels = "auto") -> None:
    """Let a compiled model's Adam make its updates with the C library, if that may be used."""
    if may_use_library(kernels) and can_use_native_adam(model):
        speed_up_adam(model.optimizer)


def may_use_library(kernels: Kernels) -> bool:
    """Tell whether the C library may compute: it is chosen, and there is no GPU."""
    return choose_kernels(kernels, backend="tensorflow") == "native" and not has_gpu()


def has_gpu() -> bool:
    """Tell whether TensorFlow computes on a GPU, which the kernels for a CPU would only slow down."""
    return bool(tf.config.list_physical_devices("GPU"))


def name_kernels(model: keras.Model) -> list[str]:
    """Name the kernels that replace those of Keras: native, block, both or none."""
    names = {
        run_native: "native",
        run_native_conv: "native",
        run_native_conv_max: "native",
        run_native_dense: "native",
        run_native_region: "native",
        run_native_units: "native",
        run_native_maxima: "native",
        hand_on_without_mask: "native",
        hand_on: "native",
        run_native_normalization: "native",
        run_block_lstm: "block",
    }
    found = [vars(layer).get(name) for layer in iterate_layers(model) for name in ("inner_loop", "call")]
    return sorted({names[getattr(kernel, "func", kernel)] for kernel in found if kernel is not None})


def is_xla_faster(model: keras.Model) -> bool:
    """Tell whether XLA suits a whole training step; it can compile neither kernels that replace Keras's nor cuDNN's."""
    recurrent = keras.layers.LSTM | keras.layers.GRU
    if has_gpu():
        return not any(isinstance(layer, recurrent) for layer in iterate_layers(model))
    return not name_kernels(model) and "apply_gradients" not in vars(model.optimizer)


def iterate_layers(layer: keras.Layer) -> Iterator[keras.Layer]:
    """Yield a layer and every layer inside it: of models, and of Bidirectional wrappers."""
    yield layer
    inner = [getattr(layer, name) for name in ("forward_layer", "backward_layer") if hasattr(layer, name)]
    for child in [*inner, *getattr(layer, "layers", [])]:
        yield from iterate_layers(child)

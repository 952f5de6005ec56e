"""Adam through the package's C library: one pass over a variable instead of twelve, also for single rows of a table."""

import functools
from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from tasks.train.kernels.recurrent import load_library


def can_use_native_adam(model: keras.Model) -> bool:
    """Tell whether a model is trained by plain Adam in float32: nothing is averaged, decayed, scaled or accumulated."""
    optimizer = model.optimizer
    extras = ("weight_decay", "use_ema", "loss_scale_factor")
    return (
        type(optimizer) is keras.optimizers.Adam
        and not optimizer.amsgrad
        and not any(getattr(optimizer, name, None) for name in (*extras, "gradient_accumulation_steps"))
        and all(weight.dtype == "float32" and weight.constraint is None for weight in model.trainable_weights)
    )


def speed_up_adam(optimizer: keras.optimizers.Adam) -> None:
    """Let an optimizer make its updates with the C library; it keeps its own variables."""
    optimizer.apply_gradients = functools.partial(apply_gradients, optimizer)


def apply_gradients(optimizer: keras.optimizers.Adam, pairs: Iterable[tuple[Any, keras.Variable]]) -> tf.Tensor:
    """Stand in for `Adam.apply_gradients`: update each variable by its gradient, a tensor or slices of one."""
    gradients, variables = zip(*pairs, strict=True)
    if any(gradient is None for gradient in gradients):
        return keras.optimizers.Adam.apply_gradients(optimizer, zip(gradients, variables, strict=True))
    if not optimizer.built:
        optimizer.build(variables)
    gradients = optimizer._clip_gradients(gradients)  # noqa: SLF001  as Keras does it, whichever clipping is set
    step = tf.cast(optimizer.iterations.value + 1, tf.float32)
    correction = tf.sqrt(1 - optimizer.beta_2**step) / (1 - optimizer.beta_1**step)
    rate = tf.cast(optimizer.learning_rate, tf.float32) * correction
    for gradient, variable in zip(gradients, variables, strict=True):
        update_variable(optimizer, gradient, variable, rate)
    optimizer.iterations.assign_add(1)
    return optimizer.iterations


def update_variable(optimizer: keras.optimizers.Adam, gradient: Any, variable: keras.Variable, rate: tf.Tensor) -> None:
    """Assign a variable's next value and those of its two moments."""
    index = optimizer._get_variable_index(variable)  # noqa: SLF001  Keras has no other way to a variable's moments
    targets = (variable, optimizer._momentums[index], optimizer._velocities[index])  # noqa: SLF001
    is_sparse = isinstance(gradient, tf.IndexedSlices)
    values = load_library().bakeoff_adam(
        *(target.value for target in targets),
        rate=rate,
        gradient=gradient.values if is_sparse else gradient,
        indices=tf.cast(tf.reshape(gradient.indices, [-1]), tf.int32) if is_sparse else tf.zeros([0], tf.int32),
        momentum_step=1 - optimizer.beta_1,
        velocity_step=1 - optimizer.beta_2,
        epsilon=optimizer.epsilon,
        is_sparse=is_sparse,
    )
    for target, value in zip(targets, values, strict=True):
        value.set_shape(target.shape)
        target.assign(value)

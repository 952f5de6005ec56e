"""A JAX-only fast path: many updates in one compiled loop, instead of one call from Python for each.

A model stays what `keras` built: nothing here changes its configuration, its weights or how it is saved.
Source of the stateless calls: https://keras.io/guides/writing_a_custom_training_loop_in_jax
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np
from numpy.typing import NDArray

from tasks.train.kernels.call_plan import plan_calls
from tasks.train.rows import Rows, as_inputs, cut_pieces

Tokens = NDArray[np.integer[Any]]
Labels = NDArray[Any]
EpochRunner = Callable[[Tokens | Rows, Labels | Rows, Callable[[int], None]], dict[str, float]]


DECISION: Final = 0.5


class State(NamedTuple):
    """All that an update changes: the values of the variables, and the totals of the epoch so far."""

    trainable: list[jax.Array]
    non_trainable: list[jax.Array]
    optimizer: list[jax.Array]
    total_loss: jax.Array
    num_correct: jax.Array


RunSteps = Callable[[State, jax.Array, jax.Array, int, int], State]


def make_epoch_runner(model: keras.Model, *, batch_size: int) -> EpochRunner:
    """Return a function that trains a compiled model for one epoch, in the order of the rows it is given.

    `run_epoch(tokens, labels, on_progress)` takes integers of shape (reviews, length) and (reviews,), arrays or Rows,
    or, in place of labels, the probabilities that the model was compiled for (see `build_model`). It calls
    `on_progress` with the number of reviews done so far, and returns the epoch's mean loss and accuracy. It makes the
    updates of `model.fit(tokens, labels, batch_size=batch_size, shuffle=False)`, also for the last, partial batch.
    """
    run_steps = jax.jit(make_step_loop(model), donate_argnums=0)

    def run_epoch(tokens: Tokens | Rows, labels: Labels | Rows, on_progress: Callable[[int], None]) -> dict[str, float]:
        state = read_state(model)
        for piece in cut_pieces(tokens, batch_size=batch_size):
            state = run_piece(state, tokens[piece], labels[piece], num_before=piece.start, on_progress=on_progress)
        write_state(model, state)
        return {
            "loss": float(state.total_loss) / len(labels),
            "accuracy": float(state.num_correct) / len(labels),
        }

    def run_piece(
        state: State, tokens: Tokens, labels: Labels, *, num_before: int, on_progress: Callable[[int], None]
    ) -> State:
        num_steps = len(tokens) // batch_size
        num_full = num_steps * batch_size
        tokens = as_inputs(tokens)
        batches = jnp.asarray(tokens[:num_full].reshape(num_steps, batch_size, -1))
        batch_labels = jnp.asarray(labels[:num_full].reshape(num_steps, batch_size, *labels.shape[1:]))
        for first, end in plan_calls(num_steps):
            state = jax.block_until_ready(run_steps(state, batches, batch_labels, first, end))
            on_progress(num_before + end * batch_size)
        if num_full < len(tokens):
            last = jnp.asarray(tokens[None, num_full:])
            state = run_steps(state, last, jnp.asarray(labels[None, num_full:]), 0, 1)
            on_progress(num_before + len(tokens))
        return state

    return run_epoch


def make_step_loop(model: keras.Model) -> RunSteps:
    """Return the updates of the batches [first, end) as a pure function of the state.

    The batches are token ids of shape (num_batches, batch_size, length) and labels, or probabilities of the classes,
    whose shape begins with (num_batches, batch_size).
    """
    model.optimizer.build(model.trainable_variables)
    compute_losses = keras.losses.get(model.loss)

    def measure(
        trainable: list[jax.Array], non_trainable: list[jax.Array], tokens: jax.Array, labels: jax.Array
    ) -> tuple[jax.Array, tuple[list[jax.Array], jax.Array]]:
        outputs, non_trainable, penalties = model.stateless_call(
            trainable, non_trainable, tokens, training=True, return_losses=True
        )
        is_binary = outputs.shape[1] == 1
        loss = jnp.mean(compute_losses(labels[:, None] if is_binary else labels, outputs)) + sum(penalties)
        predicted = outputs[:, 0] > DECISION if is_binary else outputs.argmax(axis=1)
        return loss, (non_trainable, jnp.sum(predicted == decide(labels)))

    def run_step(step: int, state: State, tokens: jax.Array, labels: jax.Array) -> State:
        (loss, (non_trainable, num_correct)), gradients = jax.value_and_grad(measure, has_aux=True)(
            state.trainable, state.non_trainable, tokens[step], labels[step]
        )
        trainable, optimizer = model.optimizer.stateless_apply(state.optimizer, gradients, state.trainable)
        return State(
            list(trainable),
            list(non_trainable),
            list(optimizer),
            state.total_loss + loss * labels.shape[1],
            state.num_correct + num_correct,
        )

    def run_steps(state: State, tokens: jax.Array, labels: jax.Array, first: int, end: int) -> State:
        state = jax.lax.fori_loop(first, end, lambda step, so_far: run_step(step, so_far, tokens, labels), state)
        return State(*state)

    return run_steps


def decide(labels: jax.Array) -> jax.Array:
    """Turn the probabilities of classes, (batch, num_classes), or of the second of two, (batch,), into labels."""
    if not jnp.issubdtype(labels.dtype, jnp.floating):
        return labels
    return labels > DECISION if labels.ndim == 1 else labels.argmax(axis=1)


def read_state(model: keras.Model) -> State:
    """Copy the values of a model's variables, because a call of many updates takes the copies' memory over."""
    trainable, non_trainable, optimizer = (
        [jnp.array(variable.value) for variable in group]
        for group in (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    )
    return State(trainable, non_trainable, optimizer, jnp.zeros((), "float32"), jnp.zeros((), "int32"))


def write_state(model: keras.Model, state: State) -> None:
    """Write the values back into the model's variables."""
    groups = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    for group, values in zip(groups, state, strict=False):
        for variable, value in zip(group, values, strict=True):
            variable.assign(value)

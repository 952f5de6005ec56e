"""Fit a model epoch by epoch: early stopping, the best weights kept, a checkpoint after each evaluation.

The order of the reviews in an epoch depends on the seed and the number of the epoch alone, so a training that resumes
from a checkpoint ends with the same weights as one that was never interrupted.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from tasks.errors import TrainingError
from tasks.objective.decisions import choose_decision
from tasks.objective.facts import Objective
from tasks.train.checkpoint import load_checkpoint, save_checkpoint
from tasks.train.predict import negative_log_likelihood, predict_probabilities
from tasks.train.rows import Rows
from tasks.train.settings import EpochRecord, FitSettings, Listener
from tasks.train.word_dropout import WordDropout


class Split(NamedTuple):
    """Tokens of shape (num_reviews, length) and labels of shape (num_reviews,).

    Those of a training split may be probabilities of the classes, as `build_model` describes them.
    """

    tokens: NDArray[Any]
    labels: NDArray[Any]


# Runs one epoch over tokens and labels in their order, and reports how many reviews are done; returns the mean loss and
# accuracy by name.
RunEpoch = Callable[[Rows, Rows, Callable[[int], None]], dict[str, float]]


def fit(
    model: keras.Model,
    run_epoch: RunEpoch,
    train: Split,
    validation: Split,
    settings: FitSettings,
    *,
    checkpoint: Path,
    listener: Listener,
    word_dropout: float = 0.0,
) -> list[EpochRecord]:
    """Train until the epochs or the patience run out and leave the best weights in the model; returns the history.

    In each epoch, the share `word_dropout` of the words is left out. Resumes from `checkpoint` if it exists. Raises
    TrainingError when a loss is not finite.
    """
    best, history = load_checkpoint(checkpoint, model)
    while not is_finished(history, settings):
        part = choose_part(len(history), len(train.labels), settings)
        record = train_part(
            model, run_epoch, train, validation, settings, part=part, listener=listener, word_dropout=word_dropout
        )
        history.append(record)
        if choose_best(history) == len(history) - 1:
            best = [np.array(variable) for variable in model.variables]
        save_checkpoint(checkpoint, model, best, history)
        listener.on_epoch(history)
    for variable, value in zip(model.variables, best, strict=True):
        variable.assign(value)
    return history


class Part(NamedTuple):
    """The reviews of an epoch between two evaluations: from number `first` up to `end`, in the order of the epoch.

    Epochs are counted from 1; `epochs_done` are those at the end of the part.
    """

    epoch: int
    first: int
    end: int
    epochs_done: int | float


def choose_part(num_evaluations: int, num_reviews: int, settings: FitSettings) -> Part:
    """Choose what is trained after so many evaluations: a whole number of batches, except at the end of an epoch.

    There are no more evaluations in an epoch than batches.
    """
    num_batches = math.ceil(num_reviews / settings.batch_size)
    parts = min(settings.evaluations_per_epoch, num_batches)
    epochs, index = divmod(num_evaluations, parts)
    first, end = (min(num_batches * it // parts * settings.batch_size, num_reviews) for it in (index, index + 1))
    return Part(epochs + 1, first, end, epochs + 1 if index + 1 == parts else epochs + (index + 1) / parts)


def train_part(
    model: keras.Model,
    run_epoch: RunEpoch,
    train: Split,
    validation: Split,
    settings: FitSettings,
    *,
    part: Part,
    listener: Listener,
    word_dropout: float = 0.0,
) -> EpochRecord:
    """Train the model on each review of a part once, in the order of its epoch, and evaluate it."""
    started = time.perf_counter()
    epoch, num_reviews = part.epoch, len(train.labels)
    order = np.random.default_rng([settings.seed, epoch]).permutation(num_reviews)[part.first : part.end]
    dropout = WordDropout.of_epoch(word_dropout, seed=settings.seed, epoch=epoch)
    scores = run_epoch(
        Rows(train.tokens, order, dropout, part.first),
        Rows(train.labels, order),
        lambda done: listener.on_progress(epoch, part.first + done, num_reviews),
    )
    train_seconds = time.perf_counter() - started
    probabilities = predict_probabilities(model, validation.tokens)
    val_loss = negative_log_likelihood(probabilities, validation.labels, settings.class_weights)
    if not (math.isfinite(scores["loss"]) and math.isfinite(val_loss)):
        raise TrainingError(f"the loss is not finite in epoch {epoch}; expected a number. Try a smaller learning rate.")
    return EpochRecord(
        epoch=part.epochs_done,
        loss=scores["loss"],
        accuracy=scores["accuracy"],
        val_loss=val_loss,
        val_accuracy=float((probabilities.argmax(axis=1) == validation.labels).mean()),
        val_score=score(probabilities, validation.labels, settings.objective),
        seconds=time.perf_counter() - started,
        train_seconds=train_seconds,
        reviews_per_second=len(order) / train_seconds,
    )


def score(probabilities: NDArray[np.float64], labels: NDArray[np.int32], objective: Objective | None) -> float | None:
    """Measure the metric that decides, with the answers that suit it best; None if that is the loss."""
    return None if objective is None else choose_decision(probabilities, labels, objective).value


def is_finished(history: list[EpochRecord], settings: FitSettings) -> bool:
    """Tell whether all epochs are done, the task is solved, or none of the last `patience` evaluations was the best."""
    if not history:
        return False
    if settings.solved_at is not None and history[-1].val_accuracy >= settings.solved_at:
        return True
    return history[-1].epoch >= settings.epochs or len(history) - 1 - choose_best(history) >= settings.patience


def choose_best(history: list[EpochRecord]) -> int:
    """Return the index of the evaluation that does best on the metric that decides, of equal ones by validation loss.

    Without such a metric the loss alone counts. The first one is returned in a tie.
    """
    return min(range(len(history)), key=lambda index: (-(history[index].val_score or 0.0), history[index].val_loss))

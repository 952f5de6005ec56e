"""The state of a training after a completed epoch, in one file without pickle, replaced atomically."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tasks.train.arrays import read_arrays, write_arrays
from tasks.train.settings import EpochRecord


def save_checkpoint(path: Path, model: keras.Model, best: list[NDArray[Any]], history: list[EpochRecord]) -> None:
    """Write the weights, the optimizer's state, the best weights so far and the history."""
    arrays = {
        **number("model", [np.asarray(variable) for variable in model.variables]),
        **number("optimizer", [np.asarray(variable) for variable in model.optimizer.variables]),
        **number("best", best),
        "history": np.array(json.dumps([asdict(record) for record in history])),
    }
    write_arrays(path, arrays)


def load_checkpoint(path: Path, model: keras.Model) -> tuple[list[NDArray[Any]], list[EpochRecord]]:
    """Load a checkpoint into the model and its optimizer; returns the best weights and the history.

    If the file is missing or damaged, the model stays as it is and the result is its own weights and no history.
    """
    arrays = read_arrays(path)
    if not arrays:
        return [np.asarray(variable) for variable in model.variables], []
    model.optimizer.build(model.trainable_variables)
    for prefix, variables in (("model", model.variables), ("optimizer", model.optimizer.variables)):
        for name, variable in zip(number(prefix, variables), variables, strict=True):
            variable.assign(arrays[name])
    best = [arrays[name] for name in number("best", model.variables)]
    history = [EpochRecord(**record) for record in json.loads(str(arrays["history"]))]
    return best, history


def number(prefix: str, values: list[Any]) -> dict[str, Any]:
    """Name values by position: number("best", [a, b]) -> {"best/0": a, "best/1": b}."""
    return {f"{prefix}/{index}": value for index, value in enumerate(values)}

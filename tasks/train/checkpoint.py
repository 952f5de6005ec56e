"""The state of a training after a completed epoch, in one file without pickle, replaced atomically."""

import hashlib
import json
import os
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import keras
import numpy as np
from numpy.typing import NDArray

from tasks.train.settings import EpochRecord

# The array with the hash of all others.
HASH: Final = "sha256"
# What NumPy and the archive raise for a damaged file.
DAMAGE: Final = (OSError, EOFError, ValueError, KeyError, RuntimeError, NotImplementedError, BadZipFile, zlib.error)


def save_checkpoint(path: Path, model: keras.Model, best: list[NDArray[Any]], history: list[EpochRecord]) -> None:
    """Write the weights, the optimizer's state, the best weights so far and the history."""
    arrays = {
        **number("model", [np.asarray(variable) for variable in model.variables]),
        **number("optimizer", [np.asarray(variable) for variable in model.optimizer.variables]),
        **number("best", best),
        "history": np.array(json.dumps([asdict(record) for record in history])),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays, **{HASH: np.array(hash_arrays(arrays))})
    os.replace(temporary, path)


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


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a checkpoint; none if it is missing or damaged, for example by a power failure."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = dict(arrays)
        if str(found.pop(HASH)) == hash_arrays(found):
            return found
    except FileNotFoundError:
        return {}
    except DAMAGE:
        pass
    path.unlink()
    return {}


def hash_arrays(arrays: dict[str, NDArray[Any]]) -> str:
    """Hash names, types, shapes and values."""
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def number(prefix: str, values: list[Any]) -> dict[str, Any]:
    """Name values by position: number("best", [a, b]) -> {"best/0": a, "best/1": b}."""
    return {f"{prefix}/{index}": value for index, value in enumerate(values)}

"""Arrays in one file without pickle, which is replaced whole, and whose damage is noticed."""

import hashlib
import os
import zlib
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

# The array with the hash of all others.
HASH: Final = "sha256"
# What NumPy and the archive raise for a damaged file.
DAMAGE: Final = (OSError, EOFError, ValueError, KeyError, RuntimeError, NotImplementedError, BadZipFile, zlib.error)


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write all arrays, and their hash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".partial")
    with temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays, **{HASH: np.array(hash_arrays(arrays))})
    os.replace(temporary, path)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays; none if the file is missing, or if it is damaged, for example by a power failure."""
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

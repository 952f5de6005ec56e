"""Which kernels a training may use: the package's own, those of TensorFlow, or plain Keras; imports no Keras."""

import ctypes
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Final, Literal, get_args

from tasks.errors import UserError
from tasks.store.outputs import record_file

ROOM: Final = Path(__file__).parent

# auto: the fastest that the backend has: native where the library is built, otherwise tensorflow; on JAX, jax.
Kernels = Literal["auto", "native", "tensorflow", "plain"]
ChosenKernels = Literal["native", "tensorflow", "jax", "plain"]
CHOICES: Final[tuple[Kernels, ...]] = get_args(Kernels)


def choose_kernels(wanted: Kernels, *, backend: str) -> ChosenKernels:
    """Replace `auto` by the fastest available kernels; on JAX, everything but `plain` means `jax`.

    Raises UserError when `native` is wanted by name and is not built.
    """
    if backend == "jax":
        return "plain" if wanted == "plain" else "jax"
    if wanted == "native" and find_library() is None:
        raise UserError(
            "--kernels is 'native', but the package's C library is not built; expected it in tasks/train/kernels. "
            "Install a C compiler and run pip install -e . again, or choose --kernels auto."
        )
    if wanted == "auto":
        return "native" if find_library() else "tensorflow"
    return wanted


def find_library() -> Path | None:
    """Return the path of the compiled C library, or None if it could not be built."""
    paths = [ROOM / f"_native{suffix}" for suffix in EXTENSION_SUFFIXES]
    return next((path for path in paths if path.exists()), None)


def check_sources(library: ctypes.CDLL, function: str, *structures: type[ctypes.Structure], otherwise: str) -> None:
    """Raise UserError unless a function of the library finds the structures as large as its own sources have them."""
    sizes = (ctypes.c_int64(ctypes.sizeof(kind)) for kind in structures)
    if not (hasattr(library, function) and getattr(library, function)(*sizes)):
        raise UserError(
            "the package's C library was built from other sources than those in tasks/train/kernels/native; expected "
            f"it to be built from these. Build it again: pip install -e ., or {otherwise}."
        )


@cache
def hash_library() -> str | None:
    """Hash the compiled C library, which its sources and its compiler decide; None if it could not be built."""
    library = find_library()
    return record_file(library).sha256[:16] if library else None

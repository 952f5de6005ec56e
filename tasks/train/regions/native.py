"""The function of the package's C library that learns embeddings of regions; it needs no TensorFlow."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.train.kernels.choice import check_sources, find_library

Floats: Final = ctypes.POINTER(ctypes.c_float)
Integers: Final = ctypes.POINTER(ctypes.c_int32)
Chances: Final = ctypes.POINTER(ctypes.c_uint32)


class NativeView(ctypes.Structure):
    """`embedding_view` in native/region_embedding.h."""

    _fields_ = (
        ("size", ctypes.c_int64),
        ("units", ctypes.c_int64),
        ("stride", ctypes.c_int64),
        ("num_targets", ctypes.c_int64),
        ("most_targets", ctypes.c_int64),
        ("negatives", ctypes.c_int64),
        ("chances", Chances),
        ("cuts", Chances),
        ("others", Integers),
        ("weights", Floats),
        ("bias", Floats),
        ("targets", Floats),
        ("weight_sums", Floats),
        ("bias_sum", Floats),
        ("target_sums", Floats),
        ("rate", ctypes.c_float),
        ("target_rate", ctypes.c_float),
        ("bias_rate", ctypes.c_float),
        ("num_done", ctypes.c_int64),
        ("num_all", ctypes.c_int64),
        ("state", ctypes.c_uint64),
    )


class NativeTexts(ctypes.Structure):
    """`embedding_texts` in native/region_embedding.h."""

    _fields_ = (("num_texts", ctypes.c_int64), ("length", ctypes.c_int64), ("tokens", Integers))


Learn = Callable[[ctypes.Array[NativeView], NDArray[np.int32]], None]


def require_library() -> Path:
    """Return the path of the C library. Raises UserError if it is not built."""
    library = find_library()
    if library is None:
        raise UserError(
            "embeddings of regions are learned by the package's C library, which is not built; expected it in "
            "tasks/train/kernels. Install a C compiler and run pip install -e . again, or leave the variants that "
            "need them out of --variants."
        )
    return library


def find_learner() -> Learn:
    """Find the library's function: it learns from texts (num_texts, length) and changes the views' arrays in place.

    TensorFlow could no longer register the library's operations in this process, unless it has done so before. Raises
    UserError if the library is not built, or was built from other sources.
    """
    library = ctypes.CDLL(str(require_library()))
    remedy = "leave the variants that need it out of --variants"
    check_sources(library, "embedding_is_sized", NativeView, NativeTexts, otherwise=remedy)

    def learn(views: ctypes.Array[NativeView], tokens: NDArray[np.int32]) -> None:
        texts = NativeTexts(*tokens.shape, tokens.ctypes.data_as(Integers))
        if library.embedding_learn(views, ctypes.c_int64(len(views)), ctypes.byref(texts)):
            raise MemoryError("the C library could not allocate memory for the texts")

    return learn

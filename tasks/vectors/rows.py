"""What the readers of all formats yield, and what they refuse."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tasks.errors import UserError

FLAG: Final = "--vectors"
# One number for each word is a list of frequencies.
SMALLEST_DIM: Final = 2
LARGEST_DIM: Final = 65_536
ANOTHER: Final = f"Choose another file with {FLAG}."
CUT_OFF: Final = f"If it was cut off on its way, fetch it again; otherwise choose another with {FLAG}."


class Row(NamedTuple):
    """A word and its vector as they are in the file; `number` counts lines, or in binary files words, from 1."""

    word: bytes
    numbers: bytes
    number: int


class VectorFile(NamedTuple):
    """An open file of word vectors: how many numbers a vector has, the rows, and how their numbers are read.

    `read` raises ValueError for what are no numbers. A row is called a `unit`, such as "line".
    """

    dim: int
    rows: Iterator[Row]
    read: Callable[[bytes], NDArray[np.float32]]
    unit: str

    def read_vector(self, row: Row, name: str) -> NDArray[np.float32]:
        """Read a row's vector: shape (dim,). Raises UserError for what is not a finite number."""
        try:
            vector = self.read(row.numbers)
        except ValueError:
            raise UserError(
                f"{name}, {self.unit} {row.number:,}: something after the word is not a number; expected "
                f"{self.dim:,} numbers. {ANOTHER}"
            ) from None
        if not np.isfinite(vector).all():
            raise UserError(
                f"{name}, {self.unit} {row.number:,}: a number of the vector is not finite; expected finite numbers. "
                f"{ANOTHER}"
            )
        return vector


def check_dim(dim: int, name: str) -> None:
    """Raise UserError for vectors that are too short or too long to be any."""
    if dim > LARGEST_DIM:
        raise UserError(f"{name} has a word with {dim:,} numbers after it; expected at most {LARGEST_DIM:,}. {ANOTHER}")
    if dim < SMALLEST_DIM:
        raise UserError(
            f"{name} has a word with {dim} number{'s'[: dim != 1]} after it; expected at least {SMALLEST_DIM}. "
            f"{ANOTHER}"
        )


def check_number(found: int, promised: int | None, name: str) -> None:
    """Raise UserError if a file has another number of rows than its first line says."""
    if promised is not None and found != promised:
        raise UserError(f"{name} has {found:,} vectors; expected {promised:,}, as its first line says. {CUT_OFF}")

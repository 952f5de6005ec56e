"""Rows of arrays in a given order, gathered piece by piece: an epoch needs no shuffled copy of all sequences."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tasks.train.word_dropout import WordDropout

# Large enough for the overhead per piece to be negligible, small compared with what TensorFlow takes.
PIECE_BYTES: Final = 32 * 1024**2


@dataclass(frozen=True)
class Rows:
    """An array's rows in a given order; slicing gathers them, also from an array on disk.

    With `dropout`, they are tokens, some of which are left out. They may be a part of an epoch, whose row number
    `first` is the first one here.
    """

    array: NDArray[Any]
    order: NDArray[np.int64]
    dropout: WordDropout | None = None
    first: int = 0

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        found = np.asarray(self.array[self.order[rows]])
        return self.dropout.apply(found, first=self.first + (rows.start or 0)) if self.dropout else found

    @property
    def row_bytes(self) -> int:
        """The bytes of one row."""
        return int(self.array.dtype.itemsize * np.prod(self.array.shape[1:], dtype=np.int64))


def as_inputs(rows: NDArray[Any]) -> NDArray[Any]:
    """Give rows the type that models take: 32 bits for tokens, while vectors of texts stay as they are."""
    return rows if np.issubdtype(rows.dtype, np.floating) else rows.astype(np.int32)


def cut_pieces(tokens: NDArray[Any] | Rows, *, batch_size: int) -> Iterator[slice]:
    """Cut rows into pieces of at most PIECE_BYTES, each but the last a whole number of batches."""
    row_bytes = tokens.row_bytes if isinstance(tokens, Rows) else tokens[:1].nbytes
    piece = max(1, PIECE_BYTES // max(1, row_bytes * batch_size)) * batch_size
    for first in range(0, len(tokens), piece):
        yield slice(first, min(first + piece, len(tokens)))

"""Rows are conserved: each row that is read is used, or dropped for a reason that is counted."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray


class Numbered(Protocol):
    """A batch of rows, each with the number of its place."""

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The number of each row's place, shape (num_rows,)."""


Batch = TypeVar("Batch", bound=Numbered)


class CountedRows(Generic[Batch]):
    """A stream of batches that counts the rows as they pass."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self.batches = batches
        self.num_rows = 0

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.batches:
            self.num_rows += len(batch.numbers)
            yield batch


def check_conserved(place: str, num_read: int, **numbers: int) -> None:
    """Check that the numbers add up: check_conserved("a.csv", 3, used=2, dropped=1).

    Raises RuntimeError if they do not, because then this program has lost or repeated rows.
    """
    if num_read != sum(numbers.values()):
        found = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in numbers.items())
        raise RuntimeError(
            f"{place}: {num_read:,} rows read, but {found}; expected each row exactly once. This is a fault of the "
            "program, not of the data; please report it."
        )

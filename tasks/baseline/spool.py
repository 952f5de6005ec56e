"""Arrays on disk that are read block by block, as often as wanted."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Spool:
    """A file of blocks, each of `num_arrays` arrays."""

    def __init__(self, path: Path, *, num_arrays: int) -> None:
        self.path = path
        self.num_arrays = num_arrays

    def write(self, blocks: Iterable[tuple[NDArray[Any], ...]]) -> None:
        """Write all blocks."""
        with self.path.open("wb") as file:
            for block in blocks:
                for array in block:
                    np.save(file, array, allow_pickle=False)

    def read(self) -> Iterator[list[NDArray[Any]]]:
        """Yield the blocks in order."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            while file.tell() < size:
                yield [np.load(file, allow_pickle=False) for _ in range(self.num_arrays)]

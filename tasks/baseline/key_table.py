"""Find the places of many numbers among sorted ones."""

from threading import Lock
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Searching for one number takes as long as hashing about so many keys.
MANY_KEYS: Final = 16
# Of fewer keys, searching is as fast as hashing, which would have to import pandas.
FEWEST_HASHED: Final = 100_000


class KeyTable:
    """Ascending keys that can be looked up from several threads; they are hashed once, when that pays."""

    def __init__(self, keys: NDArray[np.int64]) -> None:
        self.keys = keys
        self.hashed: Any = None
        self.lock = Lock()

    def find(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Find the place of each number, -1 if it is no key: KeyTable([3, 5]).find([5, 4]) -> [1, -1]."""
        pays = FEWEST_HASHED <= len(self.keys) < len(numbers) * MANY_KEYS
        if self.hashed is not None or pays:
            places: NDArray[np.int64] = self.hash_keys().get_indexer(numbers)
            return places
        if not len(self.keys):
            return np.full(len(numbers), -1)
        places = np.searchsorted(self.keys, numbers)
        places[places == len(self.keys)] = 0
        return np.where(self.keys[places] == numbers, places, -1)

    def hash_keys(self) -> Any:
        """Return the keys as an index of pandas, whose table is complete."""
        with self.lock:
            if self.hashed is None:
                from pandas import Index  # slow to import, and not needed to predict a few texts

                index = Index(self.keys)
                # The first look-up makes the table, in which other threads must not look meanwhile.
                index.get_indexer(index[:1])
                self.hashed = index
        return self.hashed

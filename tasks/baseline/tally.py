"""Count in how many texts words and n-grams are, in tables of bounded size.

A table that is full loses its rarest entries. One that comes back is counted anew, so its count lacks what it had;
`most_missed` is the most that any count may lack (lossy counting, Manku & Motwani 2002). Without a loss, counts are
exact.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class WordTally:
    """Counts of words or other units, in order of first appearance."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.num_texts: dict[Any, int] = {}
        self.most_missed = 0

    def add(self, words: Sequence[Any], counts: Sequence[int]) -> None:
        """Add the number of texts that each of some different words is in."""
        known = self.num_texts
        for word, count in zip(words, counts, strict=True):
            known[word] = known.get(word, 0) + count
        if len(known) > self.limit:
            least = find_least(np.fromiter(known.values(), np.int64), self.limit // 2)
            self.num_texts = {word: count for word, count in known.items() if count >= least}
            self.most_missed += least - 1

    def counted(self) -> tuple[list[Any], NDArray[np.int64]]:
        """Return the words and their counts."""
        return list(self.num_texts), np.fromiter(self.num_texts.values(), np.int64)


class KeyTally:
    """Counts of n-grams that are numbers, in ascending order."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.keys = np.empty(0, np.int64)
        self.num_texts = np.empty(0, np.int64)
        self.waiting: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self.num_waiting = 0
        self.most_missed = 0

    def add(self, keys: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add the number of texts that each of some keys is in."""
        self.waiting.append((keys, counts))
        self.num_waiting += len(keys)
        if self.num_waiting > self.limit // 2:
            self.merge()

    def merge(self) -> None:
        """Add what is waiting to the table."""
        if not self.waiting:
            return
        keys = np.concatenate([self.keys, *(keys for keys, _ in self.waiting)])
        counts = np.concatenate([self.num_texts, *(counts for _, counts in self.waiting)])
        self.waiting, self.num_waiting = [], 0
        order = np.argsort(keys)
        keys, counts = keys[order], counts[order]
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        self.keys, self.num_texts = keys[starts], np.add.reduceat(counts, starts) if len(starts) else counts
        if len(self.keys) > self.limit:
            least = find_least(self.num_texts, self.limit // 2)
            kept = self.num_texts >= least
            self.keys, self.num_texts = self.keys[kept], self.num_texts[kept]
            self.most_missed += least - 1

    def counted(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the keys in ascending order and their counts."""
        self.merge()
        return self.keys, self.num_texts


def find_least(counts: NDArray[np.int64], num_chosen: int) -> int:
    """Find the lowest count that at most `num_chosen` reach: find_least([5, 3, 3, 1], 2) -> 4."""
    if len(counts) <= num_chosen:
        return 1
    place = len(counts) - num_chosen - 1
    return int(np.partition(counts, place)[place]) + 1

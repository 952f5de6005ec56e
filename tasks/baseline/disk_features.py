"""The features of many texts on disk, in blocks of which one or two are in memory at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.baseline.bounded_vocabulary import read_words
from tasks.baseline.model import weigh_counts
from tasks.baseline.ngrams import Vocabulary, Words, count_in_words
from tasks.baseline.spool import Spool
from tasks.baseline.weighting import compute_idf
from tasks.process.threads import map_ahead

# How many values for each n-gram are read at a time, of twelve bytes each.
VALUES_PER_NGRAM: Final = 4
# Large enough for any count of an n-gram in a text that matters.
MOST_COUNTED: Final = np.iinfo(np.uint16).max


class Features(NamedTuple):
    """Blocks of columns, the borders of the texts, and the values: rows of shape (num_ngrams,).

    `idf` weighs counts; without it, values are 1 where an n-gram occurs, and are not written.
    """

    spool: Spool
    num_ngrams: int
    idf: NDArray[np.float64]

    def read(self) -> Iterator[csr_array]:
        """Read the features of the texts, in blocks of shape (num_texts, num_ngrams).

        They have more values than there are n-grams, because a solver makes an array of shape (num_ngrams,) for each.
        """
        waiting: list[list[NDArray[Any]]] = []
        num_values = 0
        for block in self.spool.read():
            waiting.append(block)
            num_values += len(block[0])
            if num_values >= self.num_ngrams * VALUES_PER_NGRAM:
                yield self.join(waiting)
                waiting, num_values = [], 0
        if waiting:
            yield self.join(waiting)

    def join(self, blocks: Sequence[Sequence[NDArray[Any]]]) -> csr_array:
        """Put the texts of several blocks one after the other."""
        columns, borders, *written = zip(*blocks, strict=True)
        num_values = np.concatenate([np.diff(places) for places in borders])
        starts = np.concatenate([[0], np.cumsum(num_values)]).astype(np.int32)
        values = np.concatenate(written[0], dtype=np.float64) if written else np.ones(starts[-1])
        return csr_array((values, np.concatenate(columns), starts), shape=(len(num_values), self.num_ngrams))

    def sum_by_class(self, is_class: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count the texts of a class, and of the others, that each n-gram is in: shape (num_ngrams,) each."""
        inside, every, start = np.zeros(self.num_ngrams), np.zeros(self.num_ngrams), 0
        for block in self.read():
            mask = np.repeat(is_class[start : start + block.shape[0]], np.diff(block.indptr))
            every += np.bincount(block.indices, minlength=self.num_ngrams)
            inside += np.bincount(block.indices[mask], minlength=self.num_ngrams)
            start += block.shape[0]
        return inside, every - inside

    def sum_squares(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up the squares of each n-gram's values, weighed by text: shape (num_ngrams,)."""
        total, start = np.zeros(self.num_ngrams), 0
        for block in self.read():
            total += block.power(2).T @ weights[start : start + block.shape[0]]
            start += block.shape[0]
        return total


def spool_presence(words: Spool, vocabulary: Vocabulary, path: Path) -> Features:
    """Write which n-grams each text has."""

    def find(block: Words) -> tuple[NDArray[Any], ...]:
        counts = count_in_words(block, vocabulary)
        return counts.indices, counts.indptr

    spool = Spool(path, num_arrays=2)
    spool.write(map_ahead(find, read_words(words)))
    return Features(spool, vocabulary.num_ngrams, np.empty(0))


def spool_weighed(words: Spool, vocabulary: Vocabulary, path: Path, *, num_texts: int) -> Features:
    """Write the weighed counts of each text, as tf-idf does; the counts are written first, and removed."""
    spool = spool_counts(words, vocabulary, path.with_suffix(".counts"))
    counts = Features(spool, vocabulary.num_ngrams, np.empty(0))
    idf = compute_idf(counts.sum_by_class(np.ones(num_texts, np.bool_))[0], num_texts)

    def weigh(block: csr_array) -> tuple[NDArray[Any], ...]:
        return block.indices, block.indptr, weigh_counts(block, idf).data.astype(np.float32)

    weighed = Spool(path, num_arrays=3)
    weighed.write(map_ahead(weigh, counts.read()))
    spool.path.unlink()
    return Features(weighed, vocabulary.num_ngrams, idf)


def spool_counts(words: Spool, vocabulary: Vocabulary, path: Path) -> Spool:
    """Count the n-grams of each text, up to MOST_COUNTED, and write the counts."""

    def count(block: Words) -> tuple[NDArray[Any], ...]:
        counts = count_in_words(block, vocabulary)
        return counts.indices, counts.indptr, np.minimum(counts.data, MOST_COUNTED).astype(np.uint16)

    spool = Spool(path, num_arrays=3)
    spool.write(map_ahead(count, read_words(words)))
    return spool

"""The features of many texts on disk, in blocks of which one or two are in memory at a time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from tasks.baseline.bounded_vocabulary import read_words
from tasks.baseline.model import weigh_counts
from tasks.baseline.ngrams import Vocabulary, Words, count_in_words
from tasks.baseline.spool import Spool
from tasks.baseline.weighting import compute_idf
from tasks.process.threads import map_ahead

# Large enough for any count of an n-gram in a text that matters.
MOST_COUNTED = np.iinfo(np.uint16).max


class Features(NamedTuple):
    """Blocks of values, their columns, and the borders of the texts: rows of shape (num_ngrams,).

    `idf` weighs counts; without it, values are 1 where an n-gram occurs.
    """

    spool: Spool
    num_ngrams: int
    idf: NDArray[np.float64]

    def read(self) -> Iterator[csr_array]:
        """Read the features of the texts, block by block: shape (num_texts, num_ngrams) each."""
        for values, columns, borders in self.spool.read():
            shape = (len(borders) - 1, self.num_ngrams)
            yield csr_array((values.astype(np.float64), columns, borders), shape=shape)

    def sum_by_class(self, is_class: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Count the texts of a class, and of the others, that each n-gram is in: shape (num_ngrams,) each."""
        inside, every, start = np.zeros(self.num_ngrams), np.zeros(self.num_ngrams), 0
        for _, columns, borders in self.spool.read():
            mask = np.repeat(is_class[start : start + len(borders) - 1], np.diff(borders))
            every += np.bincount(columns, minlength=self.num_ngrams)
            inside += np.bincount(columns[mask], minlength=self.num_ngrams)
            start += len(borders) - 1
        return inside, every - inside


def spool_presence(words: Spool, vocabulary: Vocabulary, path: Path) -> Features:
    """Write which n-grams each text has."""
    return Features(spool_counts(words, vocabulary, path, np.uint8, most=1), vocabulary.num_ngrams, np.empty(0))


def spool_weighed(words: Spool, vocabulary: Vocabulary, path: Path, *, num_texts: int) -> Features:
    """Write the weighed counts of each text, as tf-idf does; the counts are written first, and removed."""
    spool = spool_counts(words, vocabulary, path.with_suffix(".counts"), np.uint16, most=MOST_COUNTED)
    counts = Features(spool, vocabulary.num_ngrams, np.empty(0))
    idf = compute_idf(counts.sum_by_class(np.ones(num_texts, np.bool_))[0], num_texts)

    def weigh(block: csr_array) -> tuple[NDArray[Any], ...]:
        return weigh_counts(block, idf).data.astype(np.float32), block.indices, block.indptr

    weighed = Spool(path, num_arrays=3)
    weighed.write(map_ahead(weigh, counts.read()))
    spool.path.unlink()
    return Features(weighed, vocabulary.num_ngrams, idf)


def spool_counts(words: Spool, vocabulary: Vocabulary, path: Path, kind: Any, *, most: int) -> Spool:
    """Count the n-grams of each text, up to `most`, and write the counts."""

    def count(block: Words) -> tuple[NDArray[Any], ...]:
        counts = count_in_words(block, vocabulary)
        return np.minimum(counts.data, most).astype(kind), counts.indices, counts.indptr

    spool = Spool(path, num_arrays=3)
    spool.write(map_ahead(count, read_words(words)))
    return spool

"""Choose n-grams as `fit_vocabulary` does, in bounded memory: counts in tables of bounded size, words on disk.

Where no table is full, the vocabulary is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.baseline.baselines import Baseline
from tasks.baseline.memory import Limits
from tasks.baseline.ngrams import (
    Found,
    Vocabulary,
    Words,
    count_keys,
    count_texts,
    extend,
    find_ngrams,
    find_words,
    look_up_words,
    number_texts,
)
from tasks.baseline.spool import Spool
from tasks.baseline.tally import KeyTally, WordTally, find_least
from tasks.baseline.units import SPELLINGS
from tasks.process.threads import map_ahead

# The largest number that is sorted.
MOST_SORTED: Final = np.iinfo(np.int64).max

ReadTexts = Callable[[], Iterator[pa.Array]]


class Chosen(NamedTuple):
    """A vocabulary, the words of all texts on disk, and what had to be left out.

    `num_left_out` counts n-grams that are in enough texts, as far as they were counted; `most_missed` is the number of
    texts that the count of an n-gram may lack.
    """

    vocabulary: Vocabulary
    words: Spool
    num_left_out: int
    most_missed: int


def fit_bounded_vocabulary(baseline: Baseline, read_texts: ReadTexts, scratch: Path, limits: Limits) -> Chosen:
    """Choose the n-grams that are in the most texts, order by order, each with its share of what is left."""
    tally = WordTally(limits.num_counted_words)
    for counted in map_ahead(partial(count_units, unit=baseline.unit), read_texts()):
        tally.add(*counted)
    units, num_texts = tally.counted()
    kept, num_left_out = choose_commonest(num_texts, baseline, limits.num_ngrams // baseline.max_order)
    ranked = np.argsort(-num_texts, kind="stable")
    chosen = [units[place] for place in ranked[kept[ranked]]]
    vocabulary = Vocabulary(pa.array(chosen, SPELLINGS[baseline.unit].kind), unit=baseline.unit)
    spool = spool_words(read_texts, vocabulary, scratch / "words")
    most_missed = tally.most_missed
    for order in range(2, baseline.max_order + 1):
        found = count_order(spool, vocabulary, order=order, limit=limits.num_counted)
        keys, num_texts = found.counted()
        share = (limits.num_ngrams - vocabulary.num_ngrams) // (baseline.max_order + 1 - order)
        kept, more = choose_commonest(num_texts, baseline, share)
        vocabulary = replace(vocabulary, keys=(*vocabulary.keys, pa.array(keys[kept])))
        num_left_out, most_missed = num_left_out + more, max(most_missed, found.most_missed)
    return Chosen(vocabulary, spool, num_left_out, most_missed)


def choose_commonest(
    num_texts: NDArray[np.int64], baseline: Baseline, num_chosen: int
) -> tuple[NDArray[np.bool_], int]:
    """Choose at most `num_chosen` of those in enough texts; returns a mask, and how many had to be left out."""
    enough = num_texts >= baseline.min_texts
    kept = enough & (num_texts >= find_least(num_texts[enough], num_chosen)) if enough.any() else enough
    return kept, int(enough.sum() - kept.sum())


def count_units(texts: pa.Array, *, unit: Any) -> tuple[list[Any], list[int]]:
    """Count in how many texts of a batch each word is, in order of first appearance."""
    units, num_words = SPELLINGS[unit].split(texts)
    column = units.dictionary_encode()
    words = Words(column.indices.to_numpy().astype(np.int64), number_texts(num_words), len(texts))
    num_texts = count_texts(find_words(words), words, num_ngrams=len(column.dictionary))
    return column.dictionary.to_pylist(), num_texts.tolist()


def spool_words(read_texts: ReadTexts, vocabulary: Vocabulary, path: Path) -> Spool:
    """Write the number of each word, block by block, and the number of words of each text."""
    spool = Spool(path, num_arrays=2)
    looked_up = map_ahead(partial(look_up_words, vocabulary=vocabulary), read_texts())
    spool.write((it.ids.astype(np.int32), np.bincount(it.texts, minlength=it.num_texts)) for it in looked_up)
    return spool


def read_words(spool: Spool) -> Iterator[Words]:
    """Read the words back, block by block."""
    for ids, num_words in spool.read():
        yield Words(ids.astype(np.int64), number_texts(num_words), len(num_words))


def count_order(spool: Spool, vocabulary: Vocabulary, *, order: int, limit: int) -> KeyTally:
    """Count in how many texts the n-grams of an order are whose beginnings are known."""

    def count(words: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        *_, (found, num_ngrams) = find_ngrams(words, vocabulary)
        num_words = len(vocabulary.words)
        extended = extend(found, words, order=order, num_words=num_words)
        # A key and the number of a text are one number, unless the vocabulary is huge.
        is_small = num_ngrams * num_words * words.num_texts <= MOST_SORTED
        return sort_keys(extended, words) if is_small else count_keys(extended, words)

    tally = KeyTally(limit)
    for keys, num_texts in map_ahead(count, read_words(spool)):
        tally.add(keys, num_texts)
    return tally


def sort_keys(found: Found, words: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count as `count_keys` does, by sorting keys and texts together, which takes a third of the time; keys ascend."""
    pairs = np.sort(found.ngrams * words.num_texts + words.texts[found.starts])
    # Each key once for each of its texts.
    keys = pairs[find_changes(pairs)] // max(1, words.num_texts)
    starts = np.flatnonzero(find_changes(keys))
    return keys[starts], np.diff(starts, append=len(keys))


def find_changes(numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which numbers differ from the one before: find_changes([3, 3, 5]) -> [True, False, True]."""
    changes = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=changes[1:])
    return changes

"""N-grams as integers: which of them are in the vocabulary, and how often they occur in texts.

They are made of words or, in the same way, of characters. An n-gram of two or more words is its beginning followed by
its last word; both are numbers, so it is one number too, its key: `beginning * num_words + word`. No n-gram is in more
texts than its beginning is, so the frequent ones of each order are found among the continuations of the frequent ones
of the order before (Agrawal & Srikant 1994), and no string of more than one word is made until the vocabulary is
written.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from tasks.baseline.baselines import Unit
from tasks.baseline.key_table import KeyTable
from tasks.baseline.units import SPELLINGS, count_units, split_ngrams


@dataclass(frozen=True)
class Vocabulary:
    """The known n-grams: words, then the keys of each higher order; a beginning is an index into the order before.

    ["a", "b", "a b"] is words ["a", "b"] and keys [[0 * 2 + 1]]. Keys ascend. If the unit is a character, the words are
    code points.
    """

    words: pa.Array
    keys: tuple[pa.Array, ...] = ()
    unit: Unit = "words"

    @property
    def num_ngrams(self) -> int:
        """The number of n-grams of all orders."""
        return len(self.words) + sum(map(len, self.keys))

    @cached_property
    def numbers(self) -> dict[Any, int]:
        """The number of each word; kept, because making it takes longer than predicting a short text."""
        return {word: number for number, word in enumerate(self.words.to_pylist())}

    @cached_property
    def tables(self) -> tuple[KeyTable, ...]:
        """The keys of each higher order, to look them up; kept, because hashing them takes longer than a look-up."""
        return tuple(KeyTable(keys.to_numpy()) for keys in self.keys)


@dataclass(frozen=True)
class Words:
    """The words of some texts in one sequence: the number of each, -1 if unknown, and the number of its text."""

    ids: NDArray[np.int64]
    texts: NDArray[np.int64]
    num_texts: int


@dataclass(frozen=True)
class Found:
    """The n-grams of one order in the order of the text: the number of each, and the index of its first word."""

    ngrams: NDArray[np.int64]
    starts: NDArray[np.int64]


def fit_vocabulary(texts: Iterable[pa.Array], *, max_order: int, min_texts: int, unit: Unit = "words") -> Vocabulary:
    """Choose the n-grams of up to `max_order` units that are in at least `min_texts` texts, commonest units first."""
    if max_order == 0:
        return Vocabulary(pa.array([], SPELLINGS[unit].kind), unit=unit)
    known, words = fit_words(texts, min_texts=min_texts, unit=unit)
    found, keys = find_words(words), []
    for order in range(2, max_order + 1):
        extended = extend(found, words, order=order, num_words=len(known))
        keys.append(choose_keys(extended, words, min_texts=min_texts))
        found = keep_known(extended, KeyTable(keys[-1].to_numpy()))
    return Vocabulary(known, tuple(keys), unit)


def fit_words(texts: Iterable[pa.Array], *, min_texts: int, unit: Unit) -> tuple[pa.Array, Words]:
    """Choose the words, by descending number of texts, ties in order of first appearance.

    Returns the chosen words, and the words of all texts with their numbers.
    """
    chunks, lengths = [], []
    for batch in texts:
        chunk, num_words = SPELLINGS[unit].split(batch)
        chunks.append(chunk)
        lengths.append(num_words)
    column = pa.chunked_array(chunks, SPELLINGS[unit].kind).dictionary_encode().combine_chunks()
    num_words = np.concatenate([np.empty(0, np.int64), *lengths])
    words = Words(column.indices.to_numpy().astype(np.int64), number_texts(num_words), len(num_words))
    num_texts = count_texts(find_words(words), words, num_ngrams=len(column.dictionary))
    ranked = np.argsort(-num_texts, kind="stable")[: np.count_nonzero(num_texts >= min_texts)]
    places = np.full(len(num_texts), -1)
    places[ranked] = np.arange(len(ranked))
    return column.dictionary.take(pa.array(ranked)), Words(places[words.ids], words.texts, words.num_texts)


def number_texts(num_words: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each word the number of its text: number_texts([2, 0, 1]) -> [0, 0, 2]."""
    return np.repeat(np.arange(len(num_words)), num_words)


def choose_keys(found: Found, words: Words, *, min_texts: int) -> pa.Array:
    """Choose the keys that are in at least `min_texts` texts, in ascending order."""
    keys, num_texts = count_keys(found, words)
    return pa.array(np.sort(keys[num_texts >= min_texts]))


def count_keys(found: Found, words: Words) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count in how many texts each key is; returns the keys, each once, and their counts."""
    column = pa.array(found.ngrams).dictionary_encode()
    numbered = Found(column.indices.to_numpy().astype(np.int64), found.starts)
    return column.dictionary.to_numpy(), count_texts(numbered, words, num_ngrams=len(column.dictionary))


def count_texts(found: Found, words: Words, *, num_ngrams: int) -> NDArray[np.int64]:
    """Count the texts that each n-gram is in: shape (num_ngrams,)."""
    return np.bincount(count_found(found, words, num_ngrams=num_ngrams).indices, minlength=num_ngrams)


def count_found(found: Found, words: Words, *, num_ngrams: int) -> csr_array:
    """Count the n-grams found in each text: shape (num_texts, num_ngrams)."""
    # The solvers of scikit-learn want 32-bit indices.
    borders = np.searchsorted(words.texts[found.starts], np.arange(words.num_texts + 1)).astype(np.int32)
    columns = found.ngrams.astype(np.int32)
    counts = csr_array((np.ones(len(columns)), columns, borders), shape=(words.num_texts, num_ngrams))
    counts.sum_duplicates()
    return counts


def look_up_words(texts: pa.Array, vocabulary: Vocabulary) -> Words:
    """Give the words of texts their numbers in the vocabulary."""
    found, num_words = SPELLINGS[vocabulary.unit].split(texts)
    column = found.dictionary_encode()
    known = np.array([vocabulary.numbers.get(word, -1) for word in column.dictionary.to_pylist()], np.int64)
    return Words(known[column.indices.to_numpy()], number_texts(num_words), len(texts))


def find_words(words: Words) -> Found:
    """Find the n-grams of one word."""
    starts = np.flatnonzero(words.ids >= 0)
    return Found(words.ids[starts], starts)


def extend(found: Found, words: Words, *, order: int, num_words: int) -> Found:
    """Extend n-grams to `order` words where a known word of the same text follows; their keys become their numbers."""
    found = keep(found, found.starts + order <= len(words.ids))
    last = found.starts + order - 1
    extended = Found(found.ngrams * num_words + words.ids[last], found.starts)
    return keep(extended, (words.ids[last] >= 0) & (words.texts[last] == words.texts[found.starts]))


def keep(found: Found, mask: NDArray[np.bool_]) -> Found:
    """Keep the n-grams that a mask selects."""
    return Found(found.ngrams[mask], found.starts[mask])


def keep_known(found: Found, keys: KeyTable) -> Found:
    """Keep the n-grams with known keys, numbered by the index of the key."""
    places = keys.find(found.ngrams)
    return keep(Found(places, found.starts), places >= 0)


def count_ngrams(texts: pa.Array, vocabulary: Vocabulary) -> csr_array:
    """Count the known n-grams in texts: shape (num_texts, num_ngrams), in the order of the vocabulary."""
    return count_in_words(look_up_words(texts, vocabulary), vocabulary)


def count_in_words(words: Words, vocabulary: Vocabulary) -> csr_array:
    """Count the known n-grams in texts whose words have been looked up."""
    counts = [count_found(found, words, num_ngrams=num_ngrams) for found, num_ngrams in find_ngrams(words, vocabulary)]
    return csr_array(hstack(counts, format="csr"))


def find_ngrams(words: Words, vocabulary: Vocabulary) -> Iterator[tuple[Found, int]]:
    """Find the known n-grams, order by order, each with the number of n-grams of that order."""
    found = find_words(words)
    yield found, len(vocabulary.words)
    for order, keys in enumerate(vocabulary.tables, start=2):
        found = keep_known(extend(found, words, order=order, num_words=len(vocabulary.words)), keys)
        yield found, len(keys.keys)


def write_vocabulary(path: Path, vocabulary: Vocabulary) -> None:
    """Write the n-grams as a JSON list, one per line, with spaces between their words; no word contains a space.

    N-grams of characters are the list `ngrams` in an object that names the unit.
    """
    spelling = SPELLINGS[vocabulary.unit]
    words = spelling.spell(vocabulary.words)
    spelled = [words]
    for keys in vocabulary.keys:
        beginnings, last = np.divmod(keys.to_numpy(), max(len(words), 1))
        parts = spelled[-1].take(pa.array(beginnings)), words.take(pa.array(last))
        spelled.append(pc.binary_join_element_wise(*parts, spelling.separator))
    ngrams: Any = [ngram for order in spelled for ngram in order.to_pylist()]
    content = ngrams if vocabulary.unit == "words" else {"unit": vocabulary.unit, "ngrams": ngrams}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def read_vocabulary(path: Path) -> Vocabulary:
    """Read back what `write_vocabulary` wrote; an n-gram's number is its index in the list."""
    content = json.loads(path.read_text(encoding="utf-8"))
    unit: Unit = content["unit"] if isinstance(content, dict) else "words"
    ngrams = pa.array(content["ngrams"] if isinstance(content, dict) else content, pa.string())
    spelling = SPELLINGS[unit]
    orders = count_units(ngrams, spelling)
    words = ngrams.filter(pa.array(orders == 1))
    keys, before = [], words
    for order in range(2, orders.max(initial=1) + 1):
        spelled = ngrams.filter(pa.array(orders == order))
        beginnings, last = split_ngrams(spelled, spelling)
        numbers = pc.index_in(beginnings, value_set=before).to_numpy().astype(np.int64)
        keys.append(pa.array(numbers * len(words) + pc.index_in(last, value_set=words).to_numpy()))
        before = spelled
    return Vocabulary(spelling.read(words), tuple(keys), unit)

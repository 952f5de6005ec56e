"""What n-grams are made of: words of the course notebook's encoding, or characters of any language.

Words are strings. Characters are numbers, their code points, and the space between two words is one of them.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.baseline.baselines import Unit
from tasks.encode.characters import split_characters
from tasks.encode.code_points import spell_points
from tasks.encode.words import Split, split_words


class Spelling(NamedTuple):
    """How texts are split into units, and how n-grams of units are written.

    `split` returns one flat array of units and the number of units of each text. `separator` is between the units of a
    written n-gram; no unit contains it. `spell` and `read` convert units to strings and back.
    """

    split: Split
    kind: pa.DataType
    separator: str
    spell: Callable[[pa.Array], pa.Array]
    read: Callable[[pa.Array], pa.Array]


def split_letters(texts: pa.Array) -> tuple[pa.Array, NDArray[np.int64]]:
    """Split texts into characters: split_letters(["Ab"]) -> ([97, 98], [2])."""
    characters, num_characters = split_characters(texts)
    return pa.array(characters), num_characters


def spell_letters(letters: pa.Array) -> pa.Array:
    """Turn code points into strings: spell_letters([97, 98]) -> ["a", "b"]."""
    return spell_points(letters.to_numpy(), np.arange(len(letters)))


def read_letters(letters: pa.Array) -> pa.Array:
    """Turn strings into code points: read_letters(["a", "b"]) -> [97, 98]."""
    return pa.array([ord(letter) for letter in letters.to_pylist()], pa.uint32())


def keep_words(words: pa.Array) -> pa.Array:
    """Return words, which are strings already."""
    return words


SPELLINGS: Final[dict[Unit, Spelling]] = {
    "words": Spelling(split_words, pa.string(), " ", keep_words, keep_words),
    "characters": Spelling(split_letters, pa.uint32(), "", spell_letters, read_letters),
}


def split_ngrams(ngrams: pa.Array, spelling: Spelling) -> tuple[pa.Array, pa.Array]:
    """Split written n-grams into their beginnings and last units: split_ngrams(["a b c"], ...) -> ["a b"], ["c"]."""
    if spelling.separator:
        parts = pc.split_pattern(ngrams, spelling.separator, max_splits=1, reverse=True)
        return pc.list_element(parts, 0), pc.list_element(parts, 1)
    return pc.utf8_slice_codeunits(ngrams, 0, -1), pc.utf8_slice_codeunits(ngrams, -1)


def count_units(ngrams: pa.Array, spelling: Spelling) -> NDArray[np.int64]:
    """Count the units of written n-grams: count_units(["a b c"], SPELLINGS["words"]) -> [3]."""
    counted = pc.add(pc.count_substring(ngrams, " "), 1) if spelling.separator else pc.utf8_length(ngrams)
    return np.asarray(counted, np.int64)

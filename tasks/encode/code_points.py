"""Texts as arrays of code points, each with its kind: what all encodings that read Unicode start from.

Folding makes equal what a reader takes for equal: case, composed and decomposed letters (NFC), straight and typographic
apostrophes, and invisible characters such as soft hyphens, which are dropped. FOLDS says the same to the `tokenizers`
library.
"""

import unicodedata
from functools import cache
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from tokenizers import Regex, normalizers

from tasks.ingest.word_counts import KATAKANA as KATAKANA_LETTERS
from tasks.ingest.word_counts import WITHOUT_SPACES, Ranges, spell_ranges

# Kinds of code points; `shift` in `unicode_words` relies on SPACE being 0. SPREAD is the letters of scripts that put no
# spaces between words.
SPACE, IGNORED, EXTENDING, LETTER, DIGIT, KATAKANA, SPREAD, JOINS_LETTERS, JOINS_DIGITS, FLAG, OTHER = range(11)
ZERO_WIDTH_SPACE, NON_JOINER, JOINER = 0x200B, 0x200C, 0x200D
# Variation selectors, and the tags in the flags of regions.
INVISIBLE_RANGES: Final[Ranges] = ((0xFE00, 0xFE0F), (0xE0000, 0xE007F), (0xE0100, 0xE01EF))
SKIN_TONES: Final[Ranges] = ((0x1F3FB, 0x1F3FF),)
FLAG_LETTERS: Final[Ranges] = ((0x1F1E6, 0x1F1FF),)
# Apostrophe, the Catalan middle dot, Armenian and Hebrew marks; full stop, comma, Arabic decimal and thousands marks.
MARKS_IN_WORDS: Final = "'\u00b7\u055a\u05f3\u05f4"
MARKS_IN_NUMBERS: Final = ".,\u066b\u066c"
APOSTROPHES: Final = "\u2019\uff07"
CATEGORIES: Final = {"L": LETTER, "N": DIGIT, "M": EXTENDING, "Z": SPACE, "Cc": SPACE, "Cf": IGNORED}
NUM_CODE_POINTS: Final = 0x110000
# Nothing but private use and invisible characters follows the last Chinese character.
LAST_LETTER: Final = 0x323AF


class Points(NamedTuple):
    """The code points of some texts and their kinds, of shape (num_points,), and where each text begins and ends.

    A space precedes and follows each text: text i is between borders[i] and borders[i + 1], of shape (num_texts + 1,).
    """

    points: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    borders: NDArray[np.int64]


def read_points(texts: pa.Array) -> Points:
    """Fold texts and list their code points, without the ignored ones."""
    folded = [unicodedata.normalize("NFC", text.casefold()) for text in texts.to_pylist()]
    joined = "\n".join(["", *folded, ""])
    for apostrophe in APOSTROPHES:
        joined = joined.replace(apostrophe, "'")
    points = np.frombuffer(joined.encode("utf-32-le"), dtype="<u4")
    kinds = classify_code_points()[points]
    borders = np.cumsum([0, *(len(text) + 1 for text in folded)])
    is_kept = kinds != IGNORED
    if is_kept.all():
        return Points(points, kinds, borders)
    return Points(points[is_kept], kinds[is_kept], np.cumsum(is_kept)[borders] - 1)


@cache
def classify_code_points() -> NDArray[np.uint8]:
    """Give every code point its kind: shape (NUM_CODE_POINTS,)."""
    kinds = np.full(NUM_CODE_POINTS, OTHER, dtype=np.uint8)
    kinds[: LAST_LETTER + 1] = [classify_category(unicodedata.category(chr(point))) for point in range(LAST_LETTER + 1)]
    is_letter = kinds == LETTER
    for kind, ranges in ((SPREAD, WITHOUT_SPACES), (KATAKANA, KATAKANA_LETTERS)):
        for first, last in ranges:
            kinds[first : last + 1][is_letter[first : last + 1]] = kind
    for kind, ranges in ((IGNORED, INVISIBLE_RANGES), (EXTENDING, SKIN_TONES), (FLAG, FLAG_LETTERS)):
        for first, last in ranges:
            kinds[first : last + 1] = kind
    kinds[[ord(mark) for mark in MARKS_IN_WORDS]] = JOINS_LETTERS
    kinds[[ord(mark) for mark in MARKS_IN_NUMBERS]] = JOINS_DIGITS
    kinds[[NON_JOINER, JOINER]] = EXTENDING
    kinds[ZERO_WIDTH_SPACE] = SPACE
    return kinds


def classify_category(category: str) -> int:
    """Give a general category its kind: classify_category("Lu") -> LETTER."""
    return CATEGORIES.get(category, CATEGORIES.get(category[0], OTHER))


def spell_points(points: NDArray[np.uint32], starts: NDArray[np.int64]) -> pa.Array:
    """Cut code points into strings, the first of which begins at starts[0] = 0."""
    letters = points.astype("<u4").tobytes().decode("utf-32-le").encode()
    lengths = 1 + (points > 0x7F).astype(np.int8) + (points > 0x7FF) + (points > 0xFFFF)  # noqa: PLR2004
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int32)])[np.append(starts, len(points))]
    return pa.StringArray.from_buffers(len(starts), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(letters))


def describe_folding() -> normalizers.Normalizer:
    """Describe `read_points` in the format of the `tokenizers` library; its Lowercase leaves some letters unfolded."""
    lowered = (chr(point) for point in range(LAST_LETTER + 1) if chr(point).lower() == chr(point))
    unfolded = [(letter, letter.casefold()) for letter in lowered if letter.casefold() != letter]
    return normalizers.Sequence(
        [
            normalizers.Lowercase(),
            *(normalizers.Replace(letter, folded) for letter, folded in unfolded),
            normalizers.NFC(),
            *(normalizers.Replace(apostrophe, "'") for apostrophe in APOSTROPHES),
            normalizers.Replace(Regex(rf"[{spell_ranges(INVISIBLE_RANGES)}]|[\p{{Cf}}&&[^\x{{200B}}-\x{{200D}}]]"), ""),
        ]
    )

"""Count words as people do: by white space, and by letters in scripts that put no spaces between words."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ranges = tuple[tuple[int, int], ...]
KATAKANA: Final[Ranges] = ((0x30A1, 0x30FA), (0x30FC, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F))
# Thai and Lao; Myanmar; Khmer; Tai Le to New Tai Lue; Tai Tham; Chinese and Japanese; Myanmar's extensions; Tai Viet.
WITHOUT_SPACES: Final[Ranges] = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x1950, 0x19DF),
    (0x1A20, 0x1AAF),
    (0x3005, 0x3006),
    (0x3041, 0x309F),
    (0x3100, 0x312F),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAADF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)


def spell_ranges(ranges: Ranges) -> str:
    r"""Write ranges for a bracketed class: spell_ranges([(0x41, 0x43)]) -> r"\x{41}-\x{43}"."""
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in ranges)


# A letter with its marks, or a run of Katakana.
UNSPACED: Final = rf"[{spell_ranges(WITHOUT_SPACES)}]\pM*|[{spell_ranges(KATAKANA)}]+"


def count_words(texts: pa.Array) -> NDArray[np.int64]:
    """Count words: count_words(["It is  bad", "", "\u5f88\u597d ok"]) -> [3, 0, 3]."""
    if pc.any(pc.match_substring_regex(texts, UNSPACED)).as_py():
        texts = pc.replace_substring_regex(texts, rf"({UNSPACED})", r" \1 ")
    counts: NDArray[np.int64] = pc.list_value_length(
        pc.utf8_split_whitespace(pc.utf8_trim_whitespace(texts))
    ).to_numpy()
    is_blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0).to_numpy(zero_copy_only=False)
    return np.where(is_blank, 0, counts)

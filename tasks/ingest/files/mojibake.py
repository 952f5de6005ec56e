"""Texts that were decoded with the wrong character set: "Ã©" where there was "é".

Such a text is valid UTF-8, but its bytes in an older character set are valid UTF-8 too, as those of other text hardly
ever are.
"""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.ingest.files.lines import name_codec
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.rows import Rows

CHARSETS: Final = ("cp1252", "latin-1", "cp1251")
RUN: Final = re.compile(r"[^\x00-\x7f]{2,}")
# What a lone sign may have been: a letter of a Latin script, a sign of punctuation, currency or trade, or an emoji.
LONE: Final = re.compile("[\xa0-\u017f\u2010-\u2044\u20ac\u2122\U0001f000-\U0001ffff]")


def note_mojibake(texts: pa.Array, rows: Rows, options: FileOptions) -> list[Note]:
    """Note, in a list of at most one note, the texts of a batch that look wrongly decoded."""
    suspects = np.flatnonzero(pc.fill_null(pc.invert(pc.string_is_ascii(texts)), False))
    found = [
        (row, *signs)
        for row, text in zip(suspects, texts.take(suspects).to_pylist(), strict=True)
        if (signs := find_mojibake(text))
    ]
    if not found:
        return []
    row, wrong, right = found[0]
    is_chosen = name_codec(options.charset) != "utf-8-sig"
    remedy = "leave out --charset, because the file is UTF-8" if is_chosen else "save it again with the right one"
    return [
        Note(
            "texts that look decoded with the wrong character set",
            len(found),
            int(rows.numbers[row]),
            f": {wrong!r} was {right!r}; {remedy}",
            rows.unit,
        )
    ]


def find_mojibake(text: str) -> tuple[str, str] | None:
    """Find the first sign that was decoded wrongly, and what it was: find_mojibake("CafÃ©") -> ("Ã©", "é")."""
    for run in RUN.findall(text):
        for charset in CHARSETS:
            if (right := decode_again(run, charset)) and (len(right) > 1 or LONE.fullmatch(right)):
                return run, right
    return None


def decode_again(run: str, charset: str) -> str | None:
    """Decode the bytes that a text has in a character set as UTF-8; None if they are not."""
    try:
        return run.encode(charset).decode()
    except UnicodeError:
        return None

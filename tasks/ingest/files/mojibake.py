"""Texts that were decoded with the wrong character set: "Ã©" where there was "é".

Such a text is valid UTF-8, but its bytes in an older character set are valid UTF-8 too, as those of other text hardly
ever are.
"""

import re
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.ingest.files.lines import UTF_8, name_codec
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.rows import Rows

# Character sets, and a sign that a text decoded with one has where it was a sequence of UTF-8.
CHARSETS: Final = {
    "cp1252": None,
    "latin-1": None,
    "cp1251": None,
    "mac_roman": re.compile("[\u221a\xac\u201a\u2013\u2014\u201e\u2030]"),
    "cp437": re.compile("[\u251c\u252c\u0393\u2568\u2564\u03c0\u03a3]"),
    "koi8_r": re.compile("[\u2500-\u25a0]"),
    "gb18030": re.compile("[\u3000-\u9fff\ue000-\uf8ff]{6}"),
}
RUN: Final = re.compile(r"[^\x00-\x7f]{2,}")
# What a lone sign may have been: a letter of a Latin script, a sign of punctuation, currency or trade, or an emoji.
LONE: Final = re.compile("[\xa0-\u017f\u2010-\u2044\u20ac\u2122\U0001f000-\U0001ffff]")
# What stands for bytes that could not be decoded.
LOST: Final = "\ufffd"
# No language has words of so many accented letters; Cyrillic read as Latin looks so.
ACCENTED: Final = re.compile("[\xc0-\xff]{6,}")
CHINESE: Final = re.compile("[\u3000-\u9fff\uff00-\uffef]+")
CYRILLIC: Final = re.compile("[\u0410-\u044f\u0401\u0451]+")
FEWEST_LETTERS: Final = 3


class Suspect(NamedTuple):
    """What is wrong in a text: what was found, an example, what that was (None if it is lost), and its charset."""

    finding: str
    wrong: str
    right: str | None
    charset: str


def note_mojibake(texts: pa.Array, rows: Rows, options: FileOptions) -> list[Note]:
    """Note the texts of a batch that look wrongly decoded, in a note for each kind."""
    suspects = np.flatnonzero(pc.fill_null(pc.invert(pc.string_is_ascii(texts)), False))
    found: dict[str, list[tuple[int, Suspect]]] = {}
    for row, text in zip(suspects, texts.take(suspects).to_pylist(), strict=True):
        if suspect := find_mojibake(text):
            found.setdefault(suspect.finding, []).append((int(row), suspect))
    is_chosen = name_codec(options.charset) != UTF_8
    return [
        Note(
            finding,
            len(cases),
            int(rows.numbers[cases[0][0]]),
            describe_remedy(cases[0][1], is_chosen=is_chosen),
            rows.unit,
        )
        for finding, cases in found.items()
    ]


def describe_remedy(suspect: Suspect, *, is_chosen: bool) -> str:
    """Show what is wrong, and say what to do about it; `is_chosen` if the file was read in another set than UTF-8."""
    if suspect.right is None:
        return f": {suspect.wrong!r}; they cannot be restored, so look for a copy that was not saved with the wrong one"
    remedy = "save it again with the right one"
    if is_chosen:
        is_utf8 = suspect.charset == "utf-8"
        remedy = "leave out --charset, because the file is UTF-8" if is_utf8 else f"try --charset {suspect.charset}"
    return f": {suspect.wrong!r} was {suspect.right!r}; {remedy}"


def find_mojibake(text: str) -> Suspect | None:
    """Find the first sign of a text that was decoded wrongly: find_mojibake("CafÃ©") finds "Ã©", which was "é"."""
    for run in RUN.findall(text):
        for charset, sign in CHARSETS.items():
            if sign is not None and not sign.search(run):
                continue
            if (right := decode_again(run, charset)) and is_likely(run, right, charset):
                return Suspect("texts that look decoded with the wrong character set", run, right, "utf-8")
    if LOST in text:
        place = text.index(LOST)
        return Suspect("texts with characters that were lost", text[max(0, place - 5) : place + 5], None, "")
    for word in ACCENTED.findall(text):
        right = word.encode("latin-1").decode("cp1251")
        if CYRILLIC.fullmatch(right) and len(set(right)) >= FEWEST_LETTERS:
            return Suspect("texts that look like Cyrillic in a Latin character set", word, right, "cp1251")
    return None


def is_likely(run: str, right: str, charset: str) -> bool:
    """Tell whether a run is more likely to have been what it can be decoded to than what it is."""
    if charset == "gb18030":
        return CHINESE.fullmatch(right) is not None
    is_word = CYRILLIC.fullmatch(run) is not None
    return len(right) > 1 or (LONE.fullmatch(right) is not None and not is_word)


def decode_again(run: str, charset: str) -> str | None:
    """Decode the bytes that a text has in a character set as UTF-8; None if they are not."""
    try:
        return run.encode(charset).decode()
    except UnicodeError:
        return None

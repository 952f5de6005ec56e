r"""The one place where review text is changed: what is stored is the source's text after these steps, in this order.

1. What follows the first million characters is cut, because some libraries take 200 times as many bytes of memory.
2. A Python bytes literal (`b'It\\'s good'`, left behind by `str()` on bytes) becomes the text that it encodes.
3. HTML line breaks and other formatting tags become a space; anything else in angle brackets stays.
4. HTML entities of markup characters (`&amp;`, `&quot;`, ...) become the characters that they stand for.
5. Line endings of Windows and of old Macs become those of Unix.
6. Leading and trailing white space is removed.

Texts of several columns are joined by a space first, skipping nulls. A text that is empty after cleaning is blank.
"""

import ast
import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.ingest.files.notes import Note

LONGEST_TEXT: Final = 1_000_000
# Nearly all markup in reviews is this one tag; a regular expression takes ten times as long.
LINE_BREAK: Final = "<br />"
TAGS: Final = (
    "a|abbr|b|big|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|li|ol|p|pre|s|small|span|strong|sub|sup|u|ul"
)
MARKUP: Final = re.compile(rf"</?(?:{TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
ENTITIES: Final = {
    "&quot;": '"',
    "&#34;": '"',
    "&#39;": "'",
    "&apos;": "'",
    "&lt;": "<",
    "&gt;": ">",
    "&nbsp;": " ",
    "&amp;": "&",
}
ENTITY: Final = re.compile("|".join(ENTITIES))


def clean_texts(texts: pa.Array) -> pa.Array:
    """Clean a string array of any length; nulls stay null."""
    return pa.array([None if text is None else clean_text(text) for text in texts.to_pylist()], pa.string())


def note_cut_texts(texts: pa.Array, numbers: NDArray[np.int64], unit: str) -> list[Note]:
    """Note, in a list of at most one note, the texts of a batch that cleaning cuts."""
    cut = np.flatnonzero(pc.fill_null(pc.greater(pc.utf8_length(texts), LONGEST_TEXT), False))
    finding = f"texts that are cut after {LONGEST_TEXT:,} characters"
    return [Note(finding, len(cut), int(numbers[cut[0]]), unit=unit)] if len(cut) else []


def clean_text(text: str) -> str:
    """Clean one text: clean_text("Good.<br /><br />Bad &amp; sad ") -> "Good.  Bad & sad"."""
    text = unwrap_bytes_literal(text[:LONGEST_TEXT])
    if "<" in text:
        text = MARKUP.sub(" ", text.replace(LINE_BREAK, " "))
    if "&" in text:
        text = ENTITY.sub(lambda found: ENTITIES[found[0]], text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def unwrap_bytes_literal(text: str) -> str:
    """Undo `str()` on bytes: unwrap_bytes_literal("b'good'") -> "good"."""
    if not (text.startswith(("b'", 'b"')) and text.endswith(text[1])):
        return text
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what ast raises for text that is not a literal
        return text
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else text

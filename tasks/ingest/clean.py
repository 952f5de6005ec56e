r"""The one place where review text is changed: what is stored is the source's text after these steps, in this order.

1. A Python bytes literal (`b'It\\'s good'`, the trace of `str()` called on bytes) becomes the text that it spells.
2. HTML line breaks and other formatting tags become a space; anything else in angle brackets stays.
3. HTML entities of markup characters (`&amp;`, `&quot;`, ...) become the characters that they stand for.
4. White space at both ends is dropped.
"""

import ast
import re
from collections.abc import Callable
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

TAGS: Final = (
    "a|abbr|b|big|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|li|ol|p|pre|s|small|span|strong|sub|sup|u|ul"
)
MARKUP: Final = rf"(?i)</?(?:{TAGS})(?:\s[^<>]*)?/?>"
BYTES_LITERAL: Final = r"""(?s)^b(?:'.*'|".*")$"""
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


def clean_texts(texts: pa.Array) -> pa.Array:
    """Clean a string array of any length; nulls stay null."""
    if pc.any(pc.or_(pc.starts_with(texts, "b'"), pc.starts_with(texts, 'b"'))).as_py():
        texts = pa.array([unwrap_bytes_literal(text) for text in texts.to_pylist()], pa.string())
    # Nearly all markup of reviews is this one tag; a regular expression takes ten times as long.
    texts = pc.replace_substring(texts, "<br />", " ")
    texts = replace_where(texts, "<", lambda found: pc.replace_substring_regex(found, MARKUP, " "))
    for entity, character in ENTITIES.items():
        texts = replace_where(texts, entity, partial(pc.replace_substring, pattern=entity, replacement=character))
    return pc.utf8_trim_whitespace(texts)


def replace_where(texts: pa.Array, substring: str, replace: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Apply a replacement to the texts that hold a substring, and leave the others alone."""
    holds = pc.fill_null(pc.match_substring(texts, substring), False)
    return pc.replace_with_mask(texts, holds, replace(texts.filter(holds))) if pc.any(holds).as_py() else texts


def unwrap_bytes_literal(text: str | None) -> str | None:
    """Undo `str()` on bytes: unwrap_bytes_literal("b'good'") -> "good"."""
    if text is None or not re.match(BYTES_LITERAL, text):
        return text
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # ast's ways to say that it is no literal
        return text
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else text

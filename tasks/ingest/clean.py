r"""The one place where review text is changed: what is stored is the source's text after these steps, in this order.

1. A Python bytes literal (`b'It\\'s good'`, the trace of `str()` called on bytes) becomes the text that it spells.
2. HTML line breaks and other formatting tags become a space; anything else in angle brackets stays.
3. HTML entities of markup characters (`&amp;`, `&quot;`, ...) become the characters that they stand for.
4. White space at both ends is dropped.
"""

import ast
import re
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
    if pc.any(pc.match_substring_regex(texts, BYTES_LITERAL)).as_py():
        texts = pa.array([unwrap_bytes_literal(text) for text in texts.to_pylist()], pa.string())
    if pc.any(pc.match_substring(texts, "<")).as_py():
        texts = pc.replace_substring_regex(texts, MARKUP, " ")
    if pc.any(pc.match_substring(texts, "&")).as_py():
        for entity, character in ENTITIES.items():
            texts = pc.replace_substring(texts, entity, character)
    return pc.utf8_trim_whitespace(texts)


def unwrap_bytes_literal(text: str | None) -> str | None:
    """Undo `str()` on bytes: unwrap_bytes_literal("b'good'") -> "good"."""
    if text is None or not re.match(BYTES_LITERAL, text):
        return text
    try:
        value = ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else text

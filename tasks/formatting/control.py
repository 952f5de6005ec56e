"""Show control characters instead of sending them: they can rewrite a terminal, split a line or reverse a text."""

import re
from typing import Final

# The controls of C0 and C1, separators of lines and paragraphs, marks that change the direction of a text, and halves
# of surrogate pairs. A joiner is no control: scripts and emoji need it.
ANY: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
EXCEPT_LAYOUT: Final = re.compile(ANY.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def escape_control(text: str) -> str:
    r"""Write control characters, line breaks included, as Python would.

    escape_control("a<ESC>[2Jb") -> r"a\x1b[2Jb", where <ESC> is the escape character.
    """
    return ANY.sub(escape_character, text)


def escape_control_in_lines(text: str) -> str:
    """Do the same, and keep tabs and line feeds."""
    return EXCEPT_LAYOUT.sub(escape_character, text)


def escape_control_in_json(text: str) -> str:
    r"""Write the control characters within a line of JSON in JSON's own way, which changes no value."""
    return ANY.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def escape_character(match: re.Match[str]) -> str:
    r"""Write one character as Python would: a line feed becomes a backslash and an n."""
    return match[0].encode("unicode_escape").decode("ascii")

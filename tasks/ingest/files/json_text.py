"""The text of a JSON document, decoded value by value: a long list needs no more memory than its longest items."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from tasks.errors import UserError
from tasks.ingest.files.lines import LONGEST_LINE, read_blocks

# Python converts no more digits than this.
MOST_DIGITS: Final = 4_000
# NaN and infinities are no JSON, but Python writes them.
DECODER: Final = json.JSONDecoder(
    parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else digits, parse_constant=lambda _: None
)
NOT_SPACE: Final = re.compile(r"[^ \t\n\r]")
# An error this close to the end of what has been read may only mean that there is more to read.
MARGIN: Final = 16
UNTERMINATED: Final = "Unterminated string"


class TooLongError(UserError):
    """A value has more characters than any row should have."""


class Value(NamedTuple):
    """A JSON value and its text."""

    content: Any
    text: str


class JsonText:
    """A position in a JSON text, which is read as far as it is needed."""

    def __init__(self, path: Path, *, charset: str) -> None:
        self.path = path
        self.blocks = read_blocks(path, charset=charset)
        self.text = ""
        self.position = 0
        # The number of the line on which `text` begins, and how many characters of that line come before it.
        self.number = 1
        self.indent = 0

    def read_more(self, longest: int = LONGEST_LINE) -> bool:
        """Read as much again as is left; returns False at the end of the text.

        Raises TooLongError when more than `longest` characters are left, because a value should not be longer.
        """
        if len(self.text) - self.position > longest:
            place = f"{self.path.name} line {self.locate(self.position)[0]:,}"
            raise TooLongError(
                f"{place} begins a value of more than {longest:,} characters; expected a shorter one. Divide it, or "
                "remove it."
            )
        blocks = []
        num_wanted = max(1, len(self.text) - self.position)
        while num_wanted > 0 and (block := next(self.blocks, "")):
            blocks.append(block)
            num_wanted -= len(block)
        if blocks:
            self.number, self.indent = self.locate(self.position)
            self.text, self.position = "".join([self.text[self.position :], *blocks]), 0
        return bool(blocks)

    def peek(self) -> str:
        """Skip white space and return the next character; "" at the end of the text."""
        while True:
            if found := NOT_SPACE.search(self.text, self.position):
                self.position = found.start()
                return found[0]
            self.position = len(self.text)
            if not self.read_more():
                return ""

    def take_sign(self, *signs: str) -> str:
        """Take one of some characters. Raises UserError for another one."""
        found = self.peek()
        if not found or found not in signs:
            raise UserError(self.describe(f"{found or 'the end'!r} instead of {' or '.join(map(repr, signs))}"))
        self.position += 1
        return found

    def take_value(self, *, longest: int = LONGEST_LINE) -> Value:
        """Take the next value. Raises UserError if it is no JSON or has more than `longest` characters."""
        self.peek()
        while True:
            try:
                content, end = DECODER.raw_decode(self.text, self.position)
            except json.JSONDecodeError as error:
                if not self.may_go_on(error) or not self.read_more(longest):
                    raise UserError(self.describe(error.msg.lower().removesuffix(" at"), error.pos)) from error
                continue
            except RecursionError as error:
                raise UserError(self.describe("values are nested too deeply")) from error
            # A number at the end of what has been read may have more digits.
            if end < len(self.text) or not isinstance(content, int | float) or not self.read_more(longest):
                source = self.text[self.position : end]
                self.position = end
                return Value(content, source)

    def may_go_on(self, error: json.JSONDecodeError) -> bool:
        """Tell whether a value may only lack what has not been read."""
        return error.msg.startswith(UNTERMINATED) or error.pos > len(self.text) - MARGIN

    def take_items(self) -> Iterator[Value]:
        """Take the items of a list."""
        self.take_sign("[")
        if self.peek() == "]":
            self.take_sign("]")
            return
        while True:
            yield self.take_value()
            if self.take_sign(",", "]") == "]":
                return

    def take_line(self, longest: int) -> str | None:
        """Take the rest of the line; None if it has more than `longest` characters."""
        while "\n" not in self.text[self.position :]:
            if len(self.text) - self.position > longest:
                return None
            if not self.read_more(longest):
                break
        line, _, _ = self.text[self.position :].partition("\n")
        self.position += len(line)
        return line

    def seek_key(self, place: str) -> list[str]:
        """Go to the value of the key with which a place such as "data.rows" begins, whether or not the key has dots.

        Returns the keys on the way, with that one as the last if it is found.
        """
        self.take_sign("{")
        keys: list[str] = []
        while self.peek() == '"':
            keys.append(self.take_value().content)
            self.take_sign(":")
            if f"{place}.".startswith(f"{keys[-1]}."):
                break
            self.skip_value()
            if self.take_sign(",", "}") == "}":
                break
        return keys

    def skip_value(self) -> None:
        """Skip a value; of a list, item by item."""
        if self.peek() == "[":
            for _ in self.take_items():
                pass
        else:
            self.take_value()

    def describe(self, finding: str, position: int | None = None) -> str:
        """Say what is wrong at a position, by default the present one."""
        position = self.position if position is None else position
        number, indent = self.locate(position)
        return (
            f"{self.path.name} line {number:,} is not JSON ({finding} at column {indent + 1:,}); expected valid JSON. "
            "Correct the file there."
        )

    def locate(self, position: int) -> tuple[int, int]:
        """Return the number of a position's line, and how many characters of the line come before it."""
        start = self.text.rfind("\n", 0, position)
        indent = position - start - 1 if start >= 0 else self.indent + position
        return self.number + self.text.count("\n", 0, position), indent


def is_json(text: str) -> bool:
    """Tell whether a text is a JSON value."""
    try:
        DECODER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True

"""The pattern of --line-pattern, with a limit on the time that a line may take.

A pattern such as `(a|aa)+b` can match a line in so many ways that to try them all would take years. The module `regex`
reads what Python's `re` reads, and gives up after a time.
"""

from pathlib import Path
from typing import Any, Final

import regex

from tasks.errors import UserError
from tasks.ingest.files.lines import shorten

# Of processor time, for one line.
MOST_SECONDS: Final = 5.0
EXAMPLE: Final = "(?P<label>[^:]+): (?P<text>.+)"


def compile_pattern(pattern: str, *, across_lines: bool = False) -> Any:
    """Compile a pattern, in which a dot matches a line feed if it is `across_lines`.

    Raises ValueError that says what is wrong with it.
    """
    try:
        return regex.compile(pattern, regex.DOTALL if across_lines else 0)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise ValueError(
            f"{pattern!r} is not a regular expression: {reason}; expected one such as {EXAMPLE}"
        ) from error


def match_line(pattern: Any, content: str, *, path: Path, number: int) -> Any:
    """Match a whole line. Raises UserError when it does not match, or takes too long."""
    place = f"{path.name} line {number:,}"
    try:
        found = pattern.fullmatch(content, timeout=MOST_SECONDS)
    except TimeoutError as error:
        raise UserError(
            f"{place}: to match the {len(content):,} characters with --line-pattern takes more than {MOST_SECONDS:g} "
            f"seconds; expected a pattern that reads a line in one way. Write {pattern.pattern!r} without a repetition "
            "within a repetition."
        ) from error
    if not found:
        raise UserError(
            f"{place} does not match --line-pattern: {shorten(content)!r}; expected {pattern.pattern!r}. Correct "
            "the line, or the pattern."
        )
    return found

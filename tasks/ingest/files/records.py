r"""Lines of text as records: tables with a delimiter, and lines that follow a pattern.

A record consists of the number of the line on which it starts, and its values. Blank lines are skipped.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tasks.errors import UserError
from tasks.ingest.files.advice import advise_on_quotes
from tasks.ingest.files.lines import LONGEST_LINE, read_lines
from tasks.ingest.files.patterns import match_line

Record = tuple[int, Sequence[str]]
JsonRecord = tuple[int, dict[str, Any]]


class Span(NamedTuple):
    """A record of more than one line: the numbers of its first and last line, and its values."""

    start: int
    end: int
    values: Sequence[str]


def read_quoted(
    path: Path,
    *,
    charset: str,
    delimiter: str,
    num_skipped: int = 0,
    spans: list[Span] | None = None,
    escape: str | None = None,
) -> Iterator[Record]:
    """Read a table whose quoted fields may hold delimiters, doubled quotes and line ends (RFC 4180).

    The first `num_skipped` lines are left out. Records of more than one line are appended to `spans` as well. With an
    `escape`, a quote, a delimiter or a line end after it is a plain character; before others, it is one itself.
    """
    csv.field_size_limit(LONGEST_LINE)
    last = [""]
    lines = remember(skip_lines(read_lines(path, charset=charset, newline=""), num_skipped), last)
    if escape:
        lines = double_escapes(lines, escape, delimiter)
    reader = csv.reader(lines, delimiter=delimiter, strict=True, escapechar=escape)
    number = 1 + num_skipped
    try:
        for values in reader:
            end = reader.line_num + num_skipped
            if values:
                if end != number and spans is not None:
                    spans.append(Span(number, end, values))
                yield number, values
            number = end + 1
    except csv.Error as error:
        raise UserError(
            f"{path.name} line {number:,}: {error}; expected fields that contain a delimiter or a quote to be quoted, "
            f"and quotes inside them to be doubled. {advise_on_quotes(last[0], path, delimiter)}"
        ) from error


def remember(lines: Iterator[str], last: list[str]) -> Iterator[str]:
    """Pass lines on, and keep the present one."""
    for line in lines:
        last[0] = line
        yield line


def double_escapes(lines: Iterator[str], escape: str, delimiter: str) -> Iterator[str]:
    r"""Double the escapes that stand for themselves, so that C:\new keeps its backslash, but \" is a quote."""
    special = f'{escape}{delimiter}"\r\n'
    pair = re.compile(f"{re.escape(escape)}(.?)", re.DOTALL)
    for line in lines:
        yield pair.sub(lambda found: found[0] if found[1] and found[1] in special else escape + found[0], line)


def skip_lines(lines: Iterator[str], num_skipped: int) -> Iterator[str]:
    """Leave out the first lines."""
    for _ in range(num_skipped):
        next(lines, None)
    return lines


def read_unquoted(path: Path, *, charset: str, delimiter: str, num_skipped: int = 0) -> Iterator[Record]:
    """Read a table in which quotes are plain characters and each line is a row; `num_skipped` lines are left out."""
    lines = skip_lines(read_lines(path, charset=charset), num_skipped)
    for number, line in enumerate(lines, start=1 + num_skipped):
        if content := strip_ending(line):
            yield number, content.split(delimiter)


def read_pattern(path: Path, *, charset: str, pattern: Any) -> Iterator[Record]:
    """Read lines, each of which must match the whole compiled pattern; the values are those of its named groups."""
    groups = list(pattern.groupindex)
    for number, line in enumerate(read_lines(path, charset=charset), start=1):
        if not (content := strip_ending(line)).strip():
            continue
        found = match_line(pattern, content, path=path, number=number)
        yield number, [found[group] or "" for group in groups]


def strip_ending(line: str) -> str:
    r"""Drop the end of the line: strip_ending("good\r\n") -> "good"."""
    return line.removesuffix("\n").removesuffix("\r")

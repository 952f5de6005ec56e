"""Quoted fields that span lines: whether they are what they seem, or plain quotes between which rows would be lost.

If one text begins with a quote and a later one ends with a quote, a reader of RFC 4180 takes everything in between for
one field. Such a field is told from a text of several lines by what it holds. Its lines, split at every delimiter, have
as many fields as the table has columns, and these fields resemble the table's other values: known values where a column
repeats a few, such as labels, and the same kind of value (number, word, phrase) elsewhere.

In a table of one column every line could be a row. There, a quote in the middle of a field shows that quotes are plain
characters, because a writer that quotes fields would have doubled it; without one, the fields are noted.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.ingest.files.lines import read_lines
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.records import Span
from tasks.ingest.files.rows import Columns

LINE_END: Final = re.compile(r"\r\n|\r|\n")
# Never in a field that was written as RFC 4180 says: a quote with neither an end of the field nor a quote beside it.
BARE_QUOTE: Final = r'(?<=[^"\r\n{0}])"(?=[^"\r\n{0}])'
NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)*")
# A column with more different values, or with longer ones, does not hold categories.
MOST_CATEGORIES: Final = 1_000
LONGEST_CATEGORY: Final = 100
SAMPLE_ROWS: Final = 200
SAMPLE_CHARACTERS: Final = 2**24
# Fields whose lines may turn out to be rows when more categories are known.
MOST_PENDING: Final = 100
IF_PLAIN: Final = "; if quotes are plain characters, add --quoting none"
KINDS: Final = ("empty", "number", "word", "phrase")

Fits = Callable[[str, int], bool]


@dataclass
class KnownColumn:
    """What is known about the values of a column; the memory that this takes is bounded."""

    num_rows: int = 0
    categories: set[str] = field(default_factory=set)
    is_open: bool = False
    kinds: set[str] = field(default_factory=set)
    is_indented: bool = False

    def learn(self, values: Sequence[str]) -> None:
        """Take in the values of some rows."""
        self.num_rows += len(values)
        for value in values[:SAMPLE_ROWS]:
            self.kinds.add(find_kind(value))
            self.is_indented |= value.startswith(" ")
        if not self.is_open:
            self.categories |= {value.strip() for value in set(values)}
            self.is_open = len(self.categories) > MOST_CATEGORIES or max(map(len, self.categories)) > LONGEST_CATEGORY
        if self.is_open:
            self.categories.clear()

    def has_kind(self, value: str) -> bool:
        """Tell whether the column holds values of this kind; one that holds phrases may hold words and numbers."""
        kind = find_kind(value)
        highest = max(map(KINDS.index, self.kinds))
        return kind in self.kinds if kind == "empty" else KINDS.index(kind) <= highest

    def holds(self, value: str) -> bool:
        """Tell whether the column may hold this value: a known one if each is repeated, otherwise one of its kind."""
        if self.is_open or 2 * len(self.categories) > self.num_rows:
            return self.has_kind(value)
        return value.strip() in self.categories


class QuoteCheck:
    """Looks at the quoted fields that span lines, batch by batch; `num_needed` to `num_columns` fields make a row."""

    def __init__(self, path: Path, options: FileOptions, delimiter: str, *, num_needed: int, num_columns: int) -> None:
        self.path = path
        self.options = options
        self.delimiter = delimiter
        self.widths = range(max(2, num_needed), num_columns + 1)
        self.columns = [KnownColumn() for _ in range(num_columns)]
        self.pending: list[Span] = []
        self.is_sampled = False

    def examine(self, spans: Sequence[Span], columns: Columns) -> list[Note]:
        """Raise UserError if a field looks like rows; `columns` has all values of the batch with these spans.

        This takes time only where the first and the last line of a record have as many fields as a row.
        """
        if self.options.quoting != "auto":
            return []
        if len(columns) == 1:
            return self.examine_lone(spans)
        suspects = [*self.pending, *(span for span in spans if self.has_row_ends(span))]
        if suspects:
            for known, values in zip(self.columns, columns, strict=True):
                known.learn(values)
        self.pending = [span for span in suspects if self.is_doubtful(span)][-MOST_PENDING:]
        return []

    def examine_lone(self, spans: Sequence[Span]) -> list[Note]:
        """Note the fields of a table of one column that span lines. Raises UserError if its quotes are plain."""
        if not spans:
            return []
        if not self.is_sampled and has_bare_quotes(self.path, self.options.charset, self.delimiter):
            raise UserError(describe_swallowed(self.path, spans[0]))
        self.is_sampled = True
        return [Note("quoted texts of several lines", len(spans), spans[0].start, IF_PLAIN)]

    def has_row_ends(self, span: Span) -> bool:
        """Tell whether the first and the last line of a record have as many fields as a row; this must be fast."""
        text = self.delimiter.join(span.values)
        end = "\n" if "\n" in text else "\r"
        last = text.count(self.delimiter, text.rfind(end)) + 1
        return last in self.widths and text.count(self.delimiter, 0, text.find(end)) + 1 in self.widths

    def is_doubtful(self, span: Span) -> bool:
        """Tell whether later rows may show that a field holds rows. Raises UserError if this is certain."""
        lines = split_span(span, self.delimiter)
        if self.looks_like_rows(span, lines, lambda value, index: self.columns[index].holds(value)):
            raise UserError(describe_swallowed(self.path, span))
        return self.looks_like_rows(span, lines, lambda value, index: self.columns[index].has_kind(value))

    def looks_like_rows(self, span: Span, lines: Sequence[Sequence[str]], fits: Fits) -> bool:
        """Tell whether the first line, the last line and at least half of the others could be rows."""
        broken = [index for index, value in enumerate(span.values) if LINE_END.search(value)]
        inner = [self.is_row(line, fits) for line in lines[1:-1]]
        return (
            self.is_row(lines[0], fits, opened=broken[0])
            and self.is_row(lines[-1], fits, closed=broken[-1])
            and 2 * sum(inner) >= len(inner)
        )

    def is_row(self, line: Sequence[str], fits: Fits, *, opened: int | None = None, closed: int | None = None) -> bool:
        """Tell whether the fields of a line could be a row.

        A field with a quote need not be a known value; if the quote does not precede it, it must begin like others.
        """
        if len(line) not in self.widths:
            return False
        return all(
            index == opened
            or ((index == closed or fits(value, index)) and (self.columns[index].is_indented or value[:1] != " "))
            for index, value in enumerate(line)
        )


def has_bare_quotes(path: Path, charset: str, delimiter: str) -> bool:
    """Tell whether the beginning of a table has quotes that its writer would have doubled if it quoted fields."""
    bare = re.compile(BARE_QUOTE.format(re.escape(delimiter)))
    num_left = SAMPLE_CHARACTERS
    for line in read_lines(path, charset=charset, newline=""):
        if bare.search(line):
            return True
        num_left -= len(line)
        if num_left < 0:
            break
    return False


def find_kind(value: str) -> str:
    """Classify a value: find_kind("7") -> "number", find_kind("good film") -> "phrase"."""
    words = value.split(maxsplit=1)
    if len(words) != 1:
        return "phrase" if words else "empty"
    return "number" if NUMBER.fullmatch(words[0]) else "word"


def split_span(span: Span, delimiter: str) -> list[list[str]]:
    """Split a record into the fields of its lines, as if quotes were plain characters, but without the quotes.

    Blank lines between the first and the last are left out, because they are no rows in either reading.
    """
    first, *others, last = LINE_END.split(delimiter.join(span.values))
    return [line.split(delimiter) for line in (first, *filter(None, others), last)]


def describe_swallowed(path: Path, span: Span) -> str:
    """Say which field looks like rows."""
    return (
        f"{path.name} line {span.start:,}: a quote opens a field that ends on line {span.end:,}, but these lines look "
        "like rows of their own; expected rows outside quotes. If quotes are plain characters, add --quoting none; if "
        "the field really spans these lines, add --quoting csv."
    )

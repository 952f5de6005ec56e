"""Quoted fields that span lines: whether they are what they seem, or plain quotes between which rows would be lost.

If one text begins with a quote and a later one ends with a quote, a reader of RFC 4180 takes everything in between for
one field. Such a field is told from a text of several lines by what it holds. Its lines, split at every delimiter, have
as many fields as the table has columns, and these fields resemble the table's other values: known values where a column
repeats a few, such as labels, and the same kind of value (number, word, phrase) elsewhere.

In a table of one column every line could be a row. There, a quote in the middle of a field shows that quotes are plain
characters, because a writer that quotes fields would have doubled it. That fields are quoted is shown by a delimiter in
one, because without quotes its line would not be a row, or by quotes around every field. Without either, the fields are
refused; where the only delimiter is in such a field, they are noted.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.ingest.files.advice import BACKSLASH, ESCAPED_QUOTE
from tasks.ingest.files.known_values import KnownColumn
from tasks.ingest.files.lines import read_lines
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.records import Span
from tasks.ingest.files.rows import Columns

LINE_END: Final = re.compile(r"\r\n|\r|\n")
# Never in a field that was written as RFC 4180 says: a quote with neither an end of the field nor a quote beside it.
BARE_QUOTE: Final = r'(?<=[^"\r\n{0}])"(?=[^"\r\n{0}])'
SAMPLE_CHARACTERS: Final = 2**24
# Fields whose lines may turn out to be rows when more categories are known.
MOST_PENDING: Final = 100
# How much a line or a field resembles a row.
UNLIKE, DOUBTFUL, ALIKE = range(3)
MAYBE_ROWS: Final = "quoted fields whose lines may be rows"
IF_PLAIN: Final = "; if quotes are plain characters, add --quoting none"


class QuoteCheck:
    """Looks at the quoted fields that span lines, batch by batch; `num_needed` to `num_columns` fields make a row."""

    def __init__(self, path: Path, options: FileOptions, delimiter: str, *, num_needed: int, num_columns: int) -> None:
        self.path = path
        self.options = options
        self.delimiter = delimiter
        self.widths = frozenset(range(max(2, num_needed), num_columns + 1))
        self.columns = [KnownColumn() for _ in range(num_columns)]
        self.pending: list[Span] = []
        self.is_quoted = False

    def examine(self, spans: Sequence[Span], columns: Columns) -> list[Note]:
        """Raise UserError if a field looks like rows; `columns` has all values of the batch with these spans.

        This takes time only where the first and the last line of a record have as many fields as a row.
        """
        if self.options.quoting != "auto":
            return []
        if len(columns) == 1:
            # In training, one column is refused for the lack of another, whatever is in it.
            return self.examine_lone(spans, columns[0]) if self.options.every_text else []
        suspects = [span for span in spans if self.has_row_ends(span)]
        if suspects or self.pending:
            for known, values in zip(self.columns, columns, strict=True):
                known.learn(values)
        earlier = [span for span in self.pending if self.is_doubtful(span)]
        doubtful = [span for span in suspects if self.is_doubtful(span)]
        self.pending = [*earlier, *doubtful][-MOST_PENDING:]
        return [Note(MAYBE_ROWS, len(doubtful), doubtful[0].start, IF_PLAIN)] if doubtful else []

    def examine_lone(self, spans: Sequence[Span], values: Sequence[str]) -> list[Note]:
        """Note the fields of a table of one column that span lines. Raises UserError if its quotes may be plain."""
        self.is_quoted |= any(self.delimiter in value and not LINE_END.search(value) for value in values)
        if not spans or self.is_quoted:
            return []
        lines = sample_lines(self.path, self.options.charset)
        bare = re.compile(BARE_QUOTE.format(re.escape(self.delimiter)))
        if any(map(bare.search, lines)):
            raise UserError(describe_swallowed(self.path, spans[0]))
        self.is_quoted = all(field.startswith('"') for field in list_fields(lines))
        if not self.is_quoted and not any(self.delimiter in span.values[0] for span in spans):
            raise UserError(describe_swallowed(self.path, spans[0]))
        return [] if self.is_quoted else [Note("quoted texts of several lines", len(spans), spans[0].start, IF_PLAIN)]

    def has_row_ends(self, span: Span) -> bool:
        """Tell whether the first and the last line of a record have as many fields as a row; this must be fast."""
        text = self.delimiter.join(span.values)
        end = "\n" if "\n" in text else "\r"
        if text.count(self.delimiter, 0, text.find(end)) + 1 not in self.widths:
            return False
        return text.count(self.delimiter, text.rfind(end)) + 1 in self.widths

    def is_doubtful(self, span: Span) -> bool:
        """Tell whether later rows may show that a field holds rows. Raises UserError if it is known to hold some."""
        likeness = self.compare_span(span)
        if likeness == ALIKE:
            raise UserError(describe_swallowed(self.path, span))
        return likeness == DOUBTFUL

    def compare_span(self, span: Span) -> int:
        """Tell how much the first line, the last line and at least half of the others resemble rows."""
        broken = [index for index, value in enumerate(span.values) if LINE_END.search(value)]
        first, *others, last = split_span(span, self.delimiter)
        ends = min(self.compare_line(first, opened=broken[0]), self.compare_line(last, closed=broken[-1]))
        inner = sorted(map(self.compare_line, others), reverse=True)
        return min([ends, *inner[: (len(inner) + 1) // 2]])

    def compare_line(self, line: Sequence[str], *, opened: int | None = None, closed: int | None = None) -> int:
        """Tell how much a line resembles a row; the fields `opened` and `closed` are parts, beside the quote.

        Known categories are proof. Without them, the values must be of the kind that their columns hold.
        """
        if len(line) not in self.widths:
            return UNLIKE
        cells = [(self.columns[index], index, value) for index, value in enumerate(line) if index != opened]
        categories = [(column, value) for column, index, value in cells if column.has_categories and index != closed]
        is_known = all(column.is_category(value) for column, value in categories)
        if is_known and any(value.strip() for _, value in categories):
            return ALIKE
        has_kinds = all(
            ((index == closed and value) or column.has_kind(value)) and (column.is_indented or value[:1] != " ")
            for column, index, value in cells
        )
        return (ALIKE if is_known else DOUBTFUL) if has_kinds else UNLIKE


def sample_lines(path: Path, charset: str) -> list[str]:
    """Read the first lines of a table, as they are in the file."""
    lines, num_left = [], SAMPLE_CHARACTERS
    for line in read_lines(path, charset=charset, newline=""):
        lines.append(line)
        num_left -= len(line)
        if num_left < 0:
            break
    return lines


def list_fields(lines: Sequence[str]) -> Iterator[str]:
    """List the fields of a table of one column as they are in the file; one with an open quote goes on."""
    field = ""
    for line in lines:
        field += line
        if field.count('"') % 2 == 0:
            if field.strip():
                yield field
            field = ""


def split_span(span: Span, delimiter: str) -> list[list[str]]:
    """Split a record into the fields of its lines, as if quotes were plain characters, but without the quotes.

    Blank lines between the first and the last are left out, because they are no rows in either reading.
    """
    first, *others, last = LINE_END.split(delimiter.join(span.values))
    return [line.split(delimiter) for line in (first, *filter(None, others), last)]


def describe_swallowed(path: Path, span: Span) -> str:
    """Say which field looks like rows."""
    is_escaped = any(ESCAPED_QUOTE in value or value.endswith("\\") for value in LINE_END.split("\n".join(span.values)))
    return (
        f"{path.name} line {span.start:,}: a quote opens a field that ends on line {span.end:,}, but these lines look "
        "like rows of their own; expected rows outside quotes. If quotes are plain characters, add --quoting none; if "
        f"the field really spans these lines, add --quoting csv.{f' {BACKSLASH}' * is_escaped}"
    )

"""The reader of tables with a delimiter."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from tasks.ingest.files.compression import name_content
from tasks.ingest.files.header import read_header
from tasks.ingest.files.lines import read_lines
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.quotes import QuoteCheck
from tasks.ingest.files.records import Record, Span, read_quoted, read_unquoted
from tasks.ingest.files.rows import Rows, select_columns

# The first line by which Excel tells itself the delimiter; it is no row.
DELIMITER_LINE: Final = re.compile(r'"?sep=([^"])"?')


def read_table(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read a table with a delimiter; its first row names the columns unless `options.columns` does.

    Columns without a name are left out of batches in which they have no values, and if `wanted` is given.
    """
    spans: list[Span] = []
    delimiter, records = read_records(path, options, spans)
    header, records = read_header(records, path, options, delimiter=delimiter)
    check = QuoteCheck(path, options, delimiter, num_needed=header.num_needed, num_columns=len(header.names))
    for numbers, columns, filled, notes in header.take_batches(records):
        found = check.examine([span for span in spans if span.start >= numbers[0]], columns)
        names = header.name_filled(filled) if wanted is None else header.names
        yield select_columns(columns, numbers, names, wanted=wanted)._replace(notes=(*notes, *found))
        spans.clear()


def read_records(path: Path, options: FileOptions, spans: list[Span]) -> tuple[str, Iterator[Record]]:
    """Find the delimiter and read the records; those of several lines are appended to `spans` as well."""
    declared = find_declared_delimiter(path, options.charset)
    is_tsv = name_content(path).lower().endswith(".tsv")
    delimiter = options.delimiter or declared or ("\t" if is_tsv else ",")
    num_skipped = 1 if declared else 0
    if options.quoting == "none":
        return delimiter, read_unquoted(path, charset=options.charset, delimiter=delimiter, num_skipped=num_skipped)
    return delimiter, read_quoted(
        path,
        charset=options.charset,
        delimiter=delimiter,
        num_skipped=num_skipped,
        spans=spans,
        escape="\\" if options.quoting == "backslash" else None,
    )


def find_declared_delimiter(path: Path, charset: str) -> str | None:
    """Find the delimiter that a first line `sep=;` declares; None without such a line."""
    line = next(read_lines(path, charset=charset, newline=""), "")
    found = DELIMITER_LINE.fullmatch(line.rstrip("\r\n"))
    return found[1] if found else None

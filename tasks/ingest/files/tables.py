"""The reader of tables with a delimiter."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from tasks.errors import UserError
from tasks.ingest.files.compression import strip_compression
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.quotes import QuoteCheck
from tasks.ingest.files.records import Record, Span, read_quoted, read_unquoted
from tasks.ingest.files.rows import Rows, batch_columns, select_columns


def read_table(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read a table with a delimiter; its first row names the columns unless `options.columns` does."""
    is_tsv = strip_compression(path.name).lower().endswith(".tsv")
    delimiter = options.delimiter or ("\t" if is_tsv else ",")
    spans: list[Span] = []
    records = (
        read_unquoted(path, charset=options.charset, delimiter=delimiter)
        if options.quoting == "none"
        else read_quoted(path, charset=options.charset, delimiter=delimiter, spans=spans)
    )
    names: Sequence[str] = options.columns
    if not names:
        _, names = next(records, (0, []))
        spans.clear()
    check = QuoteCheck(path, delimiter, num_needed=len(names), num_columns=len(names))
    for numbers, columns in batch_columns(check_widths(records, names, path, options)):
        if options.quoting == "auto":
            check.examine(spans, columns)
        spans.clear()
        yield select_columns(columns, numbers, names, wanted=wanted)


def check_widths(records: Iterable[Record], names: Sequence[str], path: Path, options: FileOptions) -> Iterator[Record]:
    """Pass records on; raises UserError for one that has more or fewer fields than there are columns."""
    for number, values in records:
        if len(values) != len(names):
            source = "--columns names" if options.columns else "the header has"
            raise UserError(
                f"{path.name} line {number:,}: number of fields {len(values):,}, but {source} {len(names):,}; expected "
                "the same. Correct the line, or the delimiter (--delimiter), quoting (--quoting) or names (--columns)."
            )
        yield number, values

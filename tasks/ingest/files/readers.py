"""The readers of files: one function per format, which yields all rows in order, in batches of bounded size.

A reader takes a path, the options and, as `wanted`, the names of the columns to read (None: all of them). It checks and
drops nothing; it raises UserError, with the place, for what cannot be read.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from tasks.ingest.files.json_records import read_json
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.patterns import compile_pattern
from tasks.ingest.files.records import read_pattern
from tasks.ingest.files.rows import Rows, batch_objects, batch_records


def read_objects(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read one JSON object per row. Objects may differ in their fields: a batch has the fields of its own objects."""
    records, unit = read_json(path, options)
    return batch_objects(records, path, unit=unit, wanted=wanted)


def read_matches(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read lines that match `options.line_pattern`; its named groups are the columns."""
    pattern = compile_pattern(str(options.line_pattern))
    records = read_pattern(path, charset=options.charset, pattern=pattern)
    return batch_records(records, list(pattern.groupindex), wanted=wanted)

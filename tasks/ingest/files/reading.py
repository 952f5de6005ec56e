"""A file of any of the formats as a stream of rows: all rows, in order, with all columns or those asked for.

Nothing is checked or dropped here beyond what makes a file unreadable; that is `gather`'s business.
"""

import re
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import UserError
from tasks.ingest.files.folder import hash_folder, read_folder
from tasks.ingest.files.lines import describe_damage, open_stream
from tasks.ingest.files.paths import (
    DELIMITED,
    FOLDER,
    JSON,
    LINES,
    check_path,
    find_compression,
    find_format,
    name_dataset,
    strip_compression,
)
from tasks.ingest.files.records import Record, read_json, read_pattern, read_quoted, read_unquoted
from tasks.ingest.files.rows import BATCH_CHARACTERS, Rows, batch_objects, batch_records
from tasks.ingest.sources.base import BATCH_ROWS
from tasks.store.outputs import record_file

FLAGS: Final = {"train": "--dataset", "validation": "--validation-path", "test": "--test-path"}
Quoting = Literal["csv", "none"]


@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """Where the files are and how they are to be read; empty means found by name, by ending or held out."""

    path: Path
    test_path: Path | None = None
    validation_path: Path | None = None
    text_columns: tuple[str, ...] = ()
    label_column: str | None = None
    columns: tuple[str, ...] = ()
    delimiter: str | None = None
    quoting: Quoting = "csv"
    charset: str = "utf-8"
    line_pattern: str | None = None
    max_dropped_share: float = 0.05

    @property
    def name(self) -> str:
        """The dataset's name: the file's, without its folder and endings."""
        return name_dataset(str(self.path))

    @property
    def paths(self) -> dict[str, Path]:
        """The files by the split that they hold; without others, train holds everything."""
        found = {"train": self.path, "validation": self.validation_path, "test": self.test_path}
        return {split: path for split, path in found.items() if path is not None}

    def describe(self) -> dict[str, Any]:
        """List everything but the places, as plain JSON."""
        settings = {name: value for name, value in asdict(self).items() if not name.endswith("path")}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


def check_files(options: FileOptions) -> None:
    """Raise UserError, within a second, for files that cannot be read and for flags that do not fit them."""
    for split, path in options.paths.items():
        check_path(path, FLAGS[split])
    formats = {tell_format(path, options) for path in options.paths.values()}
    for flag, is_given, served, kind in (
        ("--columns", bool(options.columns), DELIMITED, "a table such as .csv"),
        ("--delimiter", options.delimiter is not None, DELIMITED, "a table such as .csv"),
        ("--quoting none", options.quoting != "csv", DELIMITED, "a table such as .csv"),
        ("--line-pattern", options.line_pattern is not None, LINES, "a file of lines"),
    ):
        if is_given and served not in formats:
            raise UserError(f"{flag} is for {kind}, but {options.path.name!r} is none; leave it out.")


def tell_format(path: Path, options: FileOptions) -> str:
    """Tell a file's format by the flags and its ending."""
    return find_format(path, delimiter=options.delimiter, line_pattern=options.line_pattern)


def hash_files(options: FileOptions) -> dict[str, str]:
    """Hash what each path holds; of a folder, the names and contents of its texts."""
    return {
        split: hash_folder(path) if path.is_dir() else record_file(path).sha256 for split, path in options.paths.items()
    }


def peek_names(path: Path, options: FileOptions) -> list[str]:
    """Read the names of a file's columns from its first rows. Raises UserError when it has no rows."""
    first = next(read_rows(path, options), None)
    if first is None:
        raise UserError(f"{path.name} is empty: no rows; expected labelled texts in it.")
    return list(first.columns.schema.names)


def read_rows(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Yield all rows in order, at most BATCH_ROWS and about BATCH_CHARACTERS at a time.

    Columns are strings, in Parquet what they are. JSON objects may differ in their fields: a batch has those of its
    objects. With `wanted`, other columns are left out. Raises UserError where the file cannot be read.
    """
    kind = tell_format(path, options)
    if kind == FOLDER:
        yield from read_folder(path, charset=options.charset)
    elif kind == JSON:
        yield from batch_objects(read_json(path, charset=options.charset), path, wanted=wanted)
    elif kind == LINES:
        pattern = re.compile(str(options.line_pattern))
        records = read_pattern(path, charset=options.charset, pattern=pattern)
        yield from batch_records(records, list(pattern.groupindex), wanted=wanted)
    elif kind == DELIMITED:
        yield from read_table(path, options, wanted=wanted)
    else:
        yield from read_parquet(path, wanted=wanted)


def read_table(path: Path, options: FileOptions, *, wanted: Collection[str] | None) -> Iterator[Rows]:
    """Read a table with a delimiter; its first row names the columns unless `options.columns` does."""
    is_tsv = strip_compression(path.name).lower().endswith(".tsv")
    delimiter = options.delimiter or ("\t" if is_tsv else ",")
    read = read_quoted if options.quoting == "csv" else read_unquoted
    records = read(path, charset=options.charset, delimiter=delimiter)
    names: Sequence[str] = options.columns
    if not names:
        _, names = next(records, (0, []))
    yield from batch_records(check_widths(records, names, path, options), names, wanted=wanted)


def check_widths(records: Iterable[Record], names: Sequence[str], path: Path, options: FileOptions) -> Iterator[Record]:
    """Pass records on; raises UserError for one that has more or fewer fields than there are columns."""
    for number, values in records:
        if len(values) != len(names):
            source = "--columns names" if options.columns else "the header has"
            raise UserError(
                f"{path.name} line {number:,}: number of fields {len(values):,}, but {source} {len(names):,}; expected "
                "as many. Mend the line, or the delimiter (--delimiter), quoting (--quoting) or names (--columns)."
            )
        yield number, values


def count_batch_rows(metadata: pq.FileMetaData) -> int:
    """Say how many rows to read at a time: at most BATCH_ROWS, fewer where rows are long on average."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    num_bytes = sum(group.total_byte_size for group in groups)
    return int(max(1, min(BATCH_ROWS, BATCH_CHARACTERS * metadata.num_rows // max(1, num_bytes))))


def read_parquet(path: Path, *, wanted: Collection[str] | None) -> Iterator[Rows]:
    """Read a Parquet file page by page; a compressed one is unpacked to a temporary file first."""
    start = 0
    try:
        with tempfile.TemporaryFile() if find_compression(path) else path.open("rb") as file:
            if find_compression(path):
                with open_stream(path) as stream:
                    shutil.copyfileobj(stream, file)
            parquet = pq.ParquetFile(file, pre_buffer=False, buffer_size=2**20)
            names = parquet.schema_arrow.names
            columns = None if wanted is None else [name for name in names if name in wanted]
            for batch in parquet.iter_batches(batch_size=count_batch_rows(parquet.metadata), columns=columns):
                yield Rows(batch, np.arange(start + 1, start + 1 + len(batch)), "row")
                start += len(batch)
    except (OSError, pa.ArrowException) as error:
        raise UserError(describe_damage(path, f"as Parquet beyond row {start:,}", error)) from error

"""Read a file of any format as a stream of rows: all of them, in order, with all columns or those that are wanted.

Nothing is dropped here, and nothing is checked except that the file can be read; the intake does the rest.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.ingest.files.folder import hash_folder, hash_text
from tasks.ingest.files.formats import check_settings, find_format
from tasks.ingest.files.options import FLAGS, FileOptions, split_path
from tasks.ingest.files.paths import check_path
from tasks.ingest.files.rows import Rows
from tasks.store.fingerprint import hash_json
from tasks.store.outputs import record_file

# What is read of each file before anything slow starts.
HEAD_BYTES: Final = 2**22


def check_files(options: FileOptions) -> None:
    """Raise UserError, within a second, for files that cannot be read and for settings that do not apply to them."""
    for split, path in options.paths.items():
        for part in split_path(path):
            check_path(part, FLAGS[split])
    check_settings(options)


def hash_files(options: FileOptions) -> dict[str, str]:
    """Hash the content of each path; for several files or a folder, the names and contents of those that are read."""
    return {split: hash_path(path, options) for split, path in options.paths.items()}


def hash_path(path: Path, options: FileOptions) -> str:
    """Hash the content of one path, as `hash_files` does."""
    if list_files := find_format(path, options).list_files:
        parts = list_files(path)
        common = path if path.is_dir() else None
        return hash_json({str(part.relative_to(common) if common else part.name): hash_text(part) for part in parts})
    return hash_folder(path, every_text=options.every_text) if path.is_dir() else record_file(path).sha256


def peek_rows(path: Path, options: FileOptions) -> Rows:
    """Read a file's first rows. Raises UserError when it has none."""
    first = next(read_rows(path, options), None)
    if first is None:
        raise UserError(f"{path.name} has no rows; expected labelled texts in it. Choose another.")
    return first


def read_rows(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Yield all rows in order, at most BATCH_ROWS and about BATCH_CHARACTERS at a time.

    Columns are strings, except in Parquet, where they keep their types, and in folders, where texts are bytes. With
    `wanted`, other columns are left out. Raises UserError when the file cannot be read.
    """
    return find_format(path, options).read(path, options, wanted=wanted)


def take_head(batches: Iterable[Rows]) -> Iterator[Rows]:
    """Take the first batches, about HEAD_BYTES in all."""
    num_bytes = 0
    for rows in batches:
        yield rows
        num_bytes += rows.columns.nbytes
        if num_bytes > HEAD_BYTES:
            break

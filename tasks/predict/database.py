"""The rows of a database as a file to score, for as long as they are needed."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tasks.ingest.files.options import FileOptions
from tasks.ingest.sources.sql import fetch_rows


@contextlib.contextmanager
def fetched(files: FileOptions, url: str | None, *, output: Path) -> Iterator[FileOptions]:
    """Fetch the rows of a database into a hidden folder beside the output, which is deleted at the end of the block.

    The caller makes sure that no other run has the same output, so what a killed run has left is deleted too. Without a
    URL, the files are what they are. Raises UserError for a database or a query that cannot be read.
    """
    if url is None:
        yield files
        return
    folder = output.with_name(f".{output.name}.rows")
    try:
        yield fetch(files, url, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def fetched_head(files: FileOptions, url: str | None) -> Iterator[FileOptions]:
    """Fetch the first rows of a database into a temporary folder; raises UserError as `fetched` does."""
    if url is None:
        yield files
        return
    with tempfile.TemporaryDirectory() as folder:
        yield fetch(files, url, Path(folder), most_rows=1)


def fetch(files: FileOptions, url: str, folder: Path, *, most_rows: int | None = None) -> FileOptions:
    """Fetch rows into a file under the folder, and say how to read it."""
    path = fetch_rows(url, table=files.table, query=files.query, folder=folder, most_rows=most_rows)
    return replace(files, path=path, table=None, query=None)

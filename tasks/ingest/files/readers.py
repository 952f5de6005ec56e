"""The readers of files: one function per format, which yields all rows in order, in batches of bounded size.

A reader takes a path, the options and, as `wanted`, the names of the columns to read (None: all of them). It checks and
drops nothing; it raises UserError, with the place, for what cannot be read.
"""

import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import UserError
from tasks.ingest.files.compression import find_compression, open_stream
from tasks.ingest.files.json_records import read_json
from tasks.ingest.files.lines import describe_damage
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.records import read_pattern
from tasks.ingest.files.rows import BATCH_CHARACTERS, Rows, batch_objects, batch_records
from tasks.ingest.sources.base import BATCH_ROWS


def read_objects(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read one JSON object per row. Objects may differ in their fields: a batch has the fields of its own objects."""
    records, unit = read_json(path, options)
    return batch_objects(records, path, unit=unit, wanted=wanted)


def read_matches(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read lines that match `options.line_pattern`; its named groups are the columns."""
    pattern = re.compile(str(options.line_pattern))
    records = read_pattern(path, charset=options.charset, pattern=pattern)
    return batch_records(records, list(pattern.groupindex), wanted=wanted)


def read_parquet(path: Path, _options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
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
    except UnicodeDecodeError as error:
        name = error.object.decode(errors="backslashreplace")
        raise UserError(
            f"{path.name} has a column whose name is not UTF-8, '{name}'; expected UTF-8. Rename it and save again."
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise UserError(describe_damage(path, f"as Parquet beyond row {start:,}", error)) from error


def count_batch_rows(metadata: pq.FileMetaData) -> int:
    """Return how many rows to read at a time: at most BATCH_ROWS, fewer if rows are long on average."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    num_bytes = sum(group.total_byte_size for group in groups)
    return int(max(1, min(BATCH_ROWS, BATCH_CHARACTERS * metadata.num_rows // max(1, num_bytes))))

"""The readers of files that hold columns with types: Parquet, Arrow and ORC. Columns keep their types."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import UserError
from tasks.formatting.commands import name_result, spell_path, spell_python
from tasks.ingest.files.compression import DAMAGE, open_whole
from tasks.ingest.files.lines import describe_damage
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.rows import BATCH_CHARACTERS, Rows
from tasks.ingest.sources.base import BATCH_ROWS

ARROW_FILE: Final = b"ARROW1"
OLD_FEATHER: Final = b"FEA1"


def read_parquet(path: Path, _options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read a Parquet file page by page."""
    with reading(path, "Parquet") as file:
        parquet = pq.ParquetFile(file, pre_buffer=False, buffer_size=2**20)
        columns = choose_names(parquet.schema_arrow.names, wanted)
        yield from number_rows(parquet.iter_batches(batch_size=count_batch_rows(parquet.metadata), columns=columns))


def read_arrow(path: Path, _options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read an Arrow file, which is also called Feather, or an Arrow stream, batch by batch."""
    with reading(path, "Arrow") as file:
        mark = file.read(len(ARROW_FILE))
        file.seek(0)
        if mark.startswith(OLD_FEATHER):
            raise UserError(describe_old_feather(path))
        batches = list_batches(file) if mark == ARROW_FILE else pa.ipc.open_stream(file)
        yield from number_rows(cut_batch(batch, wanted) for whole in batches for batch in split_batch(whole))


def read_orc(path: Path, _options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read an ORC file stripe by stripe."""
    from pyarrow.orc import ORCFile

    with reading(path, "ORC") as file:
        content = ORCFile(file)
        columns = choose_names(content.schema.names, wanted)
        stripes = (content.read_stripe(index, columns=columns) for index in range(content.nstripes))
        yield from number_rows(batch for stripe in stripes for batch in split_batch(stripe))


@contextmanager
def reading(path: Path, kind: str) -> Iterator[BinaryIO]:
    """Open a file; a compressed one is unpacked to a temporary file. Raises UserError for one that is damaged."""
    try:
        with open_whole(path) as file:
            yield file
    except UnicodeDecodeError as error:
        name = error.object.decode(errors="backslashreplace")
        raise UserError(
            f"{path.name} has a column whose name is not UTF-8, '{name}'; expected UTF-8. Rename it and save again."
        ) from error
    except DAMAGE as error:
        raise UserError(describe_damage(path, f"as {kind}", error)) from error


def choose_names(names: Sequence[str], wanted: Collection[str] | None) -> list[str] | None:
    """Choose the columns to read; None for all."""
    return None if wanted is None else [name for name in names if name in wanted]


def number_rows(batches: Iterator[pa.RecordBatch]) -> Iterator[Rows]:
    """Number the rows of batches."""
    start = 0
    for batch in batches:
        yield Rows(batch, np.arange(start + 1, start + 1 + len(batch)), "row")
        start += len(batch)


def list_batches(file: BinaryIO) -> Iterator[pa.RecordBatch]:
    """Read an Arrow file batch by batch."""
    content: Any = pa.ipc.open_file(file)
    for index in range(content.num_record_batches):
        yield content.get_batch(index)


def cut_batch(batch: pa.RecordBatch, wanted: Collection[str] | None) -> pa.RecordBatch:
    """Leave out the columns that are not wanted."""
    return batch if wanted is None else batch.select([name for name in batch.schema.names if name in wanted])


def split_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Split a batch into parts of at most BATCH_ROWS rows, fewer if rows are long on average."""
    num_rows = limit_rows(len(batch), batch.nbytes)
    for start in range(0, len(batch), num_rows):
        yield batch.slice(start, num_rows)


def count_batch_rows(metadata: pq.FileMetaData) -> int:
    """Return how many rows of a Parquet file to read at a time."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    return limit_rows(metadata.num_rows, sum(group.total_byte_size for group in groups))


def limit_rows(num_rows: int, num_bytes: int) -> int:
    """Limit the rows of a batch: at most BATCH_ROWS, fewer if rows are long on average."""
    return int(max(1, min(BATCH_ROWS, BATCH_CHARACTERS * num_rows // max(1, num_bytes))))


def describe_old_feather(path: Path) -> str:
    """Give the command that converts a file of Feather's first version."""
    code = f"import pandas; pandas.read_feather({spell_path(path)!r}).to_parquet({name_result('.parquet')!r})"
    return f"{path.name} is Feather of version 1; expected version 2. Convert it: {spell_python(code)}"

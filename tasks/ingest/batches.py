"""Read the Parquet files that ingest wrote, in bounded memory however long the texts are."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.ingest.sources.base import BATCH_ROWS


def read_batches(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield all rows of a Parquet file in order, in batches of at most BATCH_ROWS that never span two row groups.

    Ingest makes row groups of about BATCH_CHARACTERS of text (`tasks.ingest.files.rows`). A batch that spanned several
    of them could hold BATCH_ROWS rows of any length.
    """
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield from file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns and list(columns))

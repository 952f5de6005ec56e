"""Cleaned reviews on disk; only the 12 bytes per review that decide its split stay in memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

# `id` is generated; `number` and `own_id`, if there is one, are the source's. Columns that slice the reviews follow.
SCHEMA: Final = pa.schema([("id", pa.string()), ("own_id", pa.string()), ("text", pa.string()), ("number", pa.int64())])
# So that a column of the source is never taken for one of these.
SLICE_PREFIX: Final = "slice "


@dataclass(frozen=True)
class Spool:
    """A split of the source: its cleaned reviews on disk, and their hashes and labels, both of shape (num_reviews,).

    `starts` are the indices of the first review of each batch in the file.
    """

    path: Path
    starts: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    labels: NDArray[np.int32]
    id_column: str = "id"

    def relabel(self, order: NDArray[np.int32]) -> "Spool":
        """Renumber the labels: label i becomes order[i]."""
        return replace(self, labels=order[self.labels])

    def choose_ids(self, *, own: bool) -> "Spool":
        """Use the source's own ids, or the generated ones."""
        return replace(self, id_column="own_id" if own else "id")


class SpoolWriter:
    """Writes the reviews of a split to an Arrow file and remembers their hashes and labels; `slices` names columns."""

    def __init__(self, path: Path, split: str, *, slices: Iterable[str] = ()) -> None:
        self.path = path
        self.split = split
        self.schema = pa.schema([*SCHEMA, *((f"{SLICE_PREFIX}{name}", pa.string()) for name in slices)])
        self.num_rows = 0
        self.hashes: list[NDArray[np.uint64]] = []
        self.labels: list[NDArray[np.int32]] = []

    def __enter__(self) -> Self:
        self.file = pa.OSFile(str(self.path), "wb")
        self.writer = pa.ipc.new_file(self.file, self.schema)
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.close()
        self.file.close()

    def write(
        self,
        texts: pa.Array,
        hashes: NDArray[np.uint64],
        labels: NDArray[np.int32],
        *,
        numbers: NDArray[np.int64],
        own_ids: pa.Array | None = None,
        slices: Mapping[str, pa.Array] = MappingProxyType({}),
    ) -> None:
        """Append reviews; all arrays have shape (num_rows,)."""
        ids = [f"{self.split}-{index}" for index in range(self.num_rows, self.num_rows + len(texts))]
        own_ids = pa.nulls(len(texts), pa.string()) if own_ids is None else own_ids
        columns = [pa.array(ids, pa.string()), own_ids, texts, pa.array(numbers, pa.int64()), *slices.values()]
        self.writer.write_batch(pa.record_batch(columns, schema=self.schema))
        self.hashes.append(hashes)
        self.labels.append(labels)
        self.num_rows += len(texts)

    def get_spool(self) -> Spool:
        """Describe what was written, which must be at least one batch; the writer must be closed."""
        starts = np.cumsum([0, *(len(hashes) for hashes in self.hashes[:-1])])
        return Spool(self.path, starts, np.concatenate(self.hashes), np.concatenate(self.labels))


def take_slices(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Take the columns of a batch that slice the reviews, by their names in the source."""
    return {
        name.removeprefix(SLICE_PREFIX): batch[name] for name in batch.schema.names if name.startswith(SLICE_PREFIX)
    }


def read_spool(path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield each batch with the index of its first row.

    The file is read rather than memory-mapped, because all its mapped pages would count as this process's memory.
    """
    start = 0
    with pa.OSFile(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for index in range(reader.num_record_batches):
            batch = reader.get_batch(index)
            yield start, batch
            start += len(batch)


def read_row(spool: Spool, index: int) -> dict[str, Any]:
    """Read one review by its index in the spool."""
    number = int(np.searchsorted(spool.starts, index, side="right")) - 1
    with pa.OSFile(str(spool.path)) as file:
        batch = pa.ipc.open_file(file).get_batch(number)
        row: dict[str, Any] = batch.slice(index - spool.starts[number], 1).to_pylist()[0]
    return row

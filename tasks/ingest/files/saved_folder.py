"""A folder of columnar files, as Hugging Face Datasets saves or downloads a set: subfolders or files per split."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from tasks.errors import UserError
from tasks.ingest.files.columnar import read_arrow, read_parquet
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.notes import Note
from tasks.ingest.files.options import SPLIT_NAMES, FileOptions
from tasks.ingest.files.rows import Rows

READERS: Final = {".arrow": read_arrow, ".parquet": read_parquet}
# What Datasets keeps of its own beside the files: results of `map`.
CACHED: Final = re.compile(r"cache-[0-9a-f]+\.arrow|tmp.*")
DEEPEST: Final = 2
# What files and folders are called that hold all splits.
NO_SPLITS: Final = frozenset({"data", "dataset", "default", "part", "shard", ""})
SPLIT: Final = "split"


class Shard(NamedTuple):
    """A file with rows, and the split that it belongs to, as its name or its folder's says; "" if neither does."""

    path: Path
    split: str


def is_saved(folder: Path) -> bool:
    """Tell whether a folder holds columnar files."""
    return bool(list_shards(folder))


def read_saved(folder: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read the files one after another, sorted by name, with a column `split` if their names tell splits.

    Splits of other names than the usual ones, such as unsupervised, are left out and noted. Raises UserError where one
    file tells a split and another does not, and for files that do not have the same columns.
    """
    shards = list_shards(folder)
    known = [shard for shard in shards if shard.split in SPLIT_NAMES]
    others = sorted({shard.split for shard in shards if shard.split not in SPLIT_NAMES} - {""})
    if known and any(not shard.split for shard in shards):
        raise UserError(
            f"folder {folder.name!r} has files that name a split, as {known[0].path.name!r} does, and others; expected "
            "names such as train-0.parquet for all. Rename the others, or move them away."
        )
    notes = (
        (Note(f"splits that are not read: {list_names(others)}", len(others), 1, unit="row"),)
        if known and others
        else ()
    )
    start = 0
    for shard in known or shards:
        for rows in READERS[shard.path.suffix](shard.path, options, wanted=wanted):
            numbers = np.arange(start + 1, start + 1 + len(rows.numbers))
            yield Rows(add_split(rows.columns, shard, wanted) if known else rows.columns, numbers, "row", notes)
            start, notes = start + len(numbers), ()


def add_split(batch: pa.RecordBatch, shard: Shard, wanted: Collection[str] | None) -> pa.RecordBatch:
    """Add the column that names the split, unless there is one of that name."""
    if SPLIT in batch.schema.names or (wanted is not None and SPLIT not in wanted):
        return batch
    column = pa.DictionaryArray.from_arrays(pa.array([0] * len(batch), pa.int32()), [shard.split])
    return batch.append_column(pa.field(SPLIT, pa.string()), column.dictionary_decode())


def list_shards(folder: Path) -> list[Shard]:
    """List the columnar files in a folder and its subfolders, sorted by name."""
    files = [path for depth in range(DEEPEST) for path in folder.glob("*/" * depth + "*") if is_shard(path)]
    return [Shard(path, find_split(path, folder)) for path in sorted(files)]


def is_shard(path: Path) -> bool:
    """Tell whether a file has rows."""
    return (
        path.suffix in READERS and not path.name.startswith(".") and not CACHED.fullmatch(path.name) and path.is_file()
    )


def find_split(path: Path, folder: Path) -> str:
    """Find the split that a file belongs to: the beginning of its name, or its folder's name; "" if neither is one.

    find_split(Path("f/data/train-00000-of-00002.parquet"), Path("f")) -> "train".
    """
    own = re.split(r"[-_.0-9]", path.name)[0].lower()
    names = [own, *([path.parent.name.lower()] if path.parent != folder else [])]
    known = [name for name in names if name in SPLIT_NAMES]
    return (known or [name for name in reversed(names) if name not in NO_SPLITS] or [""])[0]

"""A data frame as a file that is read and checked like any other labelled file."""

import contextlib
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import UserError, did_you_mean
from tasks.ingest.files.columns import ID_NAMES, SPLIT_NAMES, find_known, list_names
from tasks.ingest.files.paths import make_slug
from tasks.store.outputs import WORK_FOLDER

SCRATCH: Final = "frame"


@contextlib.contextmanager
def frame_as_file(
    frame: pd.DataFrame, *, texts: Sequence[str], label: str, slices: Sequence[str] = (), name: str, data_dir: Path
) -> Iterator[Path]:
    """Write the columns that are used to a Parquet file, which exists until the end of the block.

    These are the texts, the label, the slices and, as in any file, a column called "id" or "split". Raises UserError
    for a column that is missing or cannot be written; a UserError about the file within the block becomes one about the
    frame.
    """
    table = make_table(frame, texts, label, slices)
    # In the folder of interrupted work, under a name that cleaning knows, in case this process is killed.
    folder = data_dir / WORK_FOLDER / f"{SCRATCH}-{uuid4().hex[:16]}"
    folder.mkdir(parents=True)
    try:
        path = folder / f"{make_slug(name)}.parquet"
        pq.write_table(table, path)
        yield path
    except UserError as error:
        raise UserError(name_frame(str(error), path.name)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def name_frame(message: str, file: str) -> str:
    """Name the frame instead of its file: name_frame("f.parquet row 3", "f.parquet") -> "row 3 of the frame"."""
    return re.sub(rf"{re.escape(file)} row ([\d,]+)", r"row \1 of the frame", message).replace(file, "the frame")


def list_columns(columns: str | Sequence[str]) -> tuple[str, ...]:
    """List one or several columns: list_columns("body") -> ("body",)."""
    return (columns,) if isinstance(columns, str) else tuple(columns)


def make_table(frame: pd.DataFrame, texts: Sequence[str], label: str, slices: Sequence[str]) -> pa.Table:
    """Select the columns that are used, without index and pandas metadata, so that equal rows give equal files."""
    names = [name for name in frame.columns if isinstance(name, str)]
    for name in (*texts, label, *slices):
        check_name(name, names)
    others = [name for name in names if name not in {*texts, label}]
    known = [find_known(others, SPLIT_NAMES), find_known(others, ID_NAMES)]
    chosen = frame[list(dict.fromkeys((*texts, label, *slices, *filter(None, known))))]
    try:
        return pa.Table.from_pandas(chosen, preserve_index=False).replace_schema_metadata(None)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise UserError(
            f"a column of the frame mixes types: {error.args[0]}; expected values of one type in each column. "
            f"Convert it, for example: frame[{label!r}] = frame[{label!r}].astype(str)."
        ) from error


def check_name(name: str, names: Sequence[str]) -> None:
    """Raise UserError unless the frame has exactly one column of this name."""
    if names.count(name) != 1:
        raise UserError(
            f"the frame has {names.count(name) or 'no'} column{'s' * (name in names)} {name!r}; expected one of "
            f"{list_names(list(dict.fromkeys(names)))}.{did_you_mean(name, [it for it in names if it != name])}"
        )

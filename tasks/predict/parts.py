"""Scored rows on disk, in parts, so that a killed scoring run can resume where it stopped.

A part holds the rows of one batch of the input. It gets its name only when it is complete, so every part with a name is
complete. Because the input is always cut into the same batches, the number of parts is the number of batches done. The
name also has a hash of the content: a part that was damaged is scored again, as is everything after it.
"""

import re
import shutil
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pyarrow as pa

from tasks.formatting.formulas import Formulas
from tasks.predict.writers import LINE, Part, find_writer, merge_schemas
from tasks.store.durable import replace_durably
from tasks.store.outputs import record_file

PART_NAME = "{number:08d}-{digest}.arrow"
DIGEST_LENGTH = 16


def open_parts(output: Path, fingerprint: str) -> Path:
    """Create the folder of parts beside the output, and delete those of runs with other settings or inputs."""
    mine = output.with_name(f".{output.name}.{fingerprint}")
    pattern = re.compile(re.escape(f".{output.name}.") + "[0-9a-f]{16}")
    for folder in output.parent.iterdir():
        if pattern.fullmatch(folder.name) and folder != mine:
            shutil.rmtree(folder)
    mine.mkdir(exist_ok=True)
    drop_damaged(mine)
    return mine


def drop_damaged(folder: Path) -> None:
    """Delete the first part that is missing or damaged, and all after it."""
    parts = list_parts(folder)
    intact = takewhile(lambda it: it[1].name == name_part(it[0], it[1]), enumerate(parts))
    for path in parts[sum(1 for _ in intact) :]:
        path.unlink()


def name_part(number: int, path: Path) -> str:
    """Return the name that a part must have: its number and the start of its hash."""
    return PART_NAME.format(number=number, digest=record_file(path).sha256[:DIGEST_LENGTH])


def list_parts(folder: Path) -> list[Path]:
    """List the complete parts, in the order of the rows."""
    return sorted(folder.glob("*.arrow"))


def write_part(
    folder: Path, number: int, columns: pa.RecordBatch, added: pa.RecordBatch, *, lines: list[str] | None
) -> None:
    """Write the input's columns and the added ones; `lines` holds the rows as JSON text if the input is JSON lines."""
    arrays, fields = list(columns.columns), list(columns.schema)
    if lines is not None:
        arrays.append(pa.array(lines, pa.string()))
        fields.append(pa.field(LINE, pa.string()))
    schema = pa.schema([*fields, *added.schema], metadata=columns.schema.metadata)
    batch = pa.RecordBatch.from_arrays([*arrays, *added.columns], schema=schema)
    temporary = folder / "unfinished"
    with pa.OSFile(str(temporary), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(batch)
    replace_durably(temporary, folder / name_part(number, temporary))


def read_parts(folder: Path, *, num_added: int) -> Iterator[Part]:
    """Read one part after another."""
    for path in list_parts(folder):
        with pa.OSFile(str(path)) as file:
            yield Part(pa.ipc.open_file(file).read_all(), num_added)


def read_schema(path: Path) -> pa.Schema:
    """Read the schema of a part."""
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).schema


def publish(folder: Path, output: Path, parts: Iterator[Part], *, num_added: int, formulas: Formulas) -> None:
    """Write `parts` to the output file, move it into place when it is complete, and delete the folder of parts."""
    schema = merge_schemas([read_schema(path) for path in list_parts(folder)], num_added)
    joined = folder / "joined"
    find_writer(output)(joined, parts, schema, formulas)
    replace_durably(joined, output)
    shutil.rmtree(folder)

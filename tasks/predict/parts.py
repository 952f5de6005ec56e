"""Scored rows on disk, in parts, so that a killed scoring run can resume where it stopped.

A part holds the rows of one batch of the input. It gets its name only when it is complete, so every part with a name is
complete. Because the input is always cut into the same batches, the number of parts is the number of batches done.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tasks.predict.writers import LINE, Part, find_writer, merge_schemas
from tasks.store.durable import replace_durably

PART_NAME = "{number:08d}.arrow"


def open_parts(output: Path, fingerprint: str) -> Path:
    """Create the folder of parts beside the output, and delete those of runs with other settings or inputs."""
    mine = output.with_name(f".{output.name}.{fingerprint}")
    pattern = re.compile(re.escape(f".{output.name}.") + "[0-9a-f]{16}")
    for folder in output.parent.iterdir():
        if pattern.fullmatch(folder.name) and folder != mine:
            shutil.rmtree(folder)
    mine.mkdir(exist_ok=True)
    return mine


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
    replace_durably(temporary, folder / PART_NAME.format(number=number))


def read_parts(folder: Path, *, num_added: int) -> Iterator[Part]:
    """Read one part after another."""
    for path in list_parts(folder):
        with pa.OSFile(str(path)) as file:
            yield Part(pa.ipc.open_file(file).read_all(), num_added)


def read_schema(path: Path) -> pa.Schema:
    """Read the schema of a part."""
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).schema


def publish(folder: Path, output: Path, parts: Iterator[Part], *, num_added: int) -> None:
    """Write `parts` to the output file, move it into place when it is complete, and delete the folder of parts."""
    schema = merge_schemas([read_schema(path) for path in list_parts(folder)], num_added)
    joined = folder / "joined"
    find_writer(output)(joined, parts, schema)
    replace_durably(joined, output)
    shutil.rmtree(folder)

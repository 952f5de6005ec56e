"""Batches of rows of bounded size, made from records or JSON objects."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.files.notes import Note
from tasks.ingest.files.records import JsonRecord, Record
from tasks.ingest.sources.base import BATCH_ROWS

BATCH_CHARACTERS: Final = 2**24
# Objects whose keys all differ would make a table of more cells than memory holds.
MOST_FIELDS: Final = 1_000
NESTED: Final = b"nested"
# The values of a batch, column by column.
Columns = Sequence[Sequence[str]]


class Rows(NamedTuple):
    """Some rows: their columns, and the number of the line that each starts on, or of what `unit` says.

    `notes` say what people should know about them.
    """

    columns: pa.RecordBatch
    numbers: NDArray[np.int64]
    unit: str
    notes: tuple[Note, ...] = ()


def batch_records(
    records: Iterable[Record], names: Sequence[str], *, wanted: Collection[str] | None = None
) -> Iterator[Rows]:
    """Gather records with the same fields into batches of strings; with `wanted`, other columns are left out."""
    for numbers, columns in batch_columns(records):
        yield select_columns(columns, numbers, names, wanted=wanted)


def batch_columns(records: Iterable[Record]) -> Iterator[tuple[list[int], Columns]]:
    """Gather records with the same fields into batches: the number of each record's line, and the columns."""
    for numbers, rows in take_batches((number, values, sum(map(len, values))) for number, values in records):
        yield numbers, list(zip(*rows, strict=True))


def select_columns(
    columns: Columns, numbers: Sequence[int], names: Sequence[str], *, wanted: Collection[str] | None
) -> Rows:
    """Make rows of columns of strings; columns without a name and, with `wanted`, other columns are left out."""
    chosen = [index for index, name in enumerate(names) if name and (wanted is None or name in wanted)]
    schema = pa.schema([pa.field(names[index], pa.string()) for index in chosen])
    arrays = [pa.array(columns[index], pa.string()) for index in chosen]
    return Rows(pa.RecordBatch.from_arrays(arrays, schema=schema), np.array(numbers, np.int64), "line")


def batch_objects(
    records: Iterable[JsonRecord], path: Path, *, unit: str = "line", wanted: Collection[str] | None = None
) -> Iterator[Rows]:
    """Gather JSON objects into batches of strings; a missing field is null, a nested one is marked and stays JSON text.

    `unit` is what the numbers of the records count. Raises UserError, with the number, for escapes of half a character
    and for too many different fields.
    """
    for numbers, objects in take_batches((number, fields, measure(fields)) for number, fields in records):
        names = list(dict.fromkeys(chain.from_iterable(objects)))
        if len(names) > MOST_FIELDS:
            raise UserError(
                f"{path.name} has more than {MOST_FIELDS:,} different fields by {unit} {numbers[-1]:,}; expected "
                "objects that share their fields. Leave out those that only few objects have."
            )
        chosen = [name for name in names if wanted is None or name in wanted]
        try:
            arrays = [pa.array([spell(fields.get(name)) for fields in objects], pa.string()) for name in chosen]
            schema = pa.schema([describe_field(name, numbers, objects) for name in chosen])
        except UnicodeEncodeError as error:
            number = next(number for number, fields in zip(numbers, objects, strict=True) if not is_sound(fields))
            raise UserError(
                f"{path.name} {unit} {number:,} escapes half a character, such as \\ud800 alone; expected whole "
                f"characters. Correct the {unit}."
            ) from error
        yield Rows(pa.RecordBatch.from_arrays(arrays, schema=schema), np.array(numbers, np.int64), unit)


def take_batches(records: Iterable[tuple[int, Any, int]]) -> Iterator[tuple[list[int], list[Any]]]:
    """Cut a stream of (number, row, size) into batches, at most BATCH_ROWS or about BATCH_CHARACTERS each."""
    numbers: list[int] = []
    rows: list[Any] = []
    total = 0
    for number, row, size in records:
        numbers.append(number)
        rows.append(row)
        total += size
        if len(rows) >= BATCH_ROWS or total >= BATCH_CHARACTERS:
            yield numbers, rows
            numbers, rows, total = [], [], 0
    if rows:
        yield numbers, rows


def measure(fields: dict[str, Any]) -> int:
    """Count the characters of an object's strings."""
    return sum(len(value) for value in fields.values() if isinstance(value, str))


def spell(value: Any) -> str | None:
    """Spell a JSON value as text: spell(True) -> "true"; strings and null stay."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def describe_field(name: str, numbers: Sequence[int], objects: Sequence[dict[str, Any]]) -> pa.Field:
    """Describe a column, with the number of the first row in which it holds an object or an array."""
    for number, fields in zip(numbers, objects, strict=True):
        if isinstance(fields.get(name), dict | list):
            return pa.field(name, pa.string(), metadata={NESTED: str(number).encode()})
    return pa.field(name, pa.string())


def is_sound(fields: dict[str, Any]) -> bool:
    """Tell whether every character of an object is whole."""
    text = json.dumps(fields, ensure_ascii=False)
    return text.encode(errors="replace").decode() == text

"""Scored rows as a file: Parquet, CSV or JSON lines, from parts that are read one after another."""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from tasks.errors import UserError, did_you_mean
from tasks.formatting.control import escape_control
from tasks.formatting.formulas import Formulas

# The column of a part that has each row as its original JSON text, if the input is JSON lines.
LINE: Final = "\0line"


class Part(NamedTuple):
    """Some scored rows: all columns, and the number of added ones, which come last."""

    table: pa.Table
    num_added: int


Write = Callable[[Path, Iterator[Part], pa.Schema, Formulas], None]


def write_parquet(path: Path, parts: Iterator[Part], schema: pa.Schema, _formulas: Formulas) -> None:
    """Write a row group per part."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(complete(part.table, schema))


def write_csv(path: Path, parts: Iterator[Part], schema: pa.Schema, formulas: Formulas) -> None:
    """Write text in quotes and numbers without; null is an empty field, and booleans are true or false.

    Control characters in the heading are shown; cells keep theirs.
    """
    headings = formulas.treat_names([escape_control(field.name) for field in schema])
    spelled = pa.schema([(name, spell_type(field.type)) for name, field in zip(headings, schema, strict=True)])
    with pa.csv.CSVWriter(path, spelled, write_options=pa.csv.WriteOptions(quoting_style="needed")) as writer:
        for part in parts:
            table = complete(part.table, schema)
            columns = [
                formulas.treat(spell_column(column, field.type))
                for column, field in zip(table.columns, spelled, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=spelled))


def write_jsonl(path: Path, parts: Iterator[Part], _schema: pa.Schema, _formulas: Formulas) -> None:
    """Write one object per row; a row from JSON lines keeps its original text, and the added fields come last."""
    with path.open("wb") as file:
        for part in parts:
            write_objects(file, part)


def write_objects(file: BinaryIO, part: Part) -> None:
    """Write the rows of one part."""
    names = part.table.column_names
    if LINE not in names:
        file.writelines(f"{encode_object(row)}\n".encode() for row in part.table.to_pylist())
        return
    lines = part.table.column(LINE).to_pylist()
    added = part.table.select(names[len(names) - part.num_added :]).to_pylist()
    file.writelines(f"{join_objects(line, row)}\n".encode() for line, row in zip(lines, added, strict=True))


def join_objects(line: str, row: dict[str, Any]) -> str:
    """Append fields to an object that is JSON text: join_objects('{"a": 1}', {"b": 2}) -> '{"a": 1, "b": 2}'."""
    opened = line.rstrip().removesuffix("}").rstrip()
    return f"{opened}{'' if opened.endswith('{') else ', '}{encode_object(row)[1:]}"


def encode_object(row: dict[str, Any]) -> str:
    """Encode a row as JSON; a value of a type that JSON lacks becomes text, and NaN or an infinity becomes null."""
    try:
        return json.dumps(row, ensure_ascii=False, default=spell_value, allow_nan=False)
    except ValueError:  # NaN and infinities, which JSON lacks
        return json.dumps({name: replace_nan(value) for name, value in row.items()}, ensure_ascii=False, default=str)


def replace_nan(value: Any) -> Any:
    """Replace NaN and infinities, at any depth, by null."""
    return json.loads(json.dumps(value, default=spell_value), parse_constant=lambda _: None)


def spell_value(value: Any) -> str:
    """Write a value that is neither text nor number as text: spell_value(date(2026, 1, 2)) -> "2026-01-02"."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)


def spell_type(kind: pa.DataType) -> pa.DataType:
    """Choose the type of a column in a CSV file: numbers and booleans stay as they are, all else becomes text."""
    is_plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    return kind if is_plain else pa.string()


def spell_column(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Convert a column to the type that `spell_type` chose; nested values become JSON."""
    if column.type == kind:
        return column
    values = [None if value is None else spell_cell(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(values, kind)])


def spell_cell(value: Any) -> str:
    """Write a value as the text of a CSV field."""
    if isinstance(value, str):
        return value
    return (
        json.dumps(value, ensure_ascii=False, default=spell_value)
        if isinstance(value, dict | list)
        else (spell_value(value))
    )


def complete(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Give a part all columns of the schema; those that it lacks are null."""
    columns = [
        table.column(field.name) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def merge_schemas(schemas: Sequence[pa.Schema], num_added: int) -> pa.Schema:
    """List the columns of all parts: the input's in order of first appearance, then the added ones."""
    own = [pa.schema(list(schema)[: len(schema) - num_added], schema.metadata) for schema in schemas]
    added = list(schemas[0])[len(schemas[0]) - num_added :]
    merged = pa.unify_schemas(own)
    return pa.schema([*(field for field in merged if field.name != LINE), *added], merged.metadata)


WRITERS: Final[dict[str, Write]] = {".parquet": write_parquet, ".csv": write_csv, ".jsonl": write_jsonl}


def find_writer(path: Path) -> Write:
    """Choose the writer by the file's ending; raises UserError for an unknown one."""
    if path.suffix.lower() not in WRITERS:
        raise UserError(
            f"--output {path.name!r} has no ending that names its format; expected one of {', '.join(WRITERS)}."
            f"{did_you_mean(path.suffix, WRITERS)}"
        )
    return WRITERS[path.suffix.lower()]

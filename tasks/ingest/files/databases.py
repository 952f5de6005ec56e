"""The reader of SQLite databases: a table, or the rows of a query."""

import json
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tasks.errors import UserError, did_you_mean
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.lines import describe_damage
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.rows import Rows, take_batches

TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
)
# As MySQL's BIT(1) gives them, which frameworks use for booleans.
BITS: Final = {b"\x00": b"0", b"\x01": b"1"}


def read_database(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read the rows of `options.query`, of `options.table`, or of the only table, in the order of the database.

    Columns are strings; bytes that are not UTF-8 stay bytes. Nothing can be changed in the database.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = bytes
            query = options.query or select_all(choose_table(database, path, options.table))
            cursor = database.execute(query)
            if cursor.description is None:
                raise UserError(f"--query: {options.query!r} gives no rows; expected a SELECT. Write one.")
            names = [column[0] for column in cursor.description]
            records = ((number, row, sum(map(measure, row))) for number, row in enumerate(cursor, start=1))
            for numbers, rows in take_batches(records):
                yield make_rows(names, numbers, rows, wanted)
    except sqlite3.OperationalError as error:
        raise UserError(describe_refusal(path, options.query, error)) from error
    except sqlite3.Error as error:
        raise UserError(describe_damage(path, "as an SQLite database", error)) from error


def choose_table(database: sqlite3.Connection, path: Path, name: str | None) -> str:
    """Choose the table of a name, or the only one. Raises UserError when there is no such table, or several."""
    names = [row[0].decode(errors="replace") for row in database.execute(TABLES)]
    if name in names:
        return str(name)
    if name is not None:
        raise UserError(
            f"--table: {path.name} has no table {name!r}; expected one of {list_names(names)}."
            f"{did_you_mean(name, names)}"
        )
    if not names:
        raise UserError(f"{path.name} has no table; expected one with labelled texts. Choose another database.")
    if len(names) > 1:
        raise UserError(f"{path.name} has several tables: {list_names(names)}; expected one. Choose one with --table.")
    return str(names[0])


def describe_refusal(path: Path, query: str | None, error: sqlite3.OperationalError) -> str:
    """Say why a sound database does not give the rows."""
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return f"{path.name}: {error}; expected that no other program writes to it. Try again when that is done."
    if query is None:
        return f"{path.name}: {error}; expected a table that can be read. Choose another with --table."
    return f"--query: {path.name} refuses {query!r}: {error}; expected a SELECT for its tables. Correct it."


def select_all(table: str) -> str:
    """Write the query for all rows: select_all("films") -> 'SELECT * FROM "films"'."""
    return 'SELECT * FROM "{}"'.format(table.replace('"', '""'))  # noqa: S608  # quoted, and an existing table's name


def measure(value: Any) -> int:
    """Count the bytes of a text."""
    return len(value) if isinstance(value, bytes) else 0


def make_rows(names: list[str], numbers: list[int], rows: list[Any], wanted: Collection[str] | None) -> Rows:
    """Make a batch of rows; a repeated name is left out if `wanted` names it, because it is used for nothing."""
    chosen = [index for index, name in enumerate(names) if wanted is None or name in wanted]
    columns = [[spell_value(row[index]) for row in rows] for index in chosen]
    batch = pa.RecordBatch.from_arrays([make_array(column) for column in columns], [names[index] for index in chosen])
    return Rows(batch, np.array(numbers, np.int64), "row")


def make_array(values: list[bytes | None]) -> pa.Array:
    """Make strings of a column; bytes, where some are not UTF-8."""
    found = pa.array(values, pa.binary())
    try:
        return found.cast(pa.string())
    except pa.ArrowInvalid:
        return found


def spell_value(value: Any) -> bytes | None:
    """Spell a value: spell_value(3) -> b"3", spell_value(True) -> b"true", spell_value(["a"]) -> b'["a"]'.

    Bytes and null stay, except that a bit becomes a digit; a number that is none is null.
    """
    if value is None or value != value:  # noqa: PLR0124  # NaN alone differs from itself
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        return BITS.get(content := bytes(value), content)
    if isinstance(value, bool | list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str).encode()
    return str(value).encode()

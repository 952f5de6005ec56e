"""Rows that every check accepts, and what the cases of several modules spell them as."""

import io
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

PAIRS = [(f"film {n}", ("neg", "pos")[n % 2]) for n in range(40)]
ROWS = "".join(f"{text},{label}\n" for text, label in PAIRS)
GOOD = f"text,label\n{ROWS}"
OBJECTS = [{"text": text, "label": label} for text, label in PAIRS]
COLUMNS = {"text": [text for text, _ in PAIRS], "label": [label for _, label in PAIRS]}


def write_parquet(columns: Mapping[str, Any]) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def write_arrow(columns: Mapping[str, Any]) -> Callable[[Path], None]:
    return lambda path: pyarrow.feather.write_feather(pa.table(columns), path)


def write_sqlite(tables: Mapping[str, Sequence[tuple[str, ...]]]) -> Callable[[Path], None]:
    """Write tables of a text and a label each; without any, the database is not empty but has no table."""

    def write(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE no_more (x)")
            database.execute("DROP TABLE no_more")
            for name, rows in tables.items():
                database.execute(f"CREATE TABLE {name} (text, label)")
                database.executemany(f"INSERT INTO {name} VALUES (?, ?)", rows)  # noqa: S608

    return write


def zip_files(members: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()

"""Rows of an SQL database as a file: they are fetched once per run, so that what is read stays the same during it."""

import contextlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import UserError, did_you_mean
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.databases import make_array, spell_value
from tasks.ingest.files.paths import make_slug, name_url
from tasks.ingest.sources.base import BATCH_ROWS
from tasks.ingest.sources.sql_url import describe_failure, open_engine
from tasks.store.fingerprint import fingerprint


def fetch_rows(url: str, *, table: str | None, query: str | None, folder: Path, most_rows: int | None = None) -> Path:
    """Write the rows of a query, of a table or of the only table to a Parquet file of strings under `folder`.

    If `most_rows` is given, no rows are fetched after a batch in which that number is reached.
    Raises UserError for a database that cannot be reached, and for a table or a query that it does not know.
    """
    from sqlalchemy.exc import SQLAlchemyError

    engine = open_engine(url)
    place = fingerprint({"url": url, "table": table, "query": query})
    path = folder / place / f"{make_slug(table or name_url(url))}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    try:
        with connect(engine, url) as connection, execute(connection, url, table, query) as result:
            write_rows(result, unfinished, most_rows=most_rows)
        unfinished.replace(path)
    except SQLAlchemyError as error:
        raise UserError(describe_failure(url, getattr(error, "orig", None) or error)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def connect(engine: Any, url: str) -> Any:
    """Connect to a database. Raises UserError for settings in the URL that its driver does not take."""
    try:
        return engine.connect()
    except (TypeError, ValueError) as error:
        raise UserError(describe_failure(url, error)) from error


def execute(connection: Any, url: str, table: str | None, query: str | None) -> Any:
    """Execute the query as it is written, or select all rows of the table; returns the result as a stream of rows."""
    if query is not None:
        # A colon or a percent sign in it is no parameter.
        return connection.execution_options(stream_results=True, no_parameters=True).exec_driver_sql(query)
    statement = choose_rows(connection, url, table)
    return connection.execution_options(stream_results=True).execute(statement)


def choose_rows(connection: Any, url: str, table: str | None) -> Any:
    """Choose all rows of the table, which may be named with its schema, or of the only one.

    Raises UserError for a table that is not there.
    """
    from sqlalchemy import inspect, literal_column, select
    from sqlalchemy import table as name_table

    inspector = inspect(connection)
    names = list_tables(inspector, None)
    schema, _, own = (table or "").rpartition(".")
    if table in names or schema not in inspector.get_schema_names() or own not in list_tables(inspector, schema):
        return select(literal_column("*")).select_from(name_table(check_table(names, url, table)))
    return select(literal_column("*")).select_from(name_table(own, schema=schema))


def list_tables(inspector: Any, schema: str | None) -> list[str]:
    """List the tables and views of a schema, or of the one that is in use."""
    found = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    # Not every kind of database has them.
    with contextlib.suppress(NotImplementedError):
        found += inspector.get_materialized_view_names(schema=schema)
    return sorted(found)


def check_table(names: list[str], url: str, table: str | None) -> str:
    """Return the table, or the only one. Raises UserError when there is no such table, or several."""
    if table in names:
        return str(table)
    if not names:
        raise UserError(
            f"{url} has no table; expected one with labelled texts. Choose another database, or name a table with its "
            "schema, as in --table public.films."
        )
    if table is not None:
        raise UserError(
            f"--table: {url} has no table {table!r}; expected one of {list_names(names)}, or one with its schema, as "
            f"in public.films.{did_you_mean(table, names)}"
        )
    if len(names) > 1:
        raise UserError(f"{url} has the tables {list_names(names)}; expected one. Choose one with --table.")
    return names[0]


def write_rows(result: Any, path: Path, *, most_rows: int | None) -> None:
    """Write rows, batch by batch, as text, or as bytes where a column begins with other bytes.

    Raises UserError for the result of what is no query, and for a column of text that turns to other bytes.
    """
    if not result.returns_rows:
        raise UserError("--query gives no rows; expected a SELECT. Write one.")
    names, num_rows = list(result.keys()), 0
    writer, schema = None, pa.schema([pa.field(name, pa.string()) for name in names])
    with contextlib.ExitStack() as stack:
        for rows in result.partitions(BATCH_ROWS):
            arrays = [make_array(list(map(spell_value, column))) for column in zip(*rows, strict=True)]
            if writer is None:
                schema = pa.schema([pa.field(name, it.type) for name, it in zip(names, arrays, strict=True)])
                writer = stack.enter_context(pq.ParquetWriter(path, schema))
            fitted = [fit(array, field) for array, field in zip(arrays, schema, strict=True)]
            writer.write_batch(pa.RecordBatch.from_arrays(fitted, schema=schema))
            num_rows += len(rows)
            if most_rows is not None and num_rows >= most_rows:
                break
        if writer is None:
            stack.enter_context(pq.ParquetWriter(path, schema))


def fit(array: pa.Array, field: pa.Field) -> pa.Array:
    """Make the values of a column be of one type."""
    try:
        return array.cast(field.type)
    except pa.ArrowInvalid as error:
        raise UserError(
            f"column {field.name!r} holds text, and further down bytes that are not UTF-8; expected text alone. Leave "
            "it out with --query."
        ) from error

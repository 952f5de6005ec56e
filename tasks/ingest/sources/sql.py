"""Rows of an SQL database as a file: they are fetched once per run, so that what is read stays the same during the run.

A database is named by a URL of SQLAlchemy, in which $NAME stands for an environment variable. A password has to be one,
because the name of a dataset is kept with everything that is made from it.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from tasks.errors import UserError, did_you_mean
from tasks.formatting.commands import spell_install
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.databases import make_array, spell_value
from tasks.ingest.files.paths import make_slug, name_url
from tasks.ingest.sources.base import BATCH_ROWS
from tasks.store.fingerprint import fingerprint

# Drivers whose package has another name than their module.
PACKAGES: Final = {"psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient"}
EXAMPLE: Final = "one such as postgresql://host/films"
VARIABLE: Final = re.compile(r"\$\{?(\w+)\}?")


def fetch_rows(url: str, *, table: str | None, query: str | None, folder: Path, most_rows: int | None = None) -> Path:
    """Write the rows of a query, of a table or of the only table to a Parquet file of strings under `folder`.

    If `most_rows` is given, no rows are fetched after a batch in which that number is reached.
    Raises UserError for a database that cannot be reached, and for a table or a query that it does not know.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

    check_password(url)
    place = fingerprint({"url": url, "table": table, "query": query})
    path = folder / place / f"{make_slug(table or name_url(url))}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    try:
        engine = create_engine(expand_variables(url))
        with engine.connect().execution_options(stream_results=True) as connection:
            write_rows(connection, choose_query(engine, url, table, query), unfinished, most_rows=most_rows)
    except ModuleNotFoundError as error:
        package = PACKAGES.get(str(error.name), error.name)
        raise UserError(
            f"{url} needs the package {package}; expected it to be installed: {spell_install(str(package))}"
        ) from error
    except NoSuchModuleError as error:
        raise UserError(
            f"{url} is of a kind that SQLAlchemy does not know; expected {EXAMPLE}, or a file. Copy it to a file on "
            "this machine, and name that."
        ) from error
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split()).removesuffix(".")
        raise UserError(
            f"{url} cannot be read: {hide_variables(reason, url)}; expected rows. Check the URL and --query."
        ) from error
    unfinished.replace(path)
    return path


def check_password(url: str) -> None:
    """Raise UserError for a URL that SQLAlchemy cannot read, or that holds a password in plain text."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        password = make_url(url).password
    except (ArgumentError, ValueError) as error:
        raise UserError(f"{url!r} is not the URL of a database; expected {EXAMPLE}. Correct it.") from error
    if password and not VARIABLE.fullmatch(str(password)):
        raise UserError(
            "the URL holds a password, which would be kept with the results; expected a variable in its place. Write "
            "$PASSWORD there, in single quotes, and set the environment variable PASSWORD."
        )


def expand_variables(url: str) -> str:
    """Replace $NAME by the environment variable. Raises UserError for one that is not set."""
    for name in VARIABLE.findall(url):
        if name not in os.environ:
            raise UserError(f"the environment variable {name} is not set; expected it for {url}. Set it and run again.")
    return VARIABLE.sub(lambda found: os.environ[found[1]], url)


def hide_variables(message: str, url: str) -> str:
    """Put the names of a URL's variables in the place of their values, of which one may be a password."""
    for name in VARIABLE.findall(url):
        message = message.replace(os.environ[name], f"${name}") if os.environ[name] else message
    return message


def choose_query(engine: Any, url: str, table: str | None, query: str | None) -> Any:
    """Choose what to execute: the query, or all rows of the table. Raises UserError for an unknown table."""
    from sqlalchemy import column, inspect, select, text
    from sqlalchemy import table as name_table

    if query is not None:
        return text(query)
    inspector = inspect(engine)
    names = sorted([*inspector.get_table_names(), *inspector.get_view_names()])
    if table is None and len(names) == 1:
        table = names[0]
    if not names:
        raise UserError(f"{url} has no table; expected one with labelled texts. Choose another database.")
    if table is None:
        raise UserError(f"{url} has the tables {list_names(names)}; expected one. Choose one with --table.")
    if table not in names:
        raise UserError(
            f"--table: {url} has no table {table!r}; expected one of {list_names(names)}.{did_you_mean(table, names)}"
        )
    columns: list[Any] = [column(str(it["name"])) for it in inspector.get_columns(table)]
    return select(*columns).select_from(name_table(table))


def write_rows(connection: Any, query: Any, path: Path, *, most_rows: int | None) -> None:
    """Write the rows of a query, batch by batch, as text, or as bytes where a column begins with other bytes.

    Raises UserError when it is no query, and for a column of text that turns to other bytes.
    """
    result = connection.execute(query)
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

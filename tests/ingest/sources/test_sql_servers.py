"""Real databases give their rows, and what goes wrong with them is one line without a password.

SQL_SERVERS names them by URLs, separated by spaces, each with a database in which tables may be made and a password in
$PASSWORD, such as `postgresql://me:$PASSWORD@127.0.0.1/films`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.sources import sql
from tasks.ingest.sources.sql import fetch_rows
from tasks.ingest.sources.sql_url import IN_FILES, open_engine

SERVERS = os.environ.get("SQL_SERVERS", "").split()
NUM_ROWS = 40_000
COLUMNS = (
    "n INTEGER, text VARCHAR(99), label INTEGER, good BOOLEAN, price DECIMAL(5, 2), score DOUBLE PRECISION, day DATE"
)
pytestmark = pytest.mark.skipif(not SERVERS, reason="no servers at hand: SQL_SERVERS names none")


@pytest.fixture(params=SERVERS, scope="module")
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with a table of every type that all kinds of databases know, and an empty one."""
    engine = open_engine(request.param)
    rows = ", ".join(f"({n}, 'film {n} café 好 😀', {n % 2}, {n % 2} = 1, 1.50, 1.0, NULL)" for n in range(1_000))
    with engine.connect() as connection:
        for statement in (
            *("DROP TABLE IF EXISTS films", "DROP TABLE IF EXISTS nothing"),
            "CREATE TABLE nothing (text VARCHAR(99), label VARCHAR(9))",
            f"CREATE TABLE films ({COLUMNS})",
            *[f"INSERT INTO films VALUES {rows}"] * (NUM_ROWS // 1_000),  # noqa: S608
        ):
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        connection.commit()
    yield request.param
    with engine.connect() as connection:
        for table in ("films", "nothing"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.commit()


def fetch(url: str, folder: Path, **choice: Any) -> Path:
    return fetch_rows(url, folder=folder, **{"table": None, "query": None, **choice})


def complain(url: str, folder: Path, **choice: Any) -> str:
    with pytest.raises(UserError) as caught:
        fetch(url, folder, **choice)
    message = str(caught.value)
    assert "\n" not in message
    assert os.environ["PASSWORD"] not in message
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    return message


def test_rows_of_every_type_are_read(tmp_path: Path, url: str) -> None:
    table = pq.read_table(fetch(url, tmp_path, table="films"))
    first = table.filter(pc.equal(table["n"], "1")).slice(0, 1).to_pylist()[0]
    assert table.num_rows == NUM_ROWS
    assert first.pop("good") in {"true", "1"}
    assert first == {"n": "1", "text": "film 1 café 好 😀", "label": "1", "price": "1.50", "score": "1.0", "day": None}


def test_query_is_executed_as_it_is_written(tmp_path: Path, url: str) -> None:
    query = (
        "WITH all_films AS (SELECT * FROM films) SELECT text, 'x:y 100%' AS more FROM all_films WHERE text LIKE '%9%'"
    )
    assert pq.read_table(fetch(url, tmp_path, query=query))["more"][0].as_py() == "x:y 100%"


def test_table_without_rows_is_empty(tmp_path: Path, url: str) -> None:
    assert pq.read_table(fetch(url, tmp_path, table="nothing")).num_rows == 0


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({}, "has the tables .*'films'.* Choose one with --table"),
        ({"table": "flims"}, "no table 'flims'; expected one of .*Did you mean 'films'"),
        ({"query": "SELECT x FROM films"}, "cannot be read: .*x.*; expected rows. Check the URL"),
        ({"query": "SELEKT"}, "cannot be read: .*; expected rows. Check the URL"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, url: str, choice: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        fetch(url, tmp_path, **choice)
    complain(url, tmp_path, **choice)


@pytest.mark.parametrize(("old", "new"), [("$PASSWORD", "$WRONG"), ("$PASSWORD@", "@"), ("127.0.0.1:", "127.0.0.1:1")])
def test_address_that_is_wrong_is_one_line(
    tmp_path: Path, url: str, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "another password")
    if old in url:
        message = complain(url.replace(old, new), tmp_path, table="films")
        assert "cannot be read: " in message
        assert "another password" not in message


# What a driver complains of when it lets go of a connection that has ended.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_connection_that_ends_in_the_middle_is_one_line(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(url)
    if engine.dialect.name in IN_FILES:
        pytest.skip("a database without a server")
    ends = {
        "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND state = 'idle in transaction'",
        "mysql": "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
    }
    spell, num_calls = sql.make_array, 0

    def spell_and_end(values: list[bytes | None]) -> Any:
        nonlocal num_calls
        num_calls += 1
        if num_calls == 1:
            with engine.connect() as connection:
                kind = "mysql" if engine.dialect.name == "mariadb" else engine.dialect.name
                found = (
                    connection.exec_driver_sql(ends[kind], execution_options={"no_parameters": True}).scalars().all()
                )
                assert found
                if kind == "mysql":
                    connection.exec_driver_sql(f"KILL {found[0]}")
        return spell(values)

    monkeypatch.setattr(sql, "make_array", spell_and_end)
    assert "cannot be read: " in complain(url, tmp_path, table="films")

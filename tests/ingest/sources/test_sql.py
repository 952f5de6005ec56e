"""A database that is named by a URL: its rows are fetched, its password is not kept, and what is wrong is one line."""

import sqlite3
import sys
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import sqlalchemy

from tasks.errors import UserError
from tasks.ingest.datasets import Choice, choose_dataset
from tasks.ingest.files.databases import spell_value
from tasks.ingest.files.paths import is_path, is_url, name_dataset
from tasks.ingest.reviews import write_dataset
from tasks.ingest.sources import sql, sql_url
from tasks.ingest.sources.sql_url import hide_variables, resolve_url
from tasks.settings.run import RunConfig

PAIRS = [(f"film {n}", ("neg", "pos")[n % 2], n) for n in range(40)]


@pytest.fixture
def url(tmp_path: Path) -> str:
    with closing(sqlite3.connect(tmp_path / "films.sqlite")) as database, database:
        database.execute('CREATE TABLE "my films" (text, "label", n)')
        database.execute("CREATE TABLE other (text)")
        database.executemany('INSERT INTO "my films" VALUES (?, ?, ?)', PAIRS)
    return f"sqlite:///{tmp_path}/films.sqlite"


def choose(url: str, folder: Path, **settings: Any) -> Choice:
    """Choose a database as the command line does."""
    config = RunConfig(dataset=url, data_dir=folder, artifacts_dir=folder, **settings)
    return choose_dataset(config.dataset, config.data_dir, config.files)


def complain(url: str, folder: Path, **settings: Any) -> str:
    with pytest.raises(UserError) as caught:
        choose(url, folder, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "num_rows"),
    [({"table": "my films"}, 40), ({"query": 'SELECT text, label FROM "my films" WHERE n < 30 ORDER BY n DESC'}, 30)],
)
def test_rows_of_a_database_are_ingested(
    tmp_path: Path, url: str, settings: dict[str, Any], num_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "BATCH_ROWS", 7)
    choice = choose(url, tmp_path, **settings)
    (tmp_path / "out").mkdir()
    facts = write_dataset(choice, tmp_path, tmp_path / "out", validation_fraction=0.1, limit=None)
    assert (facts.label_names, facts.rows.num_used) == (["neg", "pos"], num_rows)
    assert choice.files is not None
    assert choice.files.path.is_relative_to(tmp_path / "downloads")
    assert [path.name for path in choice.files.path.parent.iterdir()] == [choice.files.path.name]


def test_rows_are_fetched_anew_in_each_run(tmp_path: Path, url: str) -> None:
    first = choose(url, tmp_path, table="my films").files
    assert first is not None
    content = first.path.read_bytes()
    with closing(sqlite3.connect(tmp_path / "films.sqlite")) as database, database:
        database.execute("INSERT INTO \"my films\" VALUES ('more', 'pos', 0)")
    again = choose(url, tmp_path, table="my films").files
    assert again == first
    assert again.path.read_bytes() != content


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "has the tables 'my films', 'other'; expected one. Choose one with --table."),
        ({"table": "othr"}, "no table 'othr'; expected one of 'my films', 'other', or one with its schema, as in"),
        ({"table": "main.othr"}, "no table 'main.othr'; expected one of 'my films', 'other'"),
        ({"table": "no.other"}, "no table 'no.other'; expected one of 'my films', 'other'"),
        ({"query": "SELECT x FROM other"}, "cannot be read: no such column: x; expected rows."),
        ({"query": "CREATE TABLE x (y)"}, "--query gives no rows; expected a SELECT."),
        ({"table": "other"}, "other.parquet has no rows"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, url: str, settings: dict[str, Any], message: str) -> None:
    assert message in complain(url, tmp_path, **settings)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nosuch://host/films", "is of a kind that SQLAlchemy does not know; expected"),
        (
            "sqlite:////no/such/folder/films.sqlite",
            "no such file; expected a file or a folder, but '/' has no folder 'no'",
        ),
        *(
            (address, "the URL holds a password, which would be kept with the results")
            for address in (
                "postgresql://me:secret@host/films",
                "postgresql://me:x$PASSWORD@host/films",
                "postgresql://me@host/films?password=secret",
                "mysql://host/films?a=b&Passwd=secret",
                "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3Dsecret%3B",
            )
        ),
        ("sqlite:///no-such.sqlite?x=$NO_SUCH", "the environment variable NO_SUCH is not set; expected it for"),
        ("postgresql://me:$NO_SUCH@host/films", "the environment variable NO_SUCH is not set; expected it for"),
        ("x://[::1", "is not the URL of a database"),
    ],
)
def test_address_that_cannot_be_used_is_one_line(tmp_path: Path, address: str, message: str) -> None:
    found = complain(address, tmp_path)
    assert message in found
    assert "secret" not in found


def test_variable_stands_for_a_part_of_the_url(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILMS", "films")
    choice = choose(url.replace("films.sqlite", "${FILMS}.sqlite"), tmp_path, table="my films")
    assert choice.files is not None
    assert choice.dataset == "my-films"


PASSWORDS = ["secret", "a@b/c:d%41 e#f?g&h+i", "$PASSWORD", "пароль"]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize(
    "address", ["sqlite://me:$FILMS@host:1/films?x=1", "sqlite://host:1/films?x=1&password=$FILMS"]
)
def test_password_may_have_any_characters(address: str, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILMS", password)
    url = resolve_url(address)
    assert (url.password or url.query["password"]) == password
    assert (url.host, url.port, url.database, url.query["x"]) == ("host", 1, "films", "1")
    message = hide_variables(f"bad password {password} in {url.render_as_string(hide_password=False)}", address)
    assert "secret" not in message
    assert message.startswith("bad password $FILMS in")


def test_short_value_is_not_looked_for_in_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    assert hide_variables("error 1", "sqlite://host:$PORT/films") == "error 1"


@pytest.mark.parametrize(
    ("installed", "address", "driver"),
    [
        ({"psycopg", "psycopg2"}, "postgresql://host/films", "postgresql+psycopg"),
        ({"psycopg2"}, "postgres://host/films", "postgresql+psycopg2"),
        ({"pymysql", "MySQLdb"}, "mysql://host/films", "mysql+pymysql"),
        ({"MySQLdb"}, "mariadb://host/films", "mariadb+mysqldb"),
        ({"duckdb_engine"}, "duckdb:///films.duckdb", "duckdb"),
        (set(), "oracle+oracledb://host/films", "oracle+oracledb"),
        ({"psycopg"}, "postgresql+pg8000://host/films", "postgresql+pg8000"),
    ],
)
def test_driver_is_one_that_is_installed(
    installed: set[str], address: str, driver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_url, "find_spec", lambda module: module if module in installed else None)
    assert resolve_url(address).drivername == driver


@pytest.mark.parametrize(
    ("address", "package"),
    [
        ("postgresql://host/films", "'psycopg[binary]'"),
        ("postgres://host/films", "'psycopg[binary]'"),
        ("mysql://host/films", "pymysql"),
        ("mariadb://host/films", "pymysql"),
        ("duckdb:///films.duckdb", "duckdb-engine"),
        ("mysql+mysqldb://host/films", "mysqlclient"),
        ("mssql://host/films", "pyodbc"),
    ],
)
def test_package_of_the_driver_is_named(
    tmp_path: Path, address: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_url, "find_spec", lambda _: None)
    for module in ("MySQLdb", "pyodbc"):
        monkeypatch.setitem(sys.modules, module, None)
    message = complain(address, tmp_path)
    assert message.endswith(f"-m pip install {package}")
    assert f"needs the package {package.strip(chr(39))}; expected" in message


def test_driver_without_its_c_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ImportError("no pq wrapper available")

    monkeypatch.setattr(sqlalchemy, "create_engine", fail)
    assert "-m pip install 'psycopg[binary]'" in complain("postgresql+psycopg://host/films", tmp_path)


def test_file_is_not_made_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "films.sqlite").write_bytes(b"")
    message = complain(f"sqlite:///{tmp_path}/flims.sqlite", tmp_path)
    assert message.endswith("no such file; expected a file or a folder. Did you mean 'films.sqlite'?")
    assert not (tmp_path / "flims.sqlite").exists()


def test_setting_that_the_driver_does_not_take_is_one_line(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot be read: could not convert" in complain(f"{url}?timeout=long", tmp_path, table="my films")

    def connect(*_: object, **__: object) -> None:
        raise TypeError("an unexpected keyword argument 'x'")

    monkeypatch.setattr(sqlite3.dbapi2, "connect", connect)
    assert "cannot be read: an unexpected keyword argument 'x'; expected rows" in complain(url, tmp_path)


def test_query_is_executed_as_it_is_written(tmp_path: Path, url: str) -> None:
    query = "SELECT text || ' :x 100%' AS text, label FROM \"my films\" WHERE text <> ':y' AND text LIKE '%1%'"
    files = choose(url, tmp_path, query=query).files
    assert files is not None
    assert set(pc.utf8_slice_codeunits(pq.read_table(files.path)["text"], -8).to_pylist()) == {" :x 100%"}


def test_table_may_be_named_with_its_schema(tmp_path: Path, url: str) -> None:
    files = choose(url, tmp_path, table="main.my films").files
    assert files is not None
    assert pq.read_table(files.path).num_rows == 40


def test_rows_that_fail_in_the_middle_leave_nothing(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "BATCH_ROWS", 7)
    query = "SELECT text, label, CASE WHEN n < 30 THEN n ELSE json('x') END AS n FROM \"my films\""
    assert "cannot be read: malformed JSON" in complain(url, tmp_path, query=query)
    assert [path for path in (tmp_path / "downloads").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (None, None),
        (float("nan"), None),
        (True, b"true"),
        (3, b"3"),
        (1.0, b"1.0"),
        (Decimal("1.50"), b"1.50"),
        (memoryview(b"hi"), b"hi"),
        (b"\x01", b"1"),
        (b"\x00", b"0"),
        (b"\xff", b"\xff"),
        (["a", "\xe9"], b'["a", "\xc3\xa9"]'),
        ({"a": [1]}, b'{"a": [1]}'),
        (date(2026, 1, 2), b"2026-01-02"),
    ],
)
def test_value_of_any_type_is_spelled(value: Any, spelled: bytes | None) -> None:
    assert spell_value(value) == spelled


def test_urls_are_told_from_paths_and_names() -> None:
    assert [is_url(name) for name in ("sqlite:///a.db", "postgresql+psycopg://h/d", "glue/sst2", "/a.db", "a.csv")] == [
        *(True, True),
        *(False, False, False),
    ]
    assert not is_path("sqlite:///a.db")
    assert name_dataset("postgresql://me@host/films?x=1") == "films"
    assert RunConfig(dataset="sqlite:///a.db").dataset == "sqlite:///a.db"


def test_first_rows_are_enough_for_a_look(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "BATCH_ROWS", 7)
    path = sql.fetch_rows(url, table="my films", query=None, folder=tmp_path / "head", most_rows=8)
    assert pq.read_table(path).num_rows == 14


def test_column_of_text_that_turns_to_bytes_is_refused(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "BATCH_ROWS", 7)
    with closing(sqlite3.connect(tmp_path / "films.sqlite")) as database, database:
        database.execute("INSERT INTO \"my films\" VALUES (x'ff', 'pos', 0)")
    message = complain(url, tmp_path, table="my films")
    assert message.startswith("column 'text' holds text, and further down bytes that are not UTF-8")
    remedy = choose(url, tmp_path, query="SELECT text, label FROM \"my films\" WHERE typeof(text) = 'text'")
    assert remedy.files is not None

"""A database that is named by a URL: its rows are fetched, its password is not kept, and what is wrong is one line."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import Choice, choose_dataset
from tasks.ingest.files.paths import is_path, is_url, name_dataset
from tasks.ingest.reviews import write_dataset
from tasks.ingest.sources import sql
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
        ({"table": "othr"}, "no table 'othr'; expected one of 'my films', 'other'. Did you mean 'other'?"),
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
        ("sqlite:////no/such/folder/films.sqlite", "cannot be read: unable to open database file"),
        ("postgresql://me:secret@host/films", "the URL holds a password, which would be kept with the results"),
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

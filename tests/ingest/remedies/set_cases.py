"""Sets that are no files: prepared by TensorFlow Datasets, generated, in a database, or at a web address."""

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from tasks.ingest.reviews import write_reviews
from tasks.ingest.sources.base import Batch, Source
from tasks.ingest.sources.sql_url import Driver
from tests.ingest.remedies.cases import (
    PLACE,
    Attempt,
    Case,
    Content,
    Remedy,
    both,
    check_set,
    choose,
    leave_out,
    lift,
    take_choice,
    take_meant,
    use,
    write,
)
from tests.ingest.remedies.rows import GOOD, PAIRS, write_sqlite

FEATURES = "tensorflow_datasets.core.features"
KINDS: dict[str, dict[str, Any]] = {
    "text": {"pythonClassName": f"{FEATURES}.text_feature.Text", "text": {}},
    "label": {"pythonClassName": f"{FEATURES}.class_label_feature.ClassLabel", "classLabel": {"numClasses": "2"}},
}
ANSWERS = "tasks.ingest.sources.tfds.answers"
DOWNLOAD = "tensorflow_datasets.core.DatasetBuilder.download_and_prepare"
KNOWN, OURS = "../data/downloads/imdb_reviews/plain_text/1.0.0", "../data/downloads/ours/1.0.0"
ONLINE: dict[str, Any] = {ANSWERS: lambda *_: True}
OFFLINE: dict[str, Any] = {ANSWERS: lambda *_: False}
DATABASE: dict[str, Content] = {"../films.db": write_sqlite({"films": PAIRS})}
SEVERAL: dict[str, Content] = {"../films.db": write_sqlite({"films": PAIRS, "more": PAIRS})}
URL = "films:///films.db"


class Renamed(SQLiteDialect_pysqlite):
    """SQLite under a URL that may hold a password: films://me:secret@/films.db."""

    supports_statement_cache = True

    def create_connect_args(self, url: Any) -> Any:
        return super().create_connect_args(url._replace(username=None, password=None))


registry.register("films", __name__, "Renamed")


def prepare(*kinds: str, split: str = "train") -> Callable[[Path], None]:
    """Write a set as TensorFlow Datasets prepares it, with features of some kinds; its records are empty."""

    def write_set(folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        name = folder.parts[folder.parts.index("downloads") + 1]
        features = {f"{kind}{number}": KINDS[kind] for number, kind in enumerate(kinds or KINDS)}
        described = {
            "pythonClassName": f"{FEATURES}.features_dict.FeaturesDict",
            "featuresDict": {"features": features},
        }
        shards = {"name": split, "numBytes": "1", "shardLengths": ["4"], "filepathTemplate": "{SPLIT}.{FILEFORMAT}"}
        info = {"name": name, "version": "1.0.0", "fileFormat": "tfrecord", "splits": [shards]}
        (folder / "features.json").write_text(json.dumps(described))
        (folder / "label1.labels.txt").write_text("neg\npos\n")
        (folder / "dataset_info.json").write_text(json.dumps(info))
        (folder / f"{split}.tfrecord").write_bytes(b"")

    return write_set


def prepare_without_records(folder: Path) -> None:
    prepare()(folder)
    (folder / "train.tfrecord").unlink()


def prepare_without_end(folder: Path) -> None:
    prepare()(folder)
    (folder / "dataset_info.json").write_text('{"name": ')


def fail_to_download(*_: Any) -> NoReturn:
    raise OSError("the host went away.")


def go_online(attempt: Attempt, _: str) -> Attempt:
    """Try again while the host answers, and delivers the set."""
    attempt.patch.setattr(ANSWERS, lambda *_: True)
    attempt.patch.setattr(DOWNLOAD, lambda builder: prepare()(Path(builder.data_path)))
    return attempt


def delete(attempt: Attempt, message: str) -> Attempt:
    """Delete the folder that the message names."""
    shutil.rmtree(message.partition("Delete ")[2].partition(" to have it")[0])
    return attempt


def write_bytes_at_the_end(path: Path) -> None:
    """A table with a column that holds text in all rows but the last."""
    write_sqlite({"films": PAIRS})(path)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE films ADD COLUMN cover")
        database.execute("UPDATE films SET cover = text")
        database.execute("UPDATE films SET cover = x'ff' WHERE text = 'film 39'")


def set_variable(name: str, value: str) -> Remedy:
    def follow(attempt: Attempt, _: str) -> Attempt:
        attempt.patch.setenv(name, value)
        return attempt

    return follow


def refuse_setting(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("an unexpected keyword argument 'x'")


def lack_driver(*_: Any) -> NoReturn:
    raise ModuleNotFoundError("no driver", name="psycopg2")


def read_batches(*batches: tuple[list[str], list[int]]) -> Callable[[], Iterator[Batch]]:
    return lambda: iter([Batch(pa.array(texts, pa.string()), np.array(labels, np.int32)) for texts, labels in batches])


def check_source(attempt: Attempt) -> None:
    """Write the reviews of a source that declares its classes."""
    read = {
        "good": read_batches(([text for text, _ in PAIRS], [0, 1] * 20)),
        "unlabelled": read_batches((["film"], [-1])),
        "empty": read_batches(),
    }[attempt.dataset]
    source = Source(name=attempt.dataset, label_names=("neg", "pos"), identity={}, readers={"train": read})
    with tempfile.TemporaryDirectory() as folder:
        write_reviews(source, Path(folder), validation_fraction=0.1)


CASES = [
    # Sets of TensorFlow Datasets.
    Case(
        files={KNOWN: prepare()},
        dataset="imdb reviews",
        check=check_set,
        message="is not a dataset's name; expected one such as imdb_reviews or glue/sst2",
        remedies=[choose("imdb_reviews")],
    ),
    Case(
        files={KNOWN: prepare()},
        dataset="imbd_reviews",
        check=check_set,
        message="unknown dataset 'imbd_reviews'.*Did you mean 'imdb_reviews'",
        remedies=[take_meant(), choose("sample")],
    ),
    Case(
        files={KNOWN: prepare()},
        dataset="imdb_reviews/nope",
        check=check_set,
        message="cannot be opened by TensorFlow Datasets: .*Correct the name, or prepare the set again",
        remedies=[choose("imdb_reviews/plain_text"), choose("imdb_reviews")],
    ),
    Case(
        files={OURS: prepare_without_end},
        dataset="ours",
        check=check_set,
        message="cannot be opened by TensorFlow Datasets: .*Correct the name, or prepare the set again",
        remedies=[write(OURS, prepare())],
    ),
    *(
        Case(
            files={OURS: prepare("text", *kinds), KNOWN: prepare()},
            dataset="ours",
            check=check_set,
            message="expected exactly one of each. Choose a text classification set, such as imdb_reviews",
            remedies=[choose("imdb_reviews")],
        )
        for kinds in ([], ["text", "label"], ["label", "label"])
    ),
    Case(
        files={OURS: prepare(split="test"), KNOWN: prepare()},
        dataset="ours",
        check=check_set,
        message="expected one named train. Choose another set",
        remedies=[choose("imdb_reviews")],
    ),
    Case(
        limits=OFFLINE,
        dataset="imdb_reviews",
        check=check_set,
        message="cannot be reached; .* under --data-dir or TFDS_DATA_DIR, or a network .*Use --dataset sample",
        remedies=[choose("sample"), go_online, write(KNOWN, prepare())],
    ),
    Case(
        limits={**ONLINE, DOWNLOAD: fail_to_download},
        dataset="imdb_reviews",
        check=check_set,
        message="downloaded: the host went away; .*Run the same command again later, or use --dataset sample",
        remedies=[go_online, choose("sample")],
    ),
    Case(
        files={KNOWN: prepare_without_records},
        dataset="imdb_reviews",
        check=check_set,
        message="is damaged: train.tfrecord is missing; .*Delete .* to have it prepared again",
        remedies=[both(delete, go_online)],
    ),
    Case(
        files={OURS: prepare_without_records},
        dataset="ours",
        check=check_set,
        message="is damaged: train.tfrecord is missing; .*Prepare it again",
        remedies=[write(OURS, prepare())],
    ),
    *(
        Case(dataset=name, check=check_source, message=message, remedies=[choose("good")])
        for name, message in (
            ("unlabelled", "labels outside its classes; expected labelled reviews. Choose another set"),
            ("empty", "has an empty train split; expected reviews in it. Choose another"),
        )
    ),
    # Generated sets.
    Case(
        files={"a.csv": GOOD},
        dataset="sample",
        settings={"label_column": "label"},
        message="is for a dataset in files, but --dataset is 'sample'; leave it out or name a file",
        remedies=[leave_out("label_column"), choose(f"{PLACE}/a.csv")],
    ),
    Case(
        dataset="recall-plain-7",
        check=check_set,
        message="expected recall-<task>-<distance> or recall-<task>-upto-<distance>; tasks are plain, .*distances 5,",
        remedies=[choose("recall-plain-5"), choose("recall-plain-upto-5")],
    ),
    # Databases.
    Case(
        files=SEVERAL,
        dataset=URL,
        message="has the tables 'films', 'more'; expected one. Choose one with --table",
        remedies=[use(table="films"), use(table="more")],
    ),
    Case(
        files=DATABASE,
        dataset=URL,
        settings={"table": "flims"},
        message="no table 'flims'; expected one of",
        remedies=[take_choice("table"), take_meant("table")],
    ),
    Case(
        dataset=URL,
        message="has no table; expected one with labelled texts. Choose another database",
        remedies=[write("../films.db", write_sqlite({"films": PAIRS}))],
    ),
    Case(
        files=DATABASE,
        dataset=URL,
        settings={"query": "CREATE TABLE more (x)"},
        message="--query gives no rows; expected a SELECT. Write one",
        remedies=[use(query="SELECT * FROM films")],
    ),
    Case(
        files=DATABASE,
        dataset=URL,
        settings={"query": "SELECT y FROM films"},
        message="cannot be read: no such column: y; expected rows. Check the URL, its variables and --query",
        remedies=[use(query="SELECT * FROM films"), leave_out("query")],
    ),
    Case(
        files=DATABASE,
        dataset="films:////no/such/films.db",
        message="cannot be read: unable to open database file; expected rows. Check the URL",
        remedies=[choose(URL)],
    ),
    Case(
        files=DATABASE,
        dataset="films://[::1",
        message=r"is not the URL of a database; expected one such as postgresql://host/films. Correct it",
        remedies=[choose(URL)],
    ),
    Case(
        files={"a.csv": GOOD},
        dataset="ftp://films/a.csv",
        message="of a kind that SQLAlchemy does not know; .*Copy it to a file on this machine, and name that",
        remedies=[choose(f"{PLACE}/a.csv")],
    ),
    Case(
        files=DATABASE,
        dataset="films://me:secret@/films.db",
        message=r"Write \$PASSWORD there, in single quotes, and set the environment variable PASSWORD",
        remedies=[both(choose("films://me:$PASSWORD@/films.db"), set_variable("PASSWORD", "secret"))],
    ),
    Case(
        files=DATABASE,
        dataset="films://me:$NO_SUCH@/films.db",
        message="the environment variable NO_SUCH is not set; expected it for .*Set it and run again",
        remedies=[set_variable("NO_SUCH", "secret")],
    ),
    Case(
        files={"a b.csv": GOOD},
        dataset="file:///my%20films/a%20b.csv",
        message="is the URL of a file; expected its path. Name it so: ",
        remedies=[choose(f"{PLACE}/a b.csv")],
    ),
    Case(
        files=DATABASE,
        dataset="sqlite:///flims.db",
        message="no such file; expected a file or a folder. Did you mean 'films.db'",
        remedies=[choose("sqlite:///films.db")],
    ),
    Case(
        files=DATABASE,
        dataset=f"{URL}?timeout=long",
        message="cannot be read: could not convert .*; expected rows. Check the URL",
        remedies=[choose(URL), choose(f"{URL}?timeout=9")],
    ),
    Case(
        files=DATABASE,
        dataset=URL,
        limits={"sqlite3.dbapi2.connect": refuse_setting},
        message="cannot be read: an unexpected keyword argument 'x'; expected rows. Check the URL",
        remedies=[lift],
    ),
    Case(
        files=DATABASE,
        dataset=URL,
        limits={"tasks.ingest.sources.sql_url.DRIVERS": {"films": [Driver("films", "no_such_driver", "driver")]}},
        message="needs the package driver; .*: python -m pip install driver$",
        remedies=[lift],
    ),
    Case(
        files=DATABASE,
        dataset=URL,
        limits={f"{__name__}.Renamed.import_dbapi": lack_driver},
        message="needs the package psycopg2-binary; .*: python -m pip install psycopg2-binary$",
        remedies=[lift],
    ),
    Case(
        files={"../films.db": write_bytes_at_the_end},
        dataset=URL,
        limits={"tasks.ingest.sources.sql.BATCH_ROWS": 10},
        message="column 'cover' holds text, and further down bytes that are not UTF-8; .*Leave it out with --query",
        remedies=[use(query="SELECT text, label FROM films")],
    ),
]

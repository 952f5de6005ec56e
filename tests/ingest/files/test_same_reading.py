"""Whatever training accepts, scoring accepts with the same texts in the same order, and no row is lost."""

import gzip
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.errors import UserError
from tasks.ingest.datasets import Choice
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_dataset
from tasks.ingest.sources.labelled_files import open_files
from tasks.ingest.sources.sql import fetch_rows
from tasks.predict.reading import peek_columns, take_rows

Table = list[tuple[str, str]]
pytestmark = pytest.mark.slow

MANY = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# For each of many formats; all tests together read about 1,000 files.
FEW = settings(MANY, max_examples=20)
FORMATS = (
    *(
        "csv",
        "tsv",
        "jsonl",
        "json",
        "indented",
        "parquet",
        "arrow",
        "stream",
        "feather",
        "orc",
        "sqlite",
        "saved",
        "gz",
    ),
    *("bz2", "xz", "zip", "xlsx", "ods"),
)
PLAIN_TEXTS = st.text(st.sampled_from('"""ab ,;\t|\'\u2028\xe9'), max_size=8)
TEXTS = st.text(st.sampled_from('"""ab ,;\t|\n\r\u2028\xe9'), max_size=12)
LABELS = st.sampled_from(["pos", "neg", "neg", ""])
# Enough of both classes, before and after the generated rows, that the rows can be split.
BEFORE: Table = [(f"film number {n} of many", ("pos", "neg")[n % 2]) for n in range(25)]
AFTER: Table = [(f"series number {n} of many", ("pos", "neg")[n % 2]) for n in range(25)]


@dataclass(frozen=True)
class Form:
    """How a table is written: its delimiter, line ends, character set, and the columns without a name."""

    delimiter: str
    end: str
    charset: str
    is_declared: bool
    is_indexed: bool
    num_in_header: int
    num_in_rows: int

    def encode(self, lines: list[str]) -> bytes:
        start = [f"sep={self.delimiter}"] if self.is_declared else []
        return "".join(f"{line}{self.end}" for line in [*start, *lines]).encode(self.charset)

    def pad(self, table: Table) -> list[list[str]]:
        rows = [["text", "label", *[""] * self.num_in_header], *([*row, *[""] * self.num_in_rows] for row in table)]
        return [[*([str(number or "")] if self.is_indexed else []), *row] for number, row in enumerate(rows)]

    def join(self, table: Table) -> bytes:
        """Write a table in which quotes are plain characters."""
        return self.encode([self.delimiter.join(row) for row in self.pad(table)])

    def quote(self, table: Table, *, is_minimal: bool) -> bytes:
        """Write a table as RFC 4180 says; if minimal, only the fields that need them have quotes."""
        special = re.compile(f'[\r\n"{re.escape(self.delimiter)}]' if is_minimal else "")
        rows = [
            ['"' + field.replace('"', '""') + '"' if special.search(field) else field for field in row]
            for row in self.pad(table)
        ]
        return self.encode([self.delimiter.join(row) for row in rows])

    @property
    def options(self) -> dict[str, Any]:
        """The flags with which the table can be read."""
        return {} if self.is_declared else {"delimiter": self.delimiter}


FORMS = st.builds(
    Form,
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    charset=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    is_declared=st.booleans(),
    is_indexed=st.booleans(),
    num_in_header=st.sampled_from([0, 0, 1, 3]),
    num_in_rows=st.sampled_from([0, 0, 1, 3]),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def read_for_training(files: FileOptions) -> list[str | None] | None:
    """Read the texts as training does, before cleaning; None if the file is refused in one line."""
    try:
        (part,) = open_files(files)
        return [text for rows in part.read() for text in rows.texts.to_pylist()]
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return None


def read_for_scoring(files: FileOptions) -> list[str | None]:
    columns = peek_columns(files).text_columns
    return [text for taken in take_rows(files, columns) for text in taken.texts.to_pylist()]


def read_alike(path: Path, content: bytes, **options: Any) -> list[str | None] | None:
    """Write a file and read it as `read_path_alike` does."""
    path.write_bytes(content)
    return read_path_alike(path, **options)


def read_path_alike(path: Path, **options: Any) -> list[str | None] | None:
    """Read a file both ways, and ingest it, which checks that rows are conserved; None if it is refused."""
    files = FileOptions(path=path, max_dropped_share=0.9, **options)
    texts = read_for_training(files)
    if texts is not None:
        assert read_for_scoring(files) == texts
        with TemporaryDirectory() as name:
            try:
                facts = write_dataset(
                    Choice("tiny", files=files), path.parent, Path(name), validation_fraction=0.1, limit=None
                )
            except UserError as error:
                assert "\n" not in str(error)  # noqa: PT017
            else:
                counts = facts.rows
                assert counts.num_read == len(texts) == counts.num_used + sum(counts.dropped.values())
    return texts


@MANY
@given(
    st.lists(st.tuples(PLAIN_TEXTS, st.sampled_from(["pos", "neg"])), max_size=12),
    FORMS,
    st.sampled_from(["auto", "none"]),
)
def test_rows_with_plain_quotes_are_all_read_or_refused(folder: Path, rows: Table, form: Form, quoting: Any) -> None:
    rows = [(text.replace(form.delimiter, " "), label) for text, label in rows]
    table = [*BEFORE, *rows, *AFTER]
    texts = read_alike(folder / "plain.csv", form.join(table), quoting=quoting, **form.options)
    if quoting == "none" and form.num_in_rows <= form.num_in_header:
        assert texts == [text for text, _ in table]
    assert texts is None or len(texts) == len(table)


@MANY
@given(
    st.lists(st.tuples(TEXTS, LABELS), max_size=12),
    FORMS,
    st.sampled_from(["minimal", "all"]),
    st.sampled_from(["auto", "csv", "none"]),
)
def test_quoted_rows_come_back_as_they_are(folder: Path, rows: Table, form: Form, quotes: str, quoting: Any) -> None:
    table = [*BEFORE, *rows, *AFTER]
    texts = read_alike(
        folder / "quoted.csv", form.quote(table, is_minimal=quotes == "minimal"), quoting=quoting, **form.options
    )
    if quoting == "csv" or (quoting == "auto" and texts is not None):
        assert texts == [text for text, _ in table]


@MANY
@given(st.binary(max_size=200), st.sampled_from([".csv", ".tsv", ".jsonl"]), st.sampled_from(["auto", "none"]))
def test_any_bytes_are_read_alike_or_refused(folder: Path, content: bytes, ending: str, quoting: Any) -> None:
    options = {} if ending == ".jsonl" else {"quoting": quoting}
    start = {".csv": b"text,label,\n", ".tsv": b"text\tlabel\n", ".jsonl": b'{"text": "a", "label": "b"}\n'}[ending]
    read_alike(folder / f"bytes{ending}", start + content, **options)


VALUES = st.none() | TEXTS
OBJECTS = st.fixed_dictionaries({"text": VALUES}, optional={"label": VALUES, "x": VALUES, "": VALUES})


@MANY
@given(
    st.lists(OBJECTS, max_size=12), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"])
)
def test_objects_are_read_alike(folder: Path, rows: list[dict[str, Any]], charset: str, end: str) -> None:
    rows = [*({"text": text, "label": label} for text, label in BEFORE), *rows]
    content = "".join(json.dumps(row, ensure_ascii=False) + end for row in rows).encode(charset)
    assert read_alike(folder / "rows.jsonl", content) == [row["text"] for row in rows]


@MANY
@given(
    st.lists(st.tuples(VALUES, VALUES), max_size=12), st.sampled_from([["text", "label", "label_"], ["a", "text", "a"]])
)
def test_parquet_is_read_alike(folder: Path, rows: list[Any], names: list[str]) -> None:
    columns = zip(*[(*row, None) for row in [*BEFORE, *rows]], strict=True)
    arrays = [pa.array(column, pa.string()) for column in columns]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, names=names), sink)
    texts = read_alike(folder / "rows.parquet", sink.getvalue().to_pybytes())
    assert texts == ([row[0] for row in [*BEFORE, *rows]] if names[0] == "text" else None)


# Texts that every format can hold: neither a workbook nor a line of a file of lines keeps all white space.
SIMPLE = st.text(st.sampled_from('"ab ,;\t\xe9\u2028\U0001f600<&'), min_size=1, max_size=12).map(
    lambda text: f"x{text}x"
)


@FEW
@given(st.lists(st.tuples(SIMPLE, st.sampled_from(["pos", "neg"])), max_size=12))
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read_alike(folder: Path, writers: dict[str, Any], form: str, rows: Table) -> None:
    table = [*BEFORE, *rows, *AFTER]
    path, options = writers[form](folder, table)
    assert read_path_alike(path, **options) == [text for text, _ in table]


@FEW
@given(st.lists(st.tuples(SIMPLE, st.sampled_from(["pos", "neg"])), max_size=12))
@pytest.mark.parametrize("form", ["names", "folder", "labels", "gz"])
def test_files_of_lines_are_read_alike(folder: Path, form: str, rows: Table) -> None:
    table = sorted([*BEFORE, *rows], key=lambda row: row[1])
    place = folder / f"lines-{form}"
    place.mkdir(exist_ok=True)
    for label in ("neg", "pos"):
        content = "".join(f"{text}\n\n" for text, own in table if own == label).encode()
        name = f"{label}.txt.gz" if form == "gz" else f"{label}.txt"
        (place / name).write_bytes(gzip.compress(content) if form == "gz" else content)
    names = ",".join(str(path) for path in sorted(place.iterdir()))
    options: dict[str, dict[str, Any]] = {
        "folder": {"line_pattern": "(?P<text>.+)"},
        # As scoring with a model that was trained on them.
        "labels": {"model_labels": ("neg", "pos")},
    }
    path = place if form in options else Path(names)
    assert read_path_alike(path, **options.get(form, {})) == [text for text, _ in table]


@FEW
@given(st.lists(st.tuples(VALUES, LABELS), max_size=12))
def test_rows_of_a_database_are_read_alike(folder: Path, rows: Table) -> None:
    table = [*BEFORE, *rows, *AFTER]
    path = folder / "films.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE films (text, label)")
        database.executemany("INSERT INTO films VALUES (?, ?)", table)
    fetched = [
        fetch_rows(f"sqlite:///{path}", table=None, query=query, folder=folder / "fetched")
        for query in (None, "SELECT text, label FROM films")
    ]
    assert [read_path_alike(it) for it in fetched] == [[text for text, _ in table]] * 2


@FEW
@given(content=st.binary(max_size=200), is_cut=st.booleans())
@pytest.mark.parametrize("form", [form for form in FORMATS if form != "saved"])
def test_damaged_files_are_read_alike_or_refused(
    folder: Path, writers: dict[str, Any], form: str, *, content: bytes, is_cut: bool
) -> None:
    path, options = writers[form](folder, BEFORE)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(content) * 7 % len(whole)] if is_cut else whole[:20] + content)
    read_path_alike(path, **options)

"""Whatever a file holds, the reader gives every row or one clear error, and changes no text."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.errors import UserError
from tasks.ingest.clean import clean_text
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files import rows as row_batches
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import check_files, hash_files, peek_rows, read_rows
from tasks.ingest.reviews import write_dataset

LENIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LABELS = st.sampled_from(["pos", "neg", "", " ", "na\xefve"])
TABLES = st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=30)
ENDINGS = [".csv", ".tsv", ".jsonl", ".json", ".parquet", ".csv.gz", ".jsonl.zst", ".label"]


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def write_csv(table: list[tuple[str, str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "label"), *table])
    return buffer.getvalue().encode()


def read_all(path: Path, **options: Any) -> list[dict[str, Any]]:
    batches = read_rows(path, FileOptions(path=path, **options))
    return [row for batch in batches for row in batch.columns.to_pylist()]


def ingest(path: Path, **options: Any) -> tuple[ReviewsFacts, list[str]]:
    """Ingest a file; returns the facts and all texts."""
    files = FileOptions(path=path, **options)
    with TemporaryDirectory() as name:
        facts = write_dataset(Choice("tiny", files=files), path.parent, Path(name), validation_fraction=0.1, limit=None)
        tables = [pq.read_table(Path(name) / f"{split}.parquet") for split in ("train", "validation", "test")]
    return facts, [text for table in tables for text in table["text"].to_pylist()]


@LENIENT
@given(TABLES)
def test_every_row_of_a_table_comes_back_as_it_is(folder: Path, table: list[tuple[str, str]]) -> None:
    path = folder / "rows.csv"
    path.write_bytes(write_csv(table))
    assert [(row["text"], row["label"]) for row in read_all(path, quoting="csv")] == table


@LENIENT
@given(TABLES)
def test_every_object_comes_back_as_it_is(folder: Path, table: list[tuple[str, str]]) -> None:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\r\n" for text, label in table))
    assert [(row["text"], row["label"]) for row in read_all(path)] == table


@LENIENT
@given(st.lists(st.tuples(TEXTS, LABELS), min_size=1, max_size=60))
def test_rows_are_kept_or_counted_and_texts_only_cleaned(folder: Path, table: list[tuple[str, str]]) -> None:
    path = folder / "ingested.csv"
    # Enough of both classes that what is left can be split.
    table = [*table, *((f"film {number}", "pos" if number % 2 else "neg") for number in range(60))]
    table += [("film of its own", label) for _, label in table if label.strip()]
    path.write_bytes(write_csv(table))
    try:
        facts, texts = ingest(path, max_dropped_share=0.99)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert sum(facts.num_reviews.values()) + sum(facts.rows.dropped.values()) == len(table)
    usable = [clean_text(text) for text, label in table if clean_text(text) and label.strip()]
    assert sorted(texts) == sorted(usable)


@LENIENT
@given(st.binary(max_size=400), st.sampled_from(ENDINGS), st.sampled_from(["csv", "none"]))
def test_any_bytes_give_rows_or_one_line(folder: Path, content: bytes, ending: str, quoting: Any) -> None:
    path = folder / f"bytes{ending}"
    path.write_bytes(b"text,label\n" + content if ending == ".csv" else content)
    options = {"line_pattern": "(?P<label>.)(?P<text>.*)"} if ending == ".label" else {"quoting": quoting}
    try:
        read_all(path, **options)
        ingest(path, max_dropped_share=0.99, **options)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@LENIENT
@given(st.lists(st.fixed_dictionaries({"text": JSON_VALUES, "label": JSON_VALUES, "x": JSON_VALUES}), max_size=20))
def test_any_objects_give_rows_or_one_line(folder: Path, objects: list[dict[str, Any]]) -> None:
    path = folder / "any.jsonl"
    # A single object may be a table.
    objects = [{"text": "film"}, *objects]
    path.write_text("".join(json.dumps(fields) + "\n" for fields in objects))
    try:
        assert len(read_all(path)) == len(objects)
        ingest(path, max_dropped_share=0.99)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017


def test_numbers_are_lines_where_rows_start(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbftext,label\r\n"a\r\nb",x\r\n\r\nc,y\r\n')
    (rows,) = read_rows(tmp_path / "a.csv", FileOptions(path=tmp_path / "a.csv"))
    assert (rows.numbers.tolist(), rows.unit) == ([2, 5], "line")
    assert rows.columns.schema.names == ["text", "label"]


def test_only_wanted_columns_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n1,2,3\n")
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": "2", "c": 3}\n')
    pq.write_table(pa.table({"a": [1], "b": ["2"], "c": [3]}), tmp_path / "a.parquet")
    for path in tmp_path.iterdir():
        (rows,) = read_rows(path, FileOptions(path=path), wanted={"b"})
        assert rows.columns.to_pylist() == [{"b": "2"}]


def test_batches_are_bounded_by_rows_and_by_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_batches, "BATCH_ROWS", 3)
    monkeypatch.setattr(row_batches, "BATCH_CHARACTERS", 50)
    texts = ["a"] * 7 + ["b" * 60, "c", "d" * 60]
    (tmp_path / "a.csv").write_text("text\n" + "".join(f"{text}\n" for text in texts))
    batches = list(read_rows(tmp_path / "a.csv", FileOptions(path=tmp_path / "a.csv")))
    assert [len(batch.numbers) for batch in batches] == [3, 3, 2, 2]


def test_names_are_peeked_at(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("one\ttwo\n1\t2\n")
    first = peek_rows(tmp_path / "a.tsv", FileOptions(path=tmp_path / "a.tsv"))
    assert first.columns.schema.names == ["one", "two"]


def test_hash_changes_with_the_content_and_with_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "pos").mkdir()
    (tmp_path / "pos" / "1.txt").write_text("good")
    options = FileOptions(path=tmp_path)
    before = hash_files(options)
    (tmp_path / "pos" / "stray.md").write_text("other")
    assert hash_files(options) == before
    (tmp_path / "pos" / "1.txt").write_text("bad")
    assert hash_files(options) != before


def test_description_is_the_same_when_read_back_from_json(tmp_path: Path) -> None:
    described = FileOptions(path=tmp_path / "a.csv", columns=("text", "label")).describe()
    assert json.loads(json.dumps(described)) == described


def test_description_names_no_place(tmp_path: Path) -> None:
    options = FileOptions(path=tmp_path / "a.csv", test_path=tmp_path / "b.csv", line_pattern="(?P<text>.)")
    assert str(tmp_path) not in json.dumps(options.describe())
    assert options.describe()["line_pattern"] == "(?P<text>.)"


def test_flag_that_fits_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    with pytest.raises(UserError, match="--columns is for a table"):
        check_files(FileOptions(path=tmp_path / "a.jsonl", columns=("text",)))


def test_long_rows_of_parquet_are_read_fewer_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.ingest.files.columnar.BATCH_CHARACTERS", 10_000)
    pq.write_table(pa.table({"text": [f"{n}" + "x" * 1_000 for n in range(100)]}), tmp_path / "a.parquet")
    found = [len(rows.columns) for rows in read_rows(tmp_path / "a.parquet", FileOptions(path=tmp_path / "a.parquet"))]
    assert sum(found) == 100
    assert max(found) < 12


def test_text_that_cannot_be_read_to_be_hashed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "films" / "good").mkdir(parents=True)
    (tmp_path / "films" / "good" / "1.txt").write_text("fine")

    def refuse(_path: Path) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tasks.ingest.files.folder.record_file", refuse)
    with pytest.raises(UserError, match=r"1\.txt cannot be read to its end: .*Permission denied"):
        hash_files(FileOptions(path=tmp_path / "films"))


def test_column_of_parquet_whose_name_is_not_utf8_is_told_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["x"], "label": ["a"], "notes": [1]}), path)
    path.write_bytes(path.read_bytes().replace(b"notes", b"n\xffte\x1b"))
    with pytest.raises(UserError) as caught:
        list(read_rows(path, FileOptions(path=path)))
    assert str(caught.value) == (
        r"a.parquet has a column whose name is not UTF-8, 'n\xffte\x1b'; expected UTF-8. Rename it and save again."
    )

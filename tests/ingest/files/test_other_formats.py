"""Workbooks, databases, sets of several files and archives: what is read of each, and what is refused with a remedy."""

import datetime as dt
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import Choice
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files import compression, workbooks
from tasks.ingest.files.options import FileOptions, make_absolute, name_file
from tasks.ingest.files.reading import check_files, hash_files, read_rows
from tasks.ingest.files.workbooks import spell_cell
from tasks.ingest.reviews import write_dataset
from tasks.predict.reading import peek_columns, take_rows
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig

PAIRS = [(f"film {n}", ("neg", "pos")[n % 2]) for n in range(40)]
GOOD = "text,label\n" + "".join(f"{text},{label}\n" for text, label in PAIRS)
WriteWorkbook = Callable[..., Path]


def read(path: Path, **options: Any) -> list[dict[str, Any]]:
    files = FileOptions(path=path, **options)
    check_files(files)
    return [row for rows in read_rows(path, files) for row in rows.columns.to_pylist()]


def complain(path: Path, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        read(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def ingest(folder: Path, path: Path, **options: Any) -> tuple[ReviewsFacts, dict[str, list[dict[str, Any]]]]:
    out = folder / "out"
    out.mkdir(exist_ok=True)
    choice = Choice("films", files=FileOptions(path=path, **options))
    facts = write_dataset(choice, folder, out, validation_fraction=0.1, limit=None)
    splits = ("train", "validation", "test")
    return facts, {split: pq.read_table(out / f"{split}.parquet").to_pylist() for split in splits}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("", ""),
        (3.0, "3"),
        (2.5, "2.5"),
        (7, "7"),
        (True, "true"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4), "2026-01-02T03:04:00"),  # noqa: DTZ001  # a sheet has no zones
    ],
)
def test_cell_is_spelled_as_in_a_table(value: Any, text: str) -> None:
    assert spell_cell(value) == text


def test_workbook_is_read_like_a_table(tmp_path: Path, write_workbook: WriteWorkbook) -> None:
    rows = [[], ["text", "label", None, "n"], ["good <&>", 1, None, 2.5], [None], ["dull", True, None, 3]]
    path = write_workbook(tmp_path / "a.xlsx", {"Empty": [], "Data": rows})
    batches = list(read_rows(path, FileOptions(path=path)))
    assert [row for rows in batches for row in rows.columns.to_pylist()] == [
        {"text": "good <&>", "label": "1", "n": "2.5"},
        {"text": "dull", "label": "true", "n": "3"},
    ]
    assert (batches[0].numbers.tolist(), batches[0].unit) == ([3, 5], "row")
    (note,) = batches[0].notes
    assert (note.finding, note.number, note.unit) == ("columns without a name, not read as text or label", 2, "row")


def test_sheet_is_chosen_where_there_are_several(tmp_path: Path, write_workbook: WriteWorkbook) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"One": [["text"], ["a"]], "Two": [["text"], ["b"]]})
    assert (
        complain(path) == "a.xlsx has several sheets with cells: 'One', 'Two'; expected one. Choose one with --table."
    )
    assert complain(path, table="two").endswith("expected one of 'One', 'Two'. Did you mean 'Two'?")
    assert read(path, table="Two") == [{"text": "b"}]


def test_workbook_without_rows_is_one_line(tmp_path: Path, write_workbook: WriteWorkbook) -> None:
    assert read(write_workbook(tmp_path / "a.xlsx", {"One": []})) == []


def test_workbook_without_a_header_takes_its_names_from_the_flag(tmp_path: Path, write_workbook: WriteWorkbook) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"One": [["good", 1], ["dull", 0]]})
    assert read(path, columns=("text", "label"))[0] == {"text": "good", "label": "1"}
    assert "a.xlsx row 1: number of fields 2, but --columns names 3" in complain(path, columns=("a", "b", "c"))


def test_workbook_that_would_fill_the_memory_is_refused(
    tmp_path: Path, write_workbook: WriteWorkbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_workbook(tmp_path / "a.xlsx", {"One": [["text"], ["a" * 10_000]]})
    monkeypatch.setattr(workbooks, "MOST_BYTES", 9_000)
    assert "a.xlsx unpacks to more than 9,000 bytes" in complain(path)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "films.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute('CREATE TABLE "my ""films""" (text, label, n)')
        connection.execute("CREATE TABLE other (text)")
        values = [(text, label, n) for n, (text, label) in enumerate(PAIRS)]
        connection.executemany('INSERT INTO "my ""films""" VALUES (?, ?, ?)', [*values, (None, b"\xff", 2.5)])
    return path


def test_table_of_a_database_is_read(tmp_path: Path, database: Path) -> None:
    assert complain(database).startswith("films.db has several tables: 'my \"films\"', 'other'; expected one.")
    assert "no table 'othr'; expected one of 'my \"films\"', 'other'. Did you mean" in complain(database, table="othr")
    rows = read(database, table='my "films"')
    assert rows[1] == {"text": "film 1", "label": b"pos", "n": "1"}
    assert rows[-1] == {"text": None, "label": b"\xff", "n": "2.5"}
    query = 'SELECT text, label FROM "my ""films""" WHERE n < 30 AND text IS NOT NULL ORDER BY n DESC'
    facts, _ = ingest(tmp_path, database, query=query)
    assert (facts.label_names, facts.rows.num_used) == (["neg", "pos"], 30)


@pytest.mark.parametrize("query", ["SELECT", "SELECT x FROM other", "DROP TABLE other", "PRAGMA user_version = 3"])
def test_query_that_gives_no_rows_is_refused_and_changes_nothing(database: Path, query: str) -> None:
    before = database.read_bytes()
    assert complain(database, query=query).startswith("--query: ")
    assert database.read_bytes() == before


def test_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("hello hello hello hello")
    assert "a.db cannot be read as an SQLite database: file is not a database" in complain(tmp_path / "a.db")


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with a file of lines for each of two labels."""
    folder = tmp_path / "films"
    folder.mkdir()
    for label in ("neg", "pos"):
        (folder / f"{label}.txt").write_text("".join(f"{text}\n\n" for text, own in PAIRS if own == label))
    return folder


def test_files_of_lines_are_read_by_their_names_or_their_folder(tmp_path: Path, films: Path) -> None:
    for path in (films, Path(f"{films}/neg.txt,{films}/pos.txt"), Path(f"{films}/neg.txt, {films}/pos.txt")):
        facts, rows = ingest(tmp_path, path)
        assert (facts.label_names, facts.rows.num_used, facts.warnings) == (["neg", "pos"], 40, [])
        (row,) = [row for split in rows.values() for row in split if row["text"] == "film 3"]
        assert (row["id"], row["label"]) == ("pos.txt:3", 1)


def test_lines_of_a_folder_are_scored_as_they_were_trained_on(films: Path) -> None:
    files = FileOptions(path=films, line_pattern="(?P<text>.+)")
    texts = [text for taken in take_rows(files, peek_columns(files).text_columns) for text in taken.texts.to_pylist()]
    assert sorted(texts) == sorted(text for text, _ in PAIRS)
    assert peek_columns(FileOptions(path=films)).names == ["id", "label", "text"]
    (whole,) = take_rows(FileOptions(path=films), ("text",))
    assert len(whole.texts) == 2


def test_settings_keep_several_names_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = f"{tmp_path}/a/neg.txt,{tmp_path}/pos.txt"
    assert RunConfig(dataset="a/neg.txt,pos.txt").files.path == Path(names)
    assert PredictConfig(input=Path("a/neg.txt,pos.txt"), output=Path("o.csv")).files.path == Path(names)
    assert name_file(Path("a/neg.txt,pos.txt")) == "neg-pos"
    assert make_absolute(Path("a,b.csv")) == tmp_path / "a,b.csv"
    (tmp_path / "a,b.txt").touch()
    assert make_absolute(Path("a,b.txt")) == tmp_path / "a,b.txt"


def test_missing_or_repeated_file_of_lines_is_named(tmp_path: Path, films: Path) -> None:
    assert "pso.txt': no such file; expected a file or a folder. Did you mean 'pos.txt'?" in complain(
        Path(f"{films}/neg.txt,{films}/pso.txt")
    )
    (tmp_path / "pos.txt").write_text("other\n")
    message = complain(Path(f"{films}/neg.txt,{films}/pos.txt,{tmp_path}/pos.txt"))
    assert "/pos.txt have the same label, 'pos'; expected one file per label" in message


def test_hash_of_several_files_changes_with_their_names_and_contents(films: Path) -> None:
    options = FileOptions(path=Path(f"{films}/neg.txt,{films}/pos.txt"))
    before = hash_files(options)
    (films / "neg.txt").write_text("other\n")
    assert hash_files(options) != before
    assert hash_files(FileOptions(path=films)) == hash_files(options)
    (films / "README.md").write_text("about")
    assert hash_files(FileOptions(path=films)) == hash_files(options)


def make_set(label: pa.Array, *, names: list[str] | None = None, start: int = 0) -> pa.Table:
    table = pa.table({"text": [f"film {start + n}" for n in range(len(label))], "label": label})
    info = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
    return table.replace_schema_metadata({"huggingface": json.dumps(info)}) if names else table


def save_set(folder: Path, names: list[str]) -> Path:
    """Save a set as Hugging Face Datasets does, in three splits."""
    (folder / "set").mkdir()
    (folder / "set" / "dataset_dict.json").write_text('{"splits": ["train", "test", "unsupervised"]}')
    for split, codes in {"train": [0, 1] * 20, "test": [0, 1, 1], "unsupervised": [-1]}.items():
        (folder / "set" / split).mkdir()
        table = make_set(pa.array(codes, pa.int64()), names=names, start=100 * len(codes))
        path = str(folder / "set" / split / "data-00000-of-00001.arrow")
        with pa.OSFile(path, "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
        (folder / "set" / split / "state.json").write_text("{}")
        (folder / "set" / split / "cache-0a1b2c.arrow").write_text("no set")
    return folder / "set"


def test_saved_set_has_its_splits_and_the_names_of_its_labels(tmp_path: Path) -> None:
    path = save_set(tmp_path, ["bad", "good"])
    facts, rows = ingest(tmp_path, path)
    assert facts.label_names == ["bad", "good"]
    assert facts.counts["test"] == {"bad": 1, "good": 2}
    assert facts.warnings == ["splits that are not read: 'unsupervised': 1 (first: set row 1)"]
    assert all(row["label"] == int(row["text"].split()[1]) % 2 for row in rows["train"])
    taken = list(take_rows(FileOptions(path=path), ("text",)))
    assert sum(len(batch.texts) for batch in taken) == 43


def test_downloaded_set_has_its_splits(tmp_path: Path) -> None:
    (tmp_path / "set" / "data").mkdir(parents=True)
    (tmp_path / "set" / "README.md").write_text("about")
    for split, codes in {"train": [0, 1] * 20, "test": [0, 1, 1]}.items():
        table = make_set(pa.array(codes), names=["bad", "good"], start=100 * len(codes))
        pq.write_table(table, tmp_path / "set" / "data" / f"{split}-00000-of-00001.parquet")
    facts, _ = ingest(tmp_path, tmp_path / "set")
    assert (facts.label_names, facts.num_reviews["test"], facts.warnings) == (["bad", "good"], 3, [])


def test_files_without_a_split_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for number in range(2):
        table = make_set(pa.array(["bad", "good"] * 10), start=100 * number)
        pq.write_table(table, tmp_path / "set" / f"part-{number}.parquet")
    facts, _ = ingest(tmp_path, tmp_path / "set")
    assert (facts.label_names, facts.rows.num_used) == (["bad", "good"], 40)
    pq.write_table(make_set(pa.array(["bad", "good"])), tmp_path / "set" / "test.parquet")
    assert "names such as train-0.parquet for all" in complain(tmp_path / "set")


def test_named_labels_are_those_of_other_files(tmp_path: Path) -> None:
    pq.write_table(make_set(pa.array([0, 1] * 20), names=["neg", "pos"]), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("text,label\nshow 1,pos\nshow 2,neg\n")
    facts, _ = ingest(tmp_path, tmp_path / "a.parquet", test_path=tmp_path / "b.csv")
    assert facts.label_names == ["neg", "pos"]


def write_zip(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_archive_of_one_file_may_have_any_name(tmp_path: Path) -> None:
    members = {"__MACOSX/._a.tsv": "x", "d/": "", "d/.DS_Store": "x", "d/a.tsv": GOOD.replace(",", "\t")}
    assert len(read(write_zip(tmp_path / "archive.zip", members))) == 40
    assert len(read(write_zip(tmp_path / "a.csv.zip", {"whatever": GOOD}))) == 40


@pytest.mark.parametrize("members", [{"a.csv": GOOD, "b.csv": GOOD}, {"d/": ""}])
def test_archive_of_another_number_of_files_is_refused(tmp_path: Path, members: dict[str, str]) -> None:
    message = complain(write_zip(tmp_path / "archive.zip", members))
    assert f"archive.zip holds {'2 files' if 'a.csv' in members else 'no file'}; expected one." in message


@pytest.mark.parametrize("ending", [".zip", ".gz", ".xz", ".bz2", ".parquet.gz"])
def test_file_that_unpacks_to_far_more_than_text_does_is_refused(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "ALWAYS_UNPACKED", 2**20)
    content = "text,label\n" + "a,b\n" * 2_000_000
    path = tmp_path / f"a{'' if 'parquet' in ending else '.csv'}{ending}"
    if ending == ".zip":
        write_zip(path, {"a.csv": content})
    else:
        import bz2
        import gzip
        import lzma

        compress = {".gz": gzip.compress, ".xz": lzma.compress, ".bz2": bz2.compress}[path.suffix]
        path.write_bytes(compress(content.encode()))
    message = complain(path)
    assert "unpacks to more than 200 times its size; expected text, which packs less." in message
    assert str(path) in message.rpartition("unpack it first: ")[2]

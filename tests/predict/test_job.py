"""Scoring a file: all formats in and out, every row and column kept, and going on after an interruption."""

import csv
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq
import pytest

from tasks.cli.scoring import check_prediction, make_job
from tasks.errors import UserError
from tasks.predict import job, writers
from tasks.predict.database import fetched
from tasks.predict.job import Job, Listener, score_file
from tasks.settings.predict import PredictConfig

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # Keras saves with NumPy 1's protocol

Score = Callable[..., dict[str, Any]]
ADDED = [
    "predicted_label",
    "p_bad",
    "p_good",
    "confidence",
    "uncertain",
    "num_tokens",
    "truncated",
    "oov_rate",
    "model_id",
    "reason",
]
TABLE = {"n": ["1", "2", "3"], "text": ["a great film", "so, dull", 'a "fine" film'], "note": ["x", "", "z"]}


def write_table(path: Path) -> Path:
    """Write TABLE in the format that the path's ending says."""
    endings = path.suffixes
    inner = path.with_suffix("") if endings[-1] in {".gz", ".zst"} else path
    frame = pd.DataFrame(TABLE)
    if inner.suffix == ".parquet":
        frame.to_parquet(inner)
    elif inner.suffix in {".jsonl", ".ndjson"}:
        inner.write_text("".join(json.dumps(row) + "\n" for row in frame.to_dict("records")))
    else:
        frame.to_csv(inner, index=False, sep="\t" if inner.suffix == ".tsv" else ",")
    if inner != path:
        with pa.CompressedOutputStream(path, "gzip" if endings[-1] == ".gz" else "zstd") as stream:
            stream.write(inner.read_bytes())
        inner.unlink()
    return path


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read an output as its own format spells it."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
    elif path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    else:
        options = pa.csv.ConvertOptions(strings_can_be_null=False, column_types={"n": pa.string()})
        table = pa.csv.read_csv(path, convert_options=options)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


@pytest.mark.parametrize("output", ["scored.parquet", "scored.csv", "scored.jsonl"])
@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "ndjson", "parquet", "csv.gz", "jsonl.zst", "parquet.gz"])
def test_every_format_keeps_rows_columns_and_order(form: str, output: str, score: Score, tmp_path: Path) -> None:
    facts = score(write_table(tmp_path / f"in.{form}"), output=output)
    rows = read_rows(tmp_path / output)
    assert list(rows[0]) == [*TABLE, *ADDED]
    assert {name: [row[name] for row in rows] for name in TABLE} == TABLE
    assert [row["predicted_label"] for row in rows] == ["good", "bad", "good"]
    assert [row["num_tokens"] for row in rows] == [3, 2, 3]
    assert all(row["confidence"] == max(row["p_bad"], row["p_good"]) for row in rows)
    assert all(row["p_bad"] + row["p_good"] == pytest.approx(1) for row in rows)
    assert {row["model_id"] for row in rows} == {"tfidf-linear/f1"}
    assert (facts.num_rows, facts.num_scored, facts.metrics) == (3, 3, None)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_scores_are_those_of_the_bundle(score: Score, tmp_path: Path, network: Path) -> None:
    from tasks.evaluate.bundle import load_bundle

    score(write_table(tmp_path / "in.csv"), model=network)
    decided = load_bundle(network).decide(pa.array(TABLE["text"]))
    table = pq.read_table(tmp_path / "scored.parquet")
    assert table.column("p_good").to_pylist() == pytest.approx(decided.probabilities[:, 1].tolist(), abs=1e-6)
    assert table.column("num_tokens").to_pylist() == decided.num_tokens.tolist()


def test_columns_of_the_training_are_read_where_there_are_some(
    score: Score, tmp_path: Path, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(folder: Path) -> Any:
        bundle = job_load(folder)
        dataset = bundle.facts.dataset.model_copy(update={"file_options": {"text_columns": ["title"]}})
        return replace(bundle, facts=bundle.facts.model_copy(update={"dataset": dataset}))

    job_load = job.load_bundle
    monkeypatch.setattr(job, "load_bundle", load)
    row = {"title": "a great film", "text": "so dull"}
    answers = []
    for found, columns in ((row, ()), (row, ("text",)), ({"text": "so dull"}, ())):
        score(write_jsonl(found), output="out.jsonl", text_columns=columns)
        answers.append(read_rows(tmp_path / "out.jsonl")[0]["predicted_label"])
    assert answers == ["good", "bad", "bad"]


def test_long_texts_are_truncated_and_unknown_words_counted(
    score: Score, network: Path, tmp_path: Path, write_jsonl: Callable[..., Path]
) -> None:
    score(write_jsonl({"text": "great " * 7}, {"text": "great " * 5 + "zebra"}), model=network, output="out.jsonl")
    first, second = read_rows(tmp_path / "out.jsonl")
    assert (first["truncated"], second["truncated"]) == (True, False)
    assert (first["oov_rate"], second["oov_rate"]) == (0.0, pytest.approx(1 / 6))


def test_bad_rows_are_kept_with_a_reason(score: Score, tmp_path: Path, write_jsonl: Callable[..., Path]) -> None:
    bad = [None, " ", "<br />", 5, ["a"], {"b": 1}, False]
    path = write_jsonl({"text": "great"}, *({"text": value} for value in bad), {"other": 1}, {"text": "dull"})
    facts = score(path, output="out.jsonl")
    rows = read_rows(tmp_path / "out.jsonl")
    reasons = [None, "missing text", "blank text", "blank text", *["not text"] * 4, "missing text", None]
    assert [row["reason"] for row in rows] == reasons
    assert [row.get("text") for row in rows] == ["great", *bad, None, "dull"]
    for row in rows[1:-1]:
        scores = {name: row[name] for name in ADDED if name not in {"model_id", "reason"}}
        assert set(scores.values()) == {None}
    assert [rows[0]["predicted_label"], rows[-1]["predicted_label"]] == ["good", "bad"]
    assert facts.reasons == {"missing text": 2, "blank text": 2, "not text": 4}
    assert facts.num_scored == 2


def test_file_of_bad_rows_alone_is_kept(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('text,n\n"",1\n" ",2\n')
    assert score(tmp_path / "in.csv", output="out.csv").num_scored == 0
    assert [row["reason"] for row in read_rows(tmp_path / "out.csv")] == ["blank text", "blank text"]


def test_bytes_that_are_no_text_are_kept_with_a_reason(score: Score, tmp_path: Path) -> None:
    texts = pa.array([b"great film", b"\xff\xfe", None], pa.binary())
    pq.write_table(pa.table({"text": texts}), tmp_path / "in.parquet")
    score(tmp_path / "in.parquet")
    table = pq.read_table(tmp_path / "scored.parquet")
    assert table.column("text").to_pylist() == [b"great film", b"\xff\xfe", None]
    assert table.column("reason").to_pylist() == [None, "not text", "missing text"]


def test_json_objects_keep_their_spelling(score: Score, tmp_path: Path, write_jsonl: Callable[..., Path]) -> None:
    path = write_jsonl('{"text": "gr\\u0065at", "x": 1.50, "y": [1, {"z": null}]}', "", '{"text":"dull" }')
    score(path, output="out.jsonl")
    first, second = (tmp_path / "out.jsonl").read_text().splitlines()
    assert first.startswith('{"text": "gr\\u0065at", "x": 1.50, "y": [1, {"z": null}], "predicted_label": "good", ')
    assert second.startswith('{"text":"dull", "predicted_label": "bad", ')


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("form", ["list", "columns", "data"])
def test_json_of_one_value_is_scored_row_by_row(score: Score, tmp_path: Path, form: str, indent: int | None) -> None:
    rows = [
        {"text": "great", "x": 1.5, "y": [1, {"z": None}]},
        {"text": "dull", "x": -2, "y": []},
        {"text": 3, "x": 0, "y": 1},
    ]
    columns = {name: {str(n): row[name] for n, row in enumerate(rows)} for name in rows[0]}
    content = {"list": rows, "columns": columns, "data": {"version": "1", "data": rows}}[form]
    (tmp_path / "in.json").write_text(json.dumps(content, indent=indent))
    score(tmp_path / "in.json", output="out.jsonl", records_at="data" if form == "data" else None)
    scored = read_rows(tmp_path / "out.jsonl")
    assert [{name: row[name] for name in rows[0]} for row in scored] == rows
    assert [row["predicted_label"] for row in scored] == ["good", "bad", None]
    assert [row["reason"] for row in scored] == [None, None, "not text"]


def test_number_of_any_length_is_kept(score: Score, tmp_path: Path, write_jsonl: Callable[..., Path]) -> None:
    digits = "9" * 5_000
    score(write_jsonl(f'{{"text": "great", "x": {digits}, "y": [{digits}]}}'), output="out.jsonl")
    assert (tmp_path / "out.jsonl").read_text().startswith(f'{{"text": "great", "x": {digits}, "y": [{digits}]')


def test_json_objects_that_differ_share_a_table(
    score: Score, tmp_path: Path, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.ingest.files.rows.BATCH_ROWS", 1)
    path = write_jsonl({"text": "great", "a": 1}, {"b": {"c": 2}, "text": "dull"})
    score(path)
    table = pq.read_table(tmp_path / "scored.parquet")
    assert table.column_names == ["text", "a", "b", *ADDED]
    assert table.column("a").to_pylist() == ["1", None]
    assert table.column("b").to_pylist() == [None, '{"c": 2}']


def test_parquet_columns_keep_their_types(score: Score, tmp_path: Path) -> None:
    columns = {
        "when": pa.array([0, 1], pa.timestamp("ms")),
        "tags": pa.array([["a"], []], pa.list_(pa.string())),
        "kind": pa.array(["u", "v"]).dictionary_encode(),
        "share": pa.array([float("nan"), 0.5]),
        "text": pa.array(["great", "dull"], pa.large_string()),
    }
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    for output in ("out.parquet", "out.csv", "out.jsonl"):
        score(tmp_path / "in.parquet", output=output)
    schema = pq.read_table(tmp_path / "out.parquet").schema
    assert [schema.field(name).type for name in columns] == [column.type for column in columns.values()]
    assert read_rows(tmp_path / "out.csv")[0]["tags"] == '["a"]'
    first = read_rows(tmp_path / "out.jsonl")[0]
    assert (first["when"], first["tags"], first["share"]) == ("1970-01-01T00:00:00", ["a"], None)


def test_folder_of_texts_is_scored_file_by_file(score: Score, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    (folder / "good").mkdir(parents=True)
    for name, content in {"b.txt": b"so dull", "a.txt": b"\xff\xfe\x00", "good/c.txt": b"great"}.items():
        (folder / name).write_bytes(content)
    (folder / "notes.md").write_text("no text")
    facts = score(folder, output="out.jsonl", label_column="label")
    rows = read_rows(tmp_path / "out.jsonl")
    assert [(row["id"], row["label"], row["reason"]) for row in rows] == [
        ("a.txt", None, "not text"),
        ("b.txt", None, None),
        ("good/c.txt", "good", None),
    ]
    assert facts.num_labelled == 1


def test_files_named_after_labels_are_scored_line_by_line_as_they_are_trained_on(score: Score, tmp_path: Path) -> None:
    folder = tmp_path / "reviews"
    folder.mkdir()
    (folder / "good.txt").write_text("a great film\n\nso fine\n")
    (folder / "bad.txt").write_text("so dull\n")
    outcome = score(folder, label_column="label")
    rows = read_rows(tmp_path / "scored.parquet")
    assert [(row["id"], row["text"]) for row in rows] == [
        ("bad.txt:1", "so dull"),
        ("good.txt:1", "a great film"),
        ("good.txt:3", "so fine"),
    ]
    assert outcome.metrics.accuracy == pytest.approx(2 / 3)
    (folder / "odd.txt").write_text("of no label")
    score(folder, output="files.parquet")
    assert [row["id"] for row in read_rows(tmp_path / "files.parquet")] == ["bad.txt", "good.txt", "odd.txt"]


@pytest.mark.parametrize("settings", [{"table": "films"}, {"query": "SELECT n, text, note FROM films"}])
def test_rows_of_a_database_are_scored_as_those_of_a_file(
    score: Score, tmp_path: Path, bundle: Path, settings: dict[str, str]
) -> None:
    score(write_table(tmp_path / "films.parquet"), output="file.parquet")
    with closing(sqlite3.connect(tmp_path / "films.sqlite")) as database, database:
        pd.DataFrame(TABLE).to_sql("films", database, index=False)
    url, output = f"sqlite:///{tmp_path}/films.sqlite", tmp_path / "url.parquet"
    config = PredictConfig(input=url, output=output, model=bundle, **settings)
    check_prediction(config)
    asked = make_job(config)
    with fetched(asked.files, asked.url, output=output) as files:
        score_file(replace(asked, files=files), listener=Listener())
    assert read_rows(output) == read_rows(tmp_path / "file.parquet")
    assert sorted(path.name for path in tmp_path.iterdir() if "url" in path.name) == ["url.parquet"]


def test_several_text_columns_are_joined(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("title,story\ngreat,a film\n")
    score(tmp_path / "in.csv", text_columns=("title", "story"))
    assert pq.read_table(tmp_path / "scored.parquet").column("num_tokens").to_pylist() == [3]


def test_texts_are_cleaned_as_in_training_and_kept_as_they_were(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\ngreat<br />film &amp; fun \n")
    score(tmp_path / "in.csv")
    (row,) = read_rows(tmp_path / "scored.parquet")
    assert row["text"] == "great<br />film &amp; fun "
    assert row["num_tokens"] == len(["great", "film", "fun"])


def test_low_confidence_is_uncertain(score: Score, tmp_path: Path) -> None:
    path = write_table(tmp_path / "in.csv")
    assert score(path).num_uncertain == 0
    facts = score(path, min_confidence=1.0)
    assert facts.num_uncertain == 3
    assert pq.read_table(tmp_path / "scored.parquet").column("uncertain").to_pylist() == [True] * 3


def test_text_that_the_model_does_not_know_is_uncertain_whatever_its_confidence(score: Score, tmp_path: Path) -> None:
    texts = ["great fun", "unheard of", "...", "great and dull film never heard of", "", "great fun, never heard"]
    (tmp_path / "in.csv").write_text("text\n" + "".join(f'"{text}"\n' for text in texts))
    facts = score(tmp_path / "in.csv")

    table = pq.read_table(tmp_path / "scored.parquet")
    nothing, too_much = "no known tokens", "more unknown tokens than any training text"
    # The last text has four tokens, too few for its share of unknown ones to tell something.
    assert table.column("reason").to_pylist() == [None, nothing, nothing, too_much, "blank text", None]
    assert table.column("uncertain").to_pylist() == [False, True, True, True, None, False]
    assert table.column("predicted_label").null_count == 1
    assert (facts.num_scored, facts.num_uncertain) == (5, 3)
    assert (facts.doubts, facts.reasons) == ({nothing: 2, too_much: 1}, {"blank text": 1})


def test_labels_give_metrics(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,y\ngreat,good\ndull, bad \ndull,good\ngreat,odd\n,good\n")
    facts = score(tmp_path / "in.csv", label_column="y")
    assert facts.num_labelled == 3
    assert facts.metrics.accuracy == pytest.approx(2 / 3)
    assert facts.unknown_labels == {"odd": 1}


def test_true_labels_may_be_lists_of_one(score: Score, write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    rows = [{"text": "great", "y": ["good"]}, {"text": "dull", "y": "bad"}, {"text": "dull", "y": ["bad", "good"]}]
    facts = score(write_jsonl(*rows), label_column="y")
    assert (facts.num_labelled, facts.metrics.accuracy) == (2, 1.0)
    assert facts.unknown_labels == {"several labels": 1}
    pq.write_table(pa.table({"text": ["great", "dull"], "y": [["good"], ["bad", "good"]]}), tmp_path / "in.parquet")
    facts = score(tmp_path / "in.parquet", label_column="y", output="other.parquet")
    assert (facts.num_labelled, facts.unknown_labels) == (1, {"several labels": 1})


def test_column_that_scoring_adds_is_not_overwritten(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,p_good\ngreat,mine\n")
    with pytest.raises(UserError, match=r"already has the column 'p_good'.*--prefix model_"):
        score(tmp_path / "in.csv")
    score(tmp_path / "in.csv", prefix="model_")
    (row,) = read_rows(tmp_path / "scored.parquet")
    assert row["p_good"] == "mine"
    assert row["model_predicted_label"] == "good"


def test_late_column_of_a_taken_name_is_refused(
    score: Score, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.ingest.files.rows.BATCH_ROWS", 1)
    with pytest.raises(UserError, match="already has the column 'reason'"):
        score(write_jsonl({"text": "great"}, {"text": "dull", "reason": "late"}))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_columns": ("txet",)}, "has no column 'txet'.*Did you mean 'text'"),
        ({"label_column": "nots"}, "--label-column: .*Did you mean 'note'"),
        ({"output": "scored.xlsx"}, "no ending that names its format; expected one of .parquet, .csv, .jsonl"),
        ({"output": "scored.json"}, "Did you mean '.jsonl'"),
        ({"output": "in.csv"}, r"is the input; expected another file\. The input is never changed"),
        ({"output": "folder.csv"}, "is a folder"),
    ],
)
def test_bad_requests_are_refused(options: dict[str, Any], message: str, score: Score, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    path = write_table(tmp_path / "in.csv")
    before = path.read_bytes()
    with pytest.raises(UserError, match=message):
        score(path, **options)
    assert path.read_bytes() == before


def test_pattern_makes_lines_of_a_table(score: Score, tmp_path: Path) -> None:
    summary = score(write_table(tmp_path / "in.csv"), line_pattern="(?P<text>.+)", output="lines.csv")
    lines = (tmp_path / "in.csv").read_text().splitlines()
    assert summary.num_rows == len(lines)


def test_numbers_are_no_text_column(score: Score, tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "in.parquet")
    with pytest.raises(UserError, match="holds int64 in column 'text'"):
        score(tmp_path / "in.parquet")


@pytest.mark.parametrize("output", ["scored.parquet", "scored.csv", "scored.jsonl"])
def test_columns_of_the_same_name_are_told_apart(score: Score, tmp_path: Path, output: str) -> None:
    (tmp_path / "in.csv").write_text("a,text,a,a_2,a\nv,great,w,x,y\n")
    score(tmp_path / "in.csv", output=output)
    (row,) = read_rows(tmp_path / output)
    assert list(row.items())[:5] == [("a", "v"), ("text", "great"), ("a_3", "w"), ("a_2", "x"), ("a_4", "y")]


def test_texts_of_the_same_name_are_refused(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text,text\ngreat,dull\n")
    with pytest.raises(UserError, match="several columns that may hold the text: 'text', 'text'"):
        score(tmp_path / "in.csv")
    with pytest.raises(UserError, match="2 columns named 'text'"):
        score(tmp_path / "in.csv", text_columns=("text",))


def test_columns_without_a_name_are_kept_if_they_hold_values(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(",text,,\n0,great,,\n1,dull,,\n")
    facts = score(tmp_path / "in.csv")
    assert pq.read_table(tmp_path / "scored.parquet").column_names == ["column_1", "text", *ADDED]
    assert facts.warnings[0] == "columns without a name, not read as text or label: 3 (first: in.csv line 1)"
    assert facts.warnings[1].startswith("rows with values in columns without a name: 2 (first: in.csv line 2); to use")


def test_rows_between_plain_quotes_are_not_swallowed(score: Score, tmp_path: Path) -> None:
    rows = "".join(f"{n}\tfilm number {n} {n}\n" for n in range(20))
    (tmp_path / "in.tsv").write_text(f'n\ttext\n{rows}20\t"great fun\n21\tso dull"\n')
    with pytest.raises(UserError, match=r"in\.tsv line 22: a quote opens a field that ends on line 23.*--quoting none"):
        score(tmp_path / "in.tsv")
    facts = score(tmp_path / "in.tsv", quoting="none")
    assert (facts.num_rows_read, facts.num_rows) == (22, 22)


def test_row_that_is_not_written_is_an_error(
    score: Score, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_parts = job.read_parts
    monkeypatch.setattr(job, "read_parts", lambda *given, **options: list(read_parts(*given, **options))[1:])
    with pytest.raises(RuntimeError, match=r"many\.csv: 12,000 rows read, but 7,000 written"):
        score(many)
    assert not (tmp_path / "scored.parquet").exists()


def test_missing_file_is_refused_by_its_flag(score: Score, tmp_path: Path) -> None:
    write_table(tmp_path / "in.csv")
    with pytest.raises(UserError, match=r"^--input .*no such file.*Did you mean 'in\.csv'"):
        score(tmp_path / "on.csv")


def test_file_without_rows_is_refused(score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\n")
    with pytest.raises(UserError, match="has no rows"):
        score(tmp_path / "in.csv")


def test_changed_bundle_is_refused(score: Score, bundle: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(bundle, tmp_path / "copy")
    (copy / "vocabulary.json").write_text("{}")
    with pytest.raises(UserError, match=r"vocabulary\.json does not match its hash"):
        score(write_table(tmp_path / "in.csv"), model=copy)


class Interrupted(Exception):  # noqa: N818  no error but the end of a process
    """Stands for a kill after the first part."""


class Killer(Listener):
    def on_progress(self, *_: object) -> None:
        raise Interrupted


class Counter(Listener):
    num_parts = 0

    def on_start(self, num_parts: int) -> None:
        self.num_parts = num_parts


@pytest.mark.parametrize("output", ["out.parquet", "out.csv", "out.jsonl"])
def test_interrupted_scoring_goes_on_and_gives_the_same_bytes(
    output: str, score: Score, many: Path, tmp_path: Path
) -> None:
    score(many, output=output)
    expected = (tmp_path / output).read_bytes()
    (tmp_path / output).unlink()
    with pytest.raises(Interrupted):
        score(many, output=output, listener=Killer())
    assert not (tmp_path / output).exists()
    counter = Counter()
    facts = score(many, output=output, listener=counter)
    assert counter.num_parts == 1
    assert (facts.num_rows, facts.num_rows_resumed) == (12_000, 5_000)
    assert (tmp_path / output).read_bytes() == expected


def test_kill_while_joining_leaves_the_parts(
    score: Score, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(writers.WRITERS, ".csv", lambda *_: (_ for _ in ()).throw(Interrupted))
        with pytest.raises(Interrupted):
            score(many, output="out.csv")
    counter = Counter()
    score(many, output="out.csv", listener=counter)
    assert counter.num_parts == 3
    assert [row["n"] for row in read_rows(tmp_path / "out.csv")] == [str(n) for n in range(12_000)]


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip_a_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [cut_short, flip_a_bit, lambda _: b"", None])
def test_damaged_part_is_scored_again(
    damage: Callable[[bytes], bytes] | None, score: Score, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(writers.WRITERS, ".csv", lambda *_: (_ for _ in ()).throw(Interrupted))
        with pytest.raises(Interrupted):
            score(many, output="out.csv")
    second = sorted(tmp_path.glob(".out.csv.*/*.arrow"))[1]
    if damage:
        second.write_bytes(damage(second.read_bytes()))
    else:
        second.unlink()
    counter = Counter()
    score(many, output="out.csv", listener=counter)
    assert counter.num_parts == 1, "what came after it cannot be told from what is missing"
    assert [row["n"] for row in read_rows(tmp_path / "out.csv")] == [str(n) for n in range(12_000)]


def test_parts_of_other_settings_are_not_used(score: Score, many: Path, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        score(many, listener=Killer())
    counter = Counter()
    score(many, listener=counter, min_confidence=0.9)
    assert counter.num_parts == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_rows_are_scored_in_bounded_batches(
    score: Score, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    write_part = job.write_part

    def watch(folder: Path, number: int, columns: pa.RecordBatch, added: pa.RecordBatch, **options: Any) -> None:
        sizes.append(len(columns))
        write_part(folder, number, columns, added, **options)

    monkeypatch.setattr(job, "write_part", watch)
    score(many)
    assert sizes == [5_000, 5_000, 2_000]
    assert pq.ParquetFile(tmp_path / "scored.parquet").num_row_groups == 3


def test_champion_that_changes_meanwhile_is_not_the_one_that_scores(
    score: Score, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been scored is kept under the model that was loaded."""
    champion, found = tmp_path / "champion", []
    champion.mkdir()
    (champion / "current").symlink_to(bundle)

    def decide_parts(job: Job) -> dict[str, Any]:
        found.append(job.model_folder)
        return decide(job)

    decide = Job.decide_parts
    monkeypatch.setattr(Job, "decide_parts", decide_parts)
    score(write_table(tmp_path / "in.csv"), model=champion)
    assert found == [bundle.resolve()]


HOSTILE = {"text": "=a great\x1b film", "=note\x1b[31m\n": "-1+cmd|x"}


def read_csv(path: Path) -> tuple[list[str], list[str]]:
    """The heading and the only row of a table, less the added columns."""
    with path.open(newline="", encoding="utf-8") as file:
        heading, row = csv.reader(file)
    return heading[: len(HOSTILE)], row[: len(HOSTILE)]


def test_heading_of_a_table_shows_control_characters(
    score: Score, write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    facts: Any = score(write_jsonl(HOSTILE), output="scored.csv")
    assert read_csv(tmp_path / "scored.csv") == (["text", r"=note\x1b[31m\n"], list(HOSTILE.values()))
    (warning,) = facts.warnings
    assert warning.startswith("3 cells begin like a formula")


def test_formulas_in_a_table_can_be_escaped(score: Score, write_jsonl: Callable[..., Path], tmp_path: Path) -> None:
    facts: Any = score(write_jsonl(HOSTILE), output="scored.csv", escape_formulas=True)
    escaped = [f"'{value}" for value in HOSTILE.values()]
    assert read_csv(tmp_path / "scored.csv") == (["text", r"'=note\x1b[31m\n"], escaped)
    assert not facts.warnings


@pytest.mark.parametrize("output", ["scored.parquet", "scored.jsonl"])
def test_other_outputs_keep_names_and_values(
    output: str, score: Score, write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    facts: Any = score(write_jsonl(HOSTILE), output=output, escape_formulas=True)
    (row,) = read_rows(tmp_path / output)
    assert {name: row[name] for name in HOSTILE} == HOSTILE
    assert not facts.warnings


def test_very_long_text_is_scored_by_its_beginning_and_kept(
    score: Score, write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    text = "great " * 200_000
    facts: Any = score(write_jsonl({"text": "so dull"}, {"text": text}))
    rows = read_rows(tmp_path / "scored.parquet")
    assert [row["text"] for row in rows] == ["so dull", text]
    assert rows[1]["num_tokens"] == 166_667
    assert any(warning.startswith("texts that are cut after 1,000,000 characters: 1 (") for warning in facts.warnings)


@pytest.mark.parametrize("output", ["scored.parquet", "scored.csv", "scored.jsonl"])
def test_permissions_of_the_output_follow_the_umask(
    output: str, score: Score, write_jsonl: Callable[..., Path], tmp_path: Path
) -> None:
    path = write_jsonl({"text": "so dull"})
    former = os.umask(0o027)
    try:
        score(path, output=output)
    finally:
        os.umask(former)
    assert (tmp_path / output).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_explanations_are_beside_the_predictions(ending: str, score: Score, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\na great film\n\nso dull\n")
    score(tmp_path / "in.csv", output=f"out.{ending}", prefix="m_", explain=True)
    path = tmp_path / f"out.{ending}"
    if ending == "parquet":
        found = pq.read_table(path).column("m_explanation").to_pylist()
    elif ending == "csv":
        lines = path.read_text().splitlines()
        found = [json.loads(row["m_explanation"] or "null") for row in csv.DictReader(lines)]
    else:
        found = [json.loads(line)["m_explanation"] for line in path.read_text().splitlines()]
    assert [words and words[0]["word"] for words in found] in (["great", "dull"], ["great", None, "dull"])
    assert all(isinstance(words[0]["weight"], float) for words in found if words)

"""Every source through one intake: the published forms as they are, and every kind of bad input as one line."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import Choice, choose_dataset
from tasks.ingest.facts import ReviewsFacts
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_dataset, write_reviews
from tasks.ingest.sources.base import Batch, Source

Rows = dict[str, list[dict[str, Any]]]

GOOD = "text,label\n" + "".join(f"film {number},{'pos' if number % 2 else 'neg'}\n" for number in range(40))
OBJECTS = "".join(json.dumps({"text": f"film {number}", "label": number % 2}) + "\n" for number in range(40))


@pytest.fixture
def ingest(tmp_path: Path) -> Callable[..., tuple[ReviewsFacts, Rows]]:
    """Write content to a file, check its beginning as a run does, and ingest it: facts and rows by split."""

    def ingest_file(name: str, content: str | bytes | None = None, **options: Any) -> tuple[ReviewsFacts, Rows]:
        if content is not None:
            (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        files = FileOptions(path=tmp_path / name, **options)
        assert choose_dataset(str(files.path), tmp_path, files) == Choice(files.name, files=files)
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        facts = write_dataset(Choice(files.name, files=files), tmp_path, folder, validation_fraction=0.1, limit=None)
        splits = ("train", "validation", "test")
        return facts, {split: pq.read_table(folder / f"{split}.parquet").to_pylist() for split in splits}

    return ingest_file


@pytest.fixture
def complain(ingest: Callable[..., Any]) -> Callable[..., str]:
    """What a file is refused with, which must be one line."""

    def ingest_badly(name: str, content: str | bytes | None = None, **options: Any) -> str:
        with pytest.raises(UserError) as caught:
            ingest(name, content, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return ingest_badly


def texts(rows: Rows) -> list[str]:
    return sorted(row["text"] for split in rows.values() for row in split)


def test_sarcasm_headlines(ingest: Callable[..., Any]) -> None:
    objects = [{"article_link": "https://x", "headline": f"a {n}", "is_sarcastic": n % 2} for n in range(40)]
    facts, rows = ingest("Sarcasm_Headlines_Dataset.json", "".join(json.dumps(row) + "\n" for row in objects))
    assert facts.label_names == ["0", "1"]
    assert texts(rows) == sorted(row["headline"] for row in objects)


def test_sms_spam(ingest: Callable[..., Any]) -> None:
    content = "".join(f'{"ham" if n % 4 else "spam"}\tsay "hi {n}\n' for n in range(40))
    options = {"columns": ("label", "text"), "delimiter": "\t", "quoting": "none"}
    facts, rows = ingest("SMSSpamCollection", content, **options)
    assert facts.label_names == ["ham", "spam"]
    assert texts(rows) == sorted(f'say "hi {n}' for n in range(40))


def test_trec_questions(ingest: Callable[..., Any]) -> None:
    content = "".join(f"{('DESC:manner', 'NUM:date')[n % 2]} Who is Ren\xe9 {n} ?\n" for n in range(40))
    pattern = r"(?P<label>[^:]+):\S+ (?P<text>.+)"
    facts, rows = ingest("train_5500.label", content.encode("latin-1"), line_pattern=pattern, charset="latin-1")
    assert facts.label_names == ["DESC", "NUM"]
    assert "Who is Ren\xe9 0 ?" in texts(rows)


def test_ag_news(ingest: Callable[..., Any], tmp_path: Path) -> None:
    for split in ("train", "test"):
        lines = [f'"{n % 4 + 1}","{split} ""{n}""","story, {n}"\n' for n in range(40)]
        (tmp_path / f"{split}.csv").write_text("".join(lines))
    columns = ("label", "title", "description")
    options = {"columns": columns, "text_columns": columns[1:], "test_path": tmp_path / "test.csv"}
    facts, rows = ingest("train.csv", **options)
    assert facts.label_names == ["1", "2", "3", "4"]
    assert sorted(row["text"] for row in rows["test"]) == sorted(f'test "{n}" story, {n}' for n in range(40))


def test_sst2(ingest: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "dev.tsv").write_text('sentence\tlabel\na "dev one\t0\nanother\t1\n')
    content = "sentence\tlabel\n" + "".join(f'" film {n} \t{n % 2}\n' for n in range(40))
    _, rows = ingest("train.tsv", content, quoting="none", validation_path=tmp_path / "dev.tsv")
    assert [row["text"] for row in rows["validation"]] == ['a "dev one', "another"]
    assert '" film 0' in texts(rows)


@pytest.mark.parametrize(
    ("name", "content", "options", "finding"),
    [
        ("a.csv", "text,label\n", {}, "a.csv has no rows; expected labelled texts in it."),
        ("a.csv", "\n\n", {}, "a.csv has no rows; expected labelled texts in it."),
        ("a.csv.gz", gzip.compress(b"", mtime=0), {}, "a.csv.gz has no rows; expected labelled texts in it."),
        ("a.csv", "text,x\na,b\n", {}, "no column with a usual name for the label, only 'text', 'x'"),
        (
            "a.csv",
            GOOD.replace("text", '"text').replace(" 9", ' 9"'),
            {},
            "spans lines; if quotes are plain characters, add",
        ),
        ("a.csv", GOOD.replace(",", ";"), {}, "separated by another character: --delimiter ';'."),
        ("a.csv", GOOD.replace(",", "\t"), {}, "separated by another character: --delimiter tab."),
        ("a.tsv", GOOD, {}, "separated by another character: --delimiter ','."),
        ("a.csv", "foo,label\na,b\n", {}, "no column with a usual name for the text, only 'foo', 'label'"),
        ("a.csv", "text,review,label\na,b,c\n", {}, "several columns that may hold the text: 'text', 'review'"),
        ("a.csv", "text,text,label\na,b,c\n", {"text_columns": ("text",)}, "2 columns named 'text'"),
        ("a.csv", GOOD, {"text_columns": ("txt",)}, "Did you mean 'text'?"),
        (
            "a.csv",
            GOOD,
            {"label_column": "text"},
            "column 'text' is chosen as both text and label; expected two different columns.",
        ),
        ("a.csv", GOOD, {"slice_columns": ("lable",)}, "--slice-column: a.csv has no column 'lable'; expected one of"),
        ("a.csv", GOOD, {"slice_columns": ("label",)}, "column 'label' is read as text or label"),
        ("a.csv", GOOD, {"slice_columns": ("text",)}, "column 'text' is read as text or label"),
        ("a.csv", GOOD.encode() + b"caf\xe9,pos\n", {}, "a.csv line 42 is not utf-8"),
        ("a.csv", GOOD + 'x,"a\nb"\na,b,c\n', {}, "a.csv line 44: number of fields 3, but the header has 2"),
        ("a.csv", GOOD, {"columns": ("a", "b", "c")}, "line 1: number of fields 2, but --columns names 3"),
        ("a.csv", GOOD + '"open,pos\n', {}, "a.csv line 42: unexpected end of data"),
        ("a.csv", GOOD + ",pos\n" * 9, {}, "9 of 49 rows dropped (share 0.18): 9 blank text (first: a.csv line 42)"),
        ("a.csv", "text,label\n,a\n", {"max_dropped_share": 0.99}, "1 of 1 rows dropped"),
        ("a.csv", "text,label\na,x\nb,x\n", {}, "all labels are 'x'"),
        ("a.csv", GOOD + "odd,rare\n", {}, "fewer than 2 training examples of 'rare' (first: a.csv line 42)"),
        ("a.csv", "text,label\n" + "".join(f"a {n},{n / 7}\n" for n in range(60)), {}, "like a continuous measure"),
        ("a.csv", "text,label\n" + "".join(f"a {n},b {n}\n" for n in range(60)), {}, "like free text"),
        ("a.csv", "text,label,split\na,x,train\nb,y,other\n", {}, "but also holds 'other' (first: a.csv line 3)"),
        (
            "a.csv",
            "text,label,split\na,x,test\nb,y,test\n",
            {},
            "no rows for training, only for test; expected training rows.",
        ),
        ("a.csv", b"PK\x03\x04", {}, "is not text but a zip archive"),
        ("a.csv.gz", gzip.compress(GOOD.encode() * 50, mtime=0)[:-9], {}, "Truncated compressed stream"),
        ("a.jsonl", OBJECTS + "{", {}, "a.jsonl line 41 is not JSON"),
        ("a.jsonl", OBJECTS + "3", {}, "a.jsonl line 41 is '3'; expected one JSON object"),
        ("a.json", '[{"a": "b"}]', {}, "no column with a usual name for the text, only 'a'"),
        ("a.json", '{"data": [{"text": "a"}]}', {}, "Say which list holds the rows: --records-at data"),
        ("a.csv", GOOD, {"records_at": "data"}, "--records-at is for a file of JSON objects"),
        ("a.jsonl", OBJECTS + '{"text": "\\ud800", "label": 1}', {}, "a.jsonl line 41 escapes half a character"),
        ("a.jsonl", OBJECTS + '{"text": {"a": 1}, "label": 1}', {}, "a.jsonl line 41 holds an object or a list"),
        ("a.jsonl", OBJECTS, {"delimiter": "\t"}, "--delimiter is for a table such as .csv"),
        ("a.parquet", "hello hello hello", {}, "a.parquet cannot be read as Parquet"),
        ("a.label", "x y\n", {}, "no ending that names its format"),
        ("a.label", "x y\n", {"line_pattern": "(?P<label>.):(?P<text>.)"}, "a.label line 1 does not match"),
    ],
)
def test_bad_input_is_one_line(
    complain: Callable[..., str], name: str, content: str | bytes, options: dict[str, Any], finding: str
) -> None:
    assert finding in complain(name, content, **options)


def test_zip_that_is_called_csv_is_named(complain: Callable[..., str]) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", GOOD)
    assert "zip archive" in complain("a.csv", buffer.getvalue())


def test_label_that_train_lacks_is_named(complain: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,label\na,pos\nb,meh\n")
    message = complain("a.csv", GOOD, test_path=tmp_path / "test.csv")
    assert "test has labels that train does not have: 'meh' (first: test.csv line 3)" in message


def test_split_given_twice_is_refused(complain: Callable[..., str], tmp_path: Path) -> None:
    content = "text,label,split\n" + "".join(f"a {n},{n % 2},{('train', 'test')[n // 20]}\n" for n in range(40))
    assert "two. Leave out --test-path, or remove the rows." in complain("a.csv", content, test_path=tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        (
            "film 3,neg\nFilm  3,pos\n",
            "texts with conflicting labels: 1 (first: a.csv line 5 'pos', a.csv line 42 'neg')",
        ),
        ("".join(f"more {n},pos\n" for n in range(2500)), "extreme imbalance: 2,520 training rows are 'pos', only 20"),
        ("odd,Pos\nodder,Pos\n", "classes that differ only in case: 'Pos', 'pos'"),
        ("odd,\uff50os\nodder,\uff50os\n", "classes whose names look alike: 'pos', '\uff50os'"),
        ("odd,p\u00ados\nodder,p\u00ados\n", "classes whose names look alike: 'pos', 'p\\xados'"),
        ("odd,nan\nodder,nan\n", "classes whose names may stand for no label: 'nan'; if they do, leave the label of"),
        (GOOD, "1 of 81 rows dropped (share 0.012): 1 repeated header (first: a.csv line 42)"),
        ("x,\n", "1 of 41 rows dropped (share 0.024): 1 blank label (first: a.csv line 42)"),
    ],
)
def test_what_may_be_so_is_a_warning(ingest: Callable[..., Any], rows: str, warning: str) -> None:
    facts, _ = ingest("a.csv", GOOD + rows)
    assert any(found.startswith(warning) for found in facts.warnings), facts.warnings


def test_overlap_is_a_warning_with_both_places(ingest: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,label\nnew,pos\nFILM 3,pos\n")
    facts, _ = ingest("a.csv", GOOD, test_path=tmp_path / "test.csv")
    assert facts.warnings == ["overlap: 1 of 2 test texts also occur in train (first: test.csv line 3, a.csv line 5)"]


def test_split_column_is_honoured(ingest: Callable[..., Any]) -> None:
    splits = ("train",) * 4 + ("Dev", " TEST ")
    content = "text,label,split\n" + "".join(f"{splits[n % 6]} {n},{n // 6 % 2},{splits[n % 6]}\n" for n in range(60))
    facts, rows = ingest("a.csv", content)
    assert facts.num_reviews == {"train": 40, "validation": 10, "test": 10}
    assert {row["text"].split()[0] for row in rows["validation"]} == {"Dev"}


def test_unique_ids_are_kept_and_others_replaced(ingest: Callable[..., Any]) -> None:
    rows = [f"film {n},{n % 2}\n" for n in range(40)]
    _, kept = ingest("a.csv", "id,text,label\n" + "".join(f"r{n},{row}" for n, row in enumerate(rows)))
    assert {row["id"] for split in kept.values() for row in split} == {f"r{n}" for n in range(40)}
    facts, numbered = ingest("b.csv", "id,text,label\n" + "".join(f"r{n % 30},{row}" for n, row in enumerate(rows)))
    assert facts.warnings == ["duplicate ids: 10 (first: b.csv line 32); rows are numbered instead"]
    assert {row["id"] for split in numbered.values() for row in split} == {f"train-{n}" for n in range(40)}


@pytest.mark.parametrize("form", ["list", "columns", "data"])
def test_json_of_one_value_is_ingested(ingest: Callable[..., Any], form: str) -> None:
    rows = [json.loads(line) for line in OBJECTS.splitlines()]
    columns = {name: {str(n): row[name] for n, row in enumerate(rows)} for name in ("text", "label")}
    content = {"list": rows, "columns": columns, "data": {"version": "1", "data": rows}}[form]
    facts, found = ingest("a.json", json.dumps(content), records_at="data" if form == "data" else None)
    assert (facts.label_names, facts.rows.num_used, facts.warnings) == (["0", "1"], 40, [])
    assert texts(found) == sorted(row["text"] for row in rows)


def test_place_of_a_record_is_its_number(complain: Callable[..., str]) -> None:
    rows = [json.loads(line) for line in OBJECTS.splitlines()]
    message = complain("a.json", json.dumps([*rows, {"text": "odd", "label": "rare"}], indent=1))
    assert "fewer than 2 training examples of 'rare' (first: a.json record 41)" in message


def test_labels_of_mixed_types_are_one_class(ingest: Callable[..., Any]) -> None:
    objects = [{"text": f"film {n}", "label": n % 2 if n < 20 else str(n % 2), "meta": {"a": [n]}} for n in range(40)]
    facts, _ = ingest("a.jsonl", "".join(json.dumps(row) + "\n" for row in objects))
    assert facts.label_names == ["0", "1"]


@pytest.mark.parametrize("pair", [("0.0", "1.0"), ("false", "TRUE"), ("0", "1"), ("[0]", "['1']"), ('"0 "', "+1")])
def test_equal_labels_are_equal_across_files(ingest: Callable[..., Any], tmp_path: Path, pair: tuple[str, str]) -> None:
    (tmp_path / "test.csv").write_text("text,label\n" + "".join(f"show {n},{pair[n % 2]}\n" for n in range(40)))
    facts, rows = ingest("a.jsonl", OBJECTS, test_path=tmp_path / "test.csv")
    assert facts.label_names == ["0", "1"]
    assert all(row["label"] == int(row["text"].split()[1]) % 2 for split in rows.values() for row in split)


def test_several_spellings_in_one_file_are_a_warning(ingest: Callable[..., Any]) -> None:
    content = "text,label\n" + "".join(f"film {n},{n % 2}{'.0' * (n > 20)}\n" for n in range(40))
    facts, _ = ingest("a.csv", content)
    assert facts.label_names == ["0", "1"]
    assert facts.warnings == ["equal labels that are spelled in several ways: '0', '0.0' are '0'; '1', '1.0' are '1'"]


def test_lists_of_one_label_are_that_label(ingest: Callable[..., Any], tmp_path: Path) -> None:
    labels = [["neg", "pos"][n % 2] for n in range(40)]
    lists = "".join(json.dumps({"text": f"film {n}", "label": [labels[n]]}) + "\n" for n in range(40))
    pq.write_table(
        pa.table({"text": [f"film {n}" for n in range(40)], "label": [[label] for label in labels]}),
        tmp_path / "c.parquet",
    )
    for name, content in (("a.jsonl", lists), ("b.csv", GOOD.replace("pos", "['pos']")), ("c.parquet", None)):
        facts, _ = ingest(name, content)
        assert (facts.label_names, facts.rows.dropped) == (["neg", "pos"], {})


def write_lists(num_several: int) -> str:
    labels = [["pos", "long"] if n < num_several else [("neg", "pos")[n % 2]] for n in range(40)]
    return "".join(json.dumps({"text": f"film {n}", "label": labels[n]}) + "\n" for n in range(40))


def test_rows_with_several_labels_are_dropped_and_counted(ingest: Callable[..., Any]) -> None:
    facts, _ = ingest("a.jsonl", write_lists(2))
    assert facts.warnings == ["2 of 40 rows dropped (share 0.05): 2 several labels (first: a.jsonl line 1)"]


def test_many_rows_with_several_labels_are_refused_as_multi_label(
    ingest: Callable[..., Any], complain: Callable[..., str]
) -> None:
    message = complain("a.jsonl", write_lists(9))
    assert "9 of 40 rows dropped (share 0.23): 9 several labels (first: a.jsonl line 1), more than" in message
    assert "expected one label per text, because texts with several (multi-label) are not supported." in message
    share = float(message.rstrip(".").rpartition("--max-dropped-share ")[2])
    assert ingest("a.jsonl", None, max_dropped_share=share)[0].rows.dropped == {"several labels": 9}
    assert "--max-dropped-share 1" not in complain("a.jsonl", write_lists(40))


@pytest.mark.parametrize("separator", [",", ";", "|", ", "])
def test_several_labels_in_a_cell_are_a_warning(ingest: Callable[..., Any], separator: str) -> None:
    labels = ["neg", "pos", f"pos{separator}long", f"neg{separator}long{separator}old"]
    content = "text,label\n" + "".join(f'film {n},"{labels[n % 4]}"\n' for n in range(80))
    facts, _ = ingest("a.csv", content)
    (warning,) = facts.warnings
    assert warning.startswith("labels that look like several labels per text: 2, such as 'neg")
    assert "(first: a.csv line 5); multi-label texts are not supported" in warning


@pytest.mark.parametrize("labels", [("Arts, Crafts", "Books", "Home; Garden"), ("Sci/Tech", "World", "a-b")])
def test_labels_with_a_comma_of_their_own_are_no_warning(ingest: Callable[..., Any], labels: tuple[str, ...]) -> None:
    facts, _ = ingest("a.csv", "text,label\n" + "".join(f'film {n},"{labels[n % 3]}"\n' for n in range(60)))
    assert facts.warnings == []


def test_rare_combinations_of_labels_are_refused_as_what_they_are(complain: Callable[..., str]) -> None:
    message = complain("a.csv", GOOD + 'odd,"pos,long"\n')
    assert "fewer than 2 training examples of 'pos,long'" in message
    assert "labels that look like several labels per text: 1, such as 'pos,long' (first: a.csv line 42)" in message


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("id,text,toxic,obscene,insult", "{n},film {n},{a},{b},0.0\n{n}b,show {n},{b},{a},1"),
        ("text,negative,positive", "film {n},{a},{b}"),
        ("text,is_toxic,is_obscene,is_insult", "film {n},{a},{b},False\nshow {n},{b},{a},True"),
    ],
)
def test_columns_of_zeros_and_ones_are_named_as_multi_label(
    ingest: Callable[..., Any], complain: Callable[..., str], header: str, row: str
) -> None:
    rows = "".join(row.format(n=n, a=n % 2, b=1 - n % 2) + "\n" for n in range(40))
    message = complain("a.csv", f"{header}\n{rows}")
    assert "hold only 0 and 1, like one column per label; multi-label texts are not supported." in message
    column = message.rstrip(".").rpartition("--label-column ")[2].strip("'")
    facts, _ = ingest("a.csv", None, label_column=column)
    assert facts.label_names == ["0", "1"]


def test_other_columns_of_numbers_are_not_named_as_labels(complain: Callable[..., str]) -> None:
    message = complain("a.csv", "text,a,b\n" + "".join(f"film {n},{n % 2},{n // 2 % 2}\n" for n in range(40)))
    assert "multi-label" not in message


def test_order_of_labels_is_a_fact_of_the_reviews_if_they_are_numbers(tmp_path: Path) -> None:
    for label, name in (("1.0", "a.csv"), ("good", "b.csv")):
        rows = "".join(f"film {n},{(label, '5', '3.5')[n % 3]}\n" for n in range(60))
        (tmp_path / name).write_text(f"text,label\n{rows}")
    (tmp_path / "out").mkdir()
    choice = Choice("a", files=FileOptions(path=tmp_path / "a.csv"))
    options = {"validation_fraction": 0.1, "limit": None}
    facts = write_dataset(choice, tmp_path, tmp_path / "out", ordinal=True, **options)
    assert (facts.label_names, facts.ordinal) == (["1", "3.5", "5"], True)
    assert not write_dataset(choice, tmp_path, tmp_path / "out", **options).ordinal
    choice = Choice("b", files=FileOptions(path=tmp_path / "b.csv"))
    with pytest.raises(UserError, match=r"--ordinal: the label 'good' is no number; .* or leave out --ordinal"):
        write_dataset(choice, tmp_path, tmp_path / "out", ordinal=True, **options)


def test_parquet_of_any_string_type_is_read(ingest: Callable[..., Any], tmp_path: Path) -> None:
    labels = pa.array([bool(n % 2) for n in range(40)])
    text = pa.array([f"film {n}" for n in range(40)], pa.large_string()).dictionary_encode()
    pq.write_table(pa.table({"text": text, "label": labels}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet.gz").write_bytes(gzip.compress((tmp_path / "a.parquet").read_bytes()))
    for name in ("a.parquet", "b.parquet.gz"):
        facts, rows = ingest(name)
        assert facts.label_names == ["false", "true"]
        assert texts(rows) == sorted(text.to_pylist())


def test_folder_of_labels_is_read_and_strays_are_counted(ingest: Callable[..., Any], tmp_path: Path) -> None:
    for label in ("good film", "b\xf6se"):
        (tmp_path / "films" / label).mkdir(parents=True)
        for n in range(12):
            (tmp_path / "films" / label / f"{n}.txt").write_text(f"{label} {n}\r\n", encoding="utf-8")
    (tmp_path / "films" / "README.md").touch()
    (tmp_path / "films" / ".hidden").touch()
    facts, rows = ingest("films")
    assert facts.label_names == ["b\xf6se", "good film"]
    assert facts.warnings == ["ignored files that are not <label>/*.txt: 1 (first: README.md)"]
    assert {row["id"] for row in rows["test"]} <= {f"{label}/{n}.txt" for label in facts.label_names for n in range(12)}


def test_thousand_classes_are_kept_and_none_is_lost_from_train(ingest: Callable[..., Any]) -> None:
    facts, rows = ingest("a.csv", "text,label\n" + "".join(f"film {n},{n % 1000}\n" for n in range(2000)))
    assert facts.label_names == [str(n) for n in range(1000)]
    assert {row["label"] for row in rows["train"]} == set(range(1000))


def test_missing_column_in_some_objects_is_counted(ingest: Callable[..., Any]) -> None:
    facts, _ = ingest("a.jsonl", OBJECTS + '{"text": "only"}\n')
    assert facts.rows.dropped == {"missing label": 1}


def make_prepared(rows: dict[str, list[tuple[str, int]]], *label_names: str) -> Source:
    """A set that declares its classes, as TensorFlow Datasets gives it."""

    def read(split: str) -> Iterator[Batch]:
        found, labels = zip(*rows[split], strict=True)
        yield Batch(pa.array(found, pa.string()), np.array(labels, np.int32))

    readers = {split: partial(read, split) for split in rows}
    return Source(name="tiny", label_names=label_names, identity={}, readers=readers)


FILMS = [(f"film {number}", number % 2) for number in range(40)]


@pytest.mark.parametrize(
    ("train", "test", "warning"),
    [
        ([("Film  3", 0)], [], "texts with conflicting labels: 1 (first: train row 4 'pos', train row 41 'neg')"),
        ([], [("FILM 3", 1)], "overlap: 1 of 3 test texts also occur in train (first: test row 3, train row 4)"),
        ([], [(" ", 1)], "1 of 43 rows dropped (share 0.023): 1 blank text (first: test row 3)"),
        ([("odd", 2)], [], "fewer than 2 training examples of 'other' (first: train row 41)"),
        ([], [("odd", 2)], "test has labels that train does not have: 'other' (first: test row 3)"),
        ([(f"more {n}", 1) for n in range(2500)], [], "extreme imbalance: 2,520 training rows are 'pos', only 20"),
    ],
)
def test_prepared_set_gets_the_same_checks_as_warnings(
    tmp_path: Path, train: list[tuple[str, int]], test: list[tuple[str, int]], warning: str
) -> None:
    source = make_prepared({"train": FILMS + train, "test": [("a", 0), ("b", 1), *test]}, "neg", "pos", "other")
    facts = write_reviews(source, tmp_path, validation_fraction=0.1)
    assert any(found.startswith(warning) for found in facts.warnings), facts.warnings


def test_prepared_set_of_many_blank_texts_is_taken_as_it_is(tmp_path: Path) -> None:
    source = make_prepared({"train": [*FILMS, *[("<br />", 1)] * 40]}, "neg", "pos")
    facts = write_reviews(source, tmp_path, validation_fraction=0.1)
    assert (sum(facts.num_reviews.values()), facts.rows.dropped) == (40, {"blank text": 40})


def test_prepared_split_of_nothing_but_blank_texts_is_refused(tmp_path: Path) -> None:
    source = make_prepared({"train": FILMS, "test": [("", 0), (" ", 1)]}, "neg", "pos")
    with pytest.raises(UserError, match=r"^test: 2 of 2 rows dropped .*; expected a text and a label in each row"):
        write_reviews(source, tmp_path, validation_fraction=0.1)


def test_classes_of_a_prepared_set_keep_their_order(tmp_path: Path) -> None:
    facts = write_reviews(make_prepared({"train": FILMS}, "pos", "neg"), tmp_path, validation_fraction=0.1)
    assert facts.label_names == ["pos", "neg"]
    assert facts.counts["train"] == {"pos": 14, "neg": 15}


def test_folder_of_undecodable_text_is_refused_by_its_name(complain: Callable[..., str], tmp_path: Path) -> None:
    for label in ("bad", "good"):
        (tmp_path / "films" / label).mkdir(parents=True)
        (tmp_path / "films" / label / "1.txt").write_bytes(b"caf\xe9")
    assert complain("films").startswith("'bad/1.txt' is not utf-8: it holds bytes that cannot be decoded.")


def test_very_long_text_is_cut_with_a_warning(ingest: Callable[..., Any]) -> None:
    facts, _ = ingest("a.csv", f"{GOOD}{'x' * 1_000_001},neg\n")
    assert facts.warnings[0].startswith("texts that are cut after 1,000,000 characters: 1 (first: ")


REGIONS = [None, "eu", "us", ""]


def make_sliced(num_rows: int = 60) -> list[dict[str, Any]]:
    """Rows whose text names their region and product; each seventh has no label."""
    return [
        {
            "text": f"film {number} of {number % 4} and {number % 3}",
            "label": None if number % 7 == 6 else ("pos", "neg")[number % 2],
            "region": REGIONS[number % 4],
            "product": number % 3,
        }
        for number in range(num_rows)
    ]


def read_slices(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(folder / "test_slices.parquet").to_pylist()
    return rows


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.jsonl"])
def test_columns_by_which_to_slice_are_kept_beside_the_test_reviews(
    ingest: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    frame = pd.DataFrame(make_sliced())
    path = tmp_path / name
    writers = {".parquet": frame.to_parquet, ".csv": partial(frame.to_csv, index=False)}
    writers.get(path.suffix, partial(frame.to_json, orient="records", lines=True))(path)
    _, rows = ingest(name, slice_columns=("region", "product", "region"), max_dropped_share=0.5)
    slices = read_slices(tmp_path / "out")
    assert len(slices) == len(rows["test"]) > 5
    for review, found in zip(rows["test"], slices, strict=True):
        region, product = review["text"].split()[-3::2]
        assert list(found) == ["region", "product"]
        assert (found["region"] or "") == (REGIONS[int(region)] or "")
        assert found["product"] == product
    assert {tuple(row) for split in rows.values() for row in split} == {("id", "text", "label")}


def test_slices_change_neither_texts_nor_splits(ingest: Callable[..., Any], tmp_path: Path) -> None:
    content = pd.DataFrame(make_sliced()).to_csv(index=False)
    hashes = []
    for slice_columns in ((), ("region",)):
        ingest("a.csv", content, slice_columns=slice_columns, max_dropped_share=0.5)
        hashes.append(
            [(tmp_path / "out" / f"{split}.parquet").read_bytes() for split in ("train", "validation", "test")]
        )
    assert hashes[0] == hashes[1]


def test_only_the_file_with_the_test_reviews_needs_the_column(ingest: Callable[..., Any], tmp_path: Path) -> None:
    pd.DataFrame(make_sliced()).dropna(subset="label").to_csv(tmp_path / "test.csv", index=False)
    _, rows = ingest("a.csv", GOOD, test_path=tmp_path / "test.csv", slice_columns=("region",))
    assert len(read_slices(tmp_path / "out")) == len(rows["test"]) == 52


def test_split_column_and_slices_go_together(ingest: Callable[..., Any], tmp_path: Path) -> None:
    frame = pd.DataFrame(make_sliced()).dropna(subset="label").assign(split=lambda it: np.arange(len(it)) % 3)
    frame["split"] = frame["split"].map({0: "train", 1: "dev", 2: "test"})
    _, rows = ingest("a.csv", frame.to_csv(index=False), slice_columns=("product", "split"))
    expected = frame[frame["split"] == "test"]["product"].astype(str).tolist()
    assert [row["product"] for row in read_slices(tmp_path / "out")] == expected
    assert len(rows["test"]) == len(expected)


def test_reviews_without_slices_have_no_file_of_them(ingest: Callable[..., Any], tmp_path: Path) -> None:
    ingest("a.csv", GOOD)
    assert not (tmp_path / "out" / "test_slices.parquet").exists()

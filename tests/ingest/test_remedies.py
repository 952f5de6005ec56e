"""Advice works: whoever does what an error says gets the rows, and never a second error."""

import gzip
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.errors import UserError
from tasks.ingest.datasets import choose_dataset
from tasks.ingest.rehearsal import rehearse
from tasks.settings.run import RunConfig

PAIRS = [(f"film {n}", ("neg", "pos")[n % 2]) for n in range(40)]
ROWS = "".join(f"{text},{label}\n" for text, label in PAIRS)
GOOD = f"text,label\n{ROWS}"
OBJECTS = [{"text": text, "label": label} for text, label in PAIRS]
UNIQUE = "".join(f"{text},no {text},{label}\n" for text, label in PAIRS)
TWO = GOOD.replace("\n", ",1\n").replace("label,1", "label,class")
SAME = GOOD.replace("label", "x,label").replace(",neg", ",1,neg").replace(",pos", ",1,pos")
TWO_LABELS = [{**row, "label": ["a", "b"] if n < 4 else [row["label"]]} for n, row in enumerate(OBJECTS)]
ONE_HOT = "".join(f"film {n},{n % 2},{n // 2 % 2},{n // 3 % 2}\n" for n in range(40))
TEST_ONLY = ROWS.replace("\n", ",test\n")
TRAIN_ONLY = ROWS.replace("\n", ",train\n")
CYRILLIC = GOOD.replace("film", "фильм")
FLAG = re.compile(r"--([a-z-]+)[ =]('[^']*'|[\w.;|+-]+)")


def check(path: Path, **settings: Any) -> None:
    """Check a dataset as the command line does before it starts a flow."""
    config = RunConfig(dataset=str(path), data_dir=path.parent, artifacts_dir=path.parent, **settings)
    choice = choose_dataset(config.dataset, config.data_dir, config.files)
    rehearse(choice, config.data_dir, validation_fraction=config.validation_fraction, limit=config.limit)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / name


def complain(path: Path, **settings: Any) -> str:
    with pytest.raises(UserError) as caught:
        check(path, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def read_flag(message: str, flag: str) -> str:
    """The value that a message suggests for a flag: the first one, but the last share, as the first is in force."""
    values = [value for name, value in FLAG.findall(message) if name == flag.replace("_", "-")]
    value = values[-1 if flag == "max_dropped_share" else 0]
    return shlex.split(value)[0] if value.startswith("'") else value.rstrip(".;")


@pytest.mark.parametrize(
    ("name", "content", "settings", "flag"),
    [
        ("a.csv", GOOD.replace(",", ";"), {}, "delimiter"),
        ("a.csv", GOOD.replace(",", "\t"), {}, "delimiter"),
        ("a.csv", GOOD.replace(",", "|"), {}, "delimiter"),
        ("a.tsv", GOOD, {}, "delimiter"),
        ("a.csv", GOOD.replace("film 5", '"film 5').replace("film 9", 'film 9"'), {}, "quoting"),
        ("a.csv", GOOD.replace("film 5", '"film 5'), {}, "quoting"),
        ("a.csv", GOOD.replace("text", '"text').replace(" 9", ' 9"'), {}, "quoting"),
        ("a.csv", CYRILLIC.encode("cp1251"), {}, "charset"),
        ("a.csv", CYRILLIC.encode("utf-16-le"), {}, "charset"),
        ("a.csv", CYRILLIC, {"charset": "ascii"}, "charset"),
        ("a.csv", GOOD.replace("film", "caf\xe9").encode("latin-1"), {}, "charset"),
        ("a.csv", GOOD.replace("film", "你好电影").encode("gbk"), {}, "charset"),
        ("a.json", json.dumps({"version": 1, "data": OBJECTS}), {}, "records_at"),
        ("a.json", json.dumps({"set": {"my rows": OBJECTS}}), {}, "records_at"),
        ("a.json", json.dumps({"set": {"rows": OBJECTS}}), {"records_at": "set"}, "records_at"),
        ("a.jsonl", "\n".join(map(json.dumps, TWO_LABELS)), {}, "max_dropped_share"),
        ("a.csv", f"text,toxic,mild,rude\n{ONE_HOT}", {}, "label_column"),
    ],
)  # fmt: skip
def test_flag_that_an_error_names_reads_the_file(
    tmp_path: Path, name: str, content: str | bytes, settings: dict[str, Any], flag: str
) -> None:
    path = write(tmp_path, name, content)
    value = read_flag(complain(path, **settings), flag)
    check(path, **{**settings, flag: value})


@pytest.mark.parametrize(
    ("content", "settings", "message", "remedy"),
    [
        (ROWS, {}, "if the file has no header, name its columns with --columns", {"columns": "text,label"}),
        (GOOD.replace("text", "said"), {}, "Choose one with --text-column", {"text_column": "said"}),
        (GOOD.replace("label", "y"), {}, "Choose one with --label-column", {"label_column": "y"}),
        (GOOD.replace("label", "y"), {"label_column": "Y"}, "Did you mean 'y'", {"label_column": "y"}),
        (GOOD, {"label_column": "text"}, "expected two different columns", {"label_column": "label"}),
        (GOOD, {"columns": "text,label,more"}, "but --columns names 3", {"columns": ()}),
        (GOOD, {"line_pattern": "(?P<text>.+)!"}, "does not match", {"line_pattern": None}),
        (GOOD, {"records_at": "data"}, "leave it out", {"records_at": None}),
        (GOOD + ",pos\n" * 9, {}, "more than --max-dropped-share 0.05 allows", {"max_dropped_share": 0.2}),
        (SAME, {"label_column": "x"}, "Choose another with --label-column", {"label_column": "label"}),
        (f"text,x,label\n{UNIQUE}", {"label_column": "x"}, "Choose another with", {"label_column": "label"}),
        (TWO, {}, "several columns that may hold the label", {"label_column": "label"}),
    ],
)  # fmt: skip
def test_settings_that_an_error_asks_for_are_enough(
    tmp_path: Path, content: str, settings: dict[str, Any], message: str, remedy: dict[str, Any]
) -> None:
    path = write(tmp_path, "a.csv", content)
    assert message in complain(path, **settings)
    check(path, **{**settings, **remedy})


@pytest.mark.parametrize(
    ("content", "better", "message"),
    [
        (f"{GOOD}odd,rare\n", GOOD + "odd,rare\nodder,rare\n", "fewer than 2 training .*Add examples"),
        (GOOD + "a,b,c\n", GOOD + 'a,"b"\n"c",b\n', "number of fields 3, but the header has 2; .*Correct the line"),
        (GOOD + 'a,"b"c\n', GOOD + 'a,"b""c"\n' * 2, "quotes inside them to be doubled"),
        (GOOD + "a,pos,\n", GOOD + "a,pos\n", "line 42 ends with 1 delimiter more.*Remove the delimiters"),
        ("text,label\na,x\nb,y\n", GOOD, "fewer than 2 training examples"),
        (f"text,label,split\n{TEST_ONLY}", f"text,label,split\n{TRAIN_ONLY}", "no rows for training"),
        (f"text,label,split\n{TRAIN_ONLY}a,pos,b\n", f"text,label,x\n{TRAIN_ONLY}a,pos,b\n", "or rename the column"),
    ],
)  # fmt: skip
def test_corrected_file_is_read(tmp_path: Path, content: str, better: str, message: str) -> None:
    path = write(tmp_path, "a.csv", content)
    assert re.search(message, complain(path))
    check(write(tmp_path, "a.csv", better))


def test_name_that_an_error_asks_for_tells_the_kind(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"text": [text for text, _ in PAIRS], "label": [label for _, label in PAIRS]}), tmp_path / "b"
    )
    for content, ending in ((gzip.compress(GOOD.encode()), ".gz"), ((tmp_path / "b").read_bytes(), ".parquet")):
        path = write(tmp_path, "a.csv", content)
        message = complain(path)
        assert message.endswith("; expected what its ending says.")
        assert f"its name should end in {ending}" in message
        check(path.rename(tmp_path / (f"a.csv{ending}" if ending == ".gz" else f"a{ending}")))


def test_file_without_an_ending_is_read_with_one_of_the_flags(tmp_path: Path) -> None:
    path = write(tmp_path, "rows", GOOD)
    message = complain(path)
    assert "--delimiter for a table, --line-pattern for lines" in message
    check(path, delimiter=",")
    check(write(tmp_path, "rows", ROWS), line_pattern="(?P<text>.*),(?P<label>.*)")


def test_label_that_train_lacks_is_told_before_a_run(tmp_path: Path) -> None:
    other = write(tmp_path, "b.csv", "text,label\nshow,pos\nshow 2,meh\n")
    path = write(tmp_path, "a.csv", GOOD)
    assert "test has labels that train does not have: 'meh' (first: b.csv line 3)" in complain(path, test_path=other)
    check(path, test_path=write(tmp_path, "b.csv", "text,label\nshow,pos\nshow 2,neg\n"))


def test_large_file_is_judged_by_its_beginning_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.ingest.head.HEAD_BYTES", 100)
    path = write(tmp_path, "a.csv", GOOD + "odd,rare\n")
    check(path)
    path = write(tmp_path, "a.csv", "text,label\n" + "".join(f"film {n},{n / 7}\n" for n in range(60)))
    assert "looks like a continuous measure" in complain(path)
    path = write(tmp_path, "a.csv", GOOD.replace("pos", "\"['pos', 'long']\""))
    share = read_flag(complain(path), "max_dropped_share")
    assert share == "0.5"
    check(path, max_dropped_share=share)

"""Generated input of hostile kinds: no traceback, the right exit status, every row kept or counted, one line of error.

The commands run in this process up to the point where a flow would start, and the work of the flow follows without it.
"""

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.baseline.facts import BaselineFacts
from tasks.cli import launch
from tasks.cli.commands import COMMANDS
from tasks.cli.scoring import make_job
from tasks.evaluate.bundle import load_bundle
from tasks.evaluate.facts import BundleFacts, DatasetOfModel
from tasks.evaluate.model_card import describe_data, describe_use
from tasks.ingest.datasets import Choice
from tasks.ingest.files.options import FileOptions
from tasks.ingest.reviews import write_dataset
from tasks.predict.job import Listener, score_file
from tasks.predict.scoring import describe_additions
from tasks.predict.single import score_texts
from tasks.settings.predict import PredictConfig
from tasks.settings.run import RunConfig
from tasks.store.layout import SPLIT_FILES

pytestmark = pytest.mark.slow

PIECES = [
    *("", " ", "\0", "\x1b[2J", "\x1b]0;title\x07", "\u202e", "\u2066", "\u2028", "\n", "\r", "\t", "\x85", "\x9b31m"),
    *(
        "=HYPERLINK(1)",
        "+1",
        "-1",
        "@x",
        "'",
        '"',
        "`",
        "|",
        "<script>",
        "&amp;",
        "{{x}}",
        "{0}",
        "%s",
        "%",
        "\\",
        "\\n",
    ),
    *("\ufeff", "👩‍👩‍👧", "ﷺ", "é", "e\u0301", "日本", "null", "nan", "None", "true", "1", "1.0", "1e999", "007"),
    *("p_bad", "predicted_label", "label", "text", "../../x", "$(id)", "sep=;", "#", "[]", "['a']", "b'x'", ",", ";"),
    *("x" * 300, "y" * 1_001, "good", "a dull film"),
]
WORDS = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), min_size=1, max_size=3).map("".join)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
FORMATS = st.sampled_from([".csv", ".tsv", ".jsonl", ".parquet"])
LENIENT = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """The names of a text column, a label column and others, and rows: enough of two labels, and any."""
    names = draw(st.lists(WORDS, min_size=2, max_size=4, unique=True))
    labels = draw(st.lists(WORDS, min_size=2, max_size=3))
    rows = [[f"film {number} {draw(WORDS)}", labels[number % 2], *names[2:]] for number in range(24)]
    rows += [[draw(WORDS), draw(st.sampled_from(labels)), *map(str, range(2, len(names)))] for _ in range(3)]
    return names, rows


def write_table(path: Path, names: list[str], rows: list[list[str]]) -> None:
    """Write a table in the format of the path's ending."""
    if path.suffix == ".parquet":
        columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        pq.write_table(pa.Table.from_arrays(columns, names=names), path)
    elif path.suffix == ".jsonl":
        lines = (json.dumps(dict(zip(names, row, strict=True))) for row in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            delimiter = "\t" if path.suffix == ".tsv" else ","
            csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([names, *rows])


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Calls a command with flags and the work of its flow; returns the exit status and what is on standard error."""

    def run(command: str, work: Callable[[Any], None], **flags: Any) -> tuple[int, str]:
        def start(_module: str, config: Any, *, needs_server: bool) -> int:
            assert needs_server
            work(config)
            return 0

        monkeypatch.setattr(launch, "start_flow", start)
        monkeypatch.setattr(launch.signal, "signal", lambda *_: None)
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        with contextlib.redirect_stderr(io.StringIO()) as errors:
            status = launch.launch(COMMANDS[command], arguments, program=command)
        return status, errors.getvalue()

    return run


def check_refusal(errors: str) -> None:
    """An error is one line, as long as people read, and shows what it cannot print."""
    assert errors.startswith("error: ")
    assert errors.endswith("\n")
    assert errors.count("\n") == 1
    assert len(errors) <= 4_000
    assert not CONTROL.search(errors)


@LENIENT
@given(table=tables(), ending=FORMATS)
def test_training_keeps_or_counts_every_row(
    call: Callable[..., tuple[int, str]], table: tuple[list[str], list[list[str]]], ending: str
) -> None:
    names, rows = table
    found = []

    def ingest(config: RunConfig) -> None:
        choice = Choice("hostile", files=config.files)
        (folder / "reviews").mkdir()
        found.append(write_dataset(choice, config.data_dir, folder / "reviews", validation_fraction=0.1, limit=None))

    with TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / f"in{ending}", names, rows)
        status, errors = call(
            "train",
            ingest,
            dataset=folder / f"in{ending}",
            data_dir=folder / "data",
            artifacts_dir=folder / "artifacts",
            text_column=names[0],
            label_column=names[1],
            max_dropped_share=0.9,
        )
        if status == 2:
            check_refusal(errors)
            assert not found
            return
        num_written = sum(pq.read_metadata(folder / "reviews" / file).num_rows for file in SPLIT_FILES.values())
    assert (status, errors) == (0, "")
    (facts,) = found
    assert facts.rows.num_read == len(rows)
    assert num_written + sum(facts.rows.dropped.values()) == len(rows)


@pytest.fixture(scope="module")
def bundle(publish_bundle: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    rows = [[f"film {number} is {word}", word] for number in range(20) for word in ("bad", "good")]
    write_table(folder / "in.csv", ["text", "label"], rows)
    (folder / "reviews").mkdir()
    files = FileOptions(path=folder / "in.csv")
    write_dataset(Choice("tame", files=files), folder, folder / "reviews", validation_fraction=0.2, limit=None)
    return publish_bundle("tfidf-linear", folder / "reviews", folder, None)


@LENIENT
@given(table=tables(), ending=FORMATS, output=st.sampled_from([".csv", ".jsonl", ".parquet"]), escape=st.booleans())
def test_scoring_keeps_every_row(
    call: Callable[..., tuple[int, str]],
    bundle: Path,
    *,
    table: tuple[list[str], list[list[str]]],
    ending: str,
    output: str,
    escape: bool,
) -> None:
    names, rows = table

    def score(config: PredictConfig) -> None:
        job = make_job(config)
        facts = score_file(job, listener=Listener())
        assert facts.num_rows == facts.num_rows_read == len(rows)

    with TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / f"in{ending}", names, rows)
        scored = folder / f"out{output}"
        status, errors = call(
            "predict",
            score,
            input=folder / f"in{ending}",
            output=scored,
            model=bundle,
            artifacts_dir=folder,
            text_column=names[0],
            **({"escape_formulas": True} if escape else {}),
        )
        if status == 2:
            check_refusal(errors)
            assert not scored.exists()
            return
        assert (status, errors) == (0, "")
        heading, num_rows = read_scored(scored)
    assert num_rows == len(rows)
    assert output != ".csv" or not any(map(CONTROL.search, heading))
    assert not (output == ".csv" and escape) or not any(re.match(r"[=@\t\r]|[-+]\D", name) for name in heading)


def read_scored(path: Path) -> tuple[list[str], int]:
    """The names of the columns, and the number of rows."""
    if path.suffix == ".parquet":
        metadata = pq.read_metadata(path)
        return metadata.schema.to_arrow_schema().names, metadata.num_rows
    with path.open(newline="\n", encoding="utf-8") as file:
        if path.suffix == ".jsonl":
            objects = [json.loads(line) for line in file]
            return list(objects[0]), len(objects)
        heading, *rows = csv.reader(file)
        return heading, len(rows)


@LENIENT
@given(texts=st.lists(WORDS, min_size=1, max_size=5))
def test_answers_are_lines_of_json_that_a_terminal_can_show(bundle: Path, texts: list[str]) -> None:
    loaded = load_bundle(bundle)
    additions = describe_additions(loaded.facts, prefix="", min_confidence=0.0, explain=True)
    answers = list(score_texts([text.encode() for text in texts], loaded, additions))
    scored = [json.loads(answer) for answer in answers]
    assert [row["text"] for row in scored] == texts
    assert all(word["word"] in row["text"] for row in scored for word in row["explanation"] or ())
    assert not any(CONTROL.search(answer) or "\n" in answer for answer in answers)


@LENIENT
@given(names=st.lists(WORDS, min_size=2, max_size=30, unique=True))
def test_labels_keep_their_place_in_a_card(names: list[str]) -> None:
    bundle = BundleFacts.model_construct(
        label_names=tuple(names),
        dataset=DatasetOfModel.model_construct(counts={split: dict.fromkeys(names, 1) for split in SPLIT_FILES}),
        data=dict.fromkeys(SPLIT_FILES.values(), "0" * 64),
        training=BaselineFacts.model_construct(),
    )
    table = describe_data(bundle)
    assert len(table.splitlines()) == 2 + len(SPLIT_FILES)
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert len(describe_use(bundle).splitlines()) == 1
    assert not CONTROL.search(table + describe_use(bundle))

"""Scoring as a person starts it, with a model that the main job has trained."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyarrow.csv
import pytest

from tasks.cli.parsing import parse_command_line
from tasks.cli.scoring import check_prediction
from tasks.errors import UserError
from tasks.promote.champion import hold_champion, promote
from tasks.settings.predict import PredictConfig

if TYPE_CHECKING:
    from conftest import Job

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120
NUM_ROWS = 60_000
pytestmark = pytest.mark.slow


def start(job: "Job", *arguments: str, **options: object) -> "subprocess.Popen[str]":
    command = [sys.executable, str(ROOT / "flows" / "predict.py"), f"--artifacts-dir={job.artifacts}", *arguments]
    return job.start_command(command, env={**job.environment(), **options}, stdin=subprocess.PIPE)


def run(job: "Job", *arguments: str, given: str = "", **options: object) -> tuple[int, str, str]:
    process = start(job, *arguments, **options)
    output, errors = process.communicate(given, timeout=PATIENCE_SECONDS)
    return process.returncode, output, errors


@pytest.fixture(scope="module")
def trained(shared_job: "Job") -> "Job":
    """A model of the sample as the champion, promoted by hand because it has hardly learned, and a long file."""
    small = ("--dataset=sample", "--limit=300", "--epochs=1", "--variants=conv-max", "--baselines=none")
    (row,) = shared_job.call(*small)["variants"]
    with hold_champion(shared_job.artifacts) as champions:
        promote(champions, shared_job.artifacts / row["shipped"], run=None, reasons=[])
    rows = (f"{number},a fine film with number {number}\n" for number in range(NUM_ROWS))
    (shared_job.folder / "long.csv").write_text("n,text\n" + "".join(rows))
    return shared_job


@pytest.fixture
def no_prefect(tmp_path: Path) -> dict[str, str]:
    """An environment in which Prefect cannot be imported."""
    stub = tmp_path / "stubs" / "prefect"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text("raise RuntimeError('prefect was imported')")
    return {"PYTHONPATH": os.pathsep.join([str(stub.parent), os.environ.get("PYTHONPATH", "")])}


def test_file_is_scored_and_stdout_ends_with_its_path(trained: "Job") -> None:
    path = trained.folder / "in.jsonl"
    path.write_text('{"text": "a fine film", "y": "positive"}\n{"text": null, "y": "negative"}\n')
    status, output, errors = run(trained, "--input=in.jsonl", "--output=new/out.jsonl", "--label-column=y")
    assert status == 0, errors
    lines = output.splitlines()
    assert lines[-1] == str(trained.folder / "new" / "out.jsonl")
    assert any(line.split() == ["scored", "1"] for line in lines)
    rows = [json.loads(line) for line in Path(lines[-1]).read_text().splitlines()]
    assert [row["reason"] for row in rows] == [None, "missing text"]
    assert rows[0]["model_id"].startswith("conv-max/")
    assert trained.latest_flow_run()["name"] == "in.jsonl → out.jsonl"
    assert trained.task_states() == {"score-in.jsonl": "Completed"}


def test_killed_scoring_goes_on_without_double_or_missing_rows(trained: "Job") -> None:
    arguments = ("--input=long.csv", "--output=long-scored.csv")
    process = start(trained, *arguments)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not list(trained.folder.glob(".long-scored.csv.*/*.arrow")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    psutil.wait_procs(children, timeout=PATIENCE_SECONDS)
    assert not (trained.folder / "long-scored.csv").exists()
    status, _, errors = run(trained, *arguments)
    assert status == 0, errors
    assert "resuming after" in errors
    resumed = (trained.folder / "long-scored.csv").read_bytes()
    table = pyarrow.csv.read_csv(trained.folder / "long-scored.csv")
    assert table.column("n").to_pylist() == list(range(NUM_ROWS))
    assert run(trained, "--input=long.csv", "--output=whole.csv")[0] == 0
    assert (trained.folder / "whole.csv").read_bytes() == resumed
    assert not list(trained.folder.glob(".long-scored*"))


def test_killed_child_is_one_clear_line_and_leaves_no_output(trained: "Job") -> None:
    process = start(trained, "--input=long.csv", "--output=lost.csv")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not list(trained.folder.glob(".lost.csv.*/*.arrow")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = psutil.Process(process.pid).children(recursive=True)
    # The one that scores is a child of the server that forks.
    max((child for child in children if child.ppid() != process.pid), key=psutil.Process.create_time).kill()
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2, errors
    assert errors.splitlines()[-1].startswith("error: the child process was killed")
    assert "Traceback" not in errors
    assert "NoneType" not in errors
    assert not (trained.folder / "lost.csv").exists()


def test_text_is_answered_without_prefect(trained: "Job", no_prefect: dict[str, str]) -> None:
    status, output, errors = run(trained, "--text", "a fine film", "--min-confidence=1", **no_prefect)
    assert (status, errors) == (0, "")
    answer = json.loads(output)
    assert (answer["text"], answer["num_tokens"], answer["uncertain"]) == ("a fine film", 3, True)


@pytest.mark.parametrize("arguments", [("--text", "-"), ("-",)])
def test_standard_input_is_answered_line_by_line(
    arguments: tuple[str, ...], trained: "Job", no_prefect: dict[str, str]
) -> None:
    process = start(trained, *arguments, **no_prefect)
    assert process.stdin is not None
    assert process.stdout is not None
    for text in ("a fine film", ""):
        process.stdin.write(f"{text}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["text"] == text
    assert process.communicate() == ("", "")
    assert process.returncode == 0


def test_reader_that_has_enough_ends_it_without_a_word(trained: "Job", no_prefect: dict[str, str]) -> None:
    process = start(trained, "-", **no_prefect)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write("a fine film\n")
    process.stdin.close()
    assert process.stderr.read() == ""
    assert process.wait(PATIENCE_SECONDS) == 141


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to score"),
        (("--input=lang.csv", "--output=a.csv"), "Did you mean 'long.csv'?"),
        (("--input=long.csv", "--output=long.csv/a.csv"), "cannot be written"),
        (("--text=x", "--model=nowhere"), "holds no model"),
    ],
)
def test_bad_usage_is_one_line_before_prefect(
    arguments: tuple[str, ...], message: str, trained: "Job", no_prefect: dict[str, str]
) -> None:
    status, output, errors = run(trained, *arguments, **no_prefect)
    assert (status, output) == (2, "")
    (line,) = errors.splitlines()
    assert line.startswith("error: ")
    assert message in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--input=long.csv",), "--output is missing"),
        (("--input=long.csv", "--text=x"), "--text cannot be combined with --input and --output"),
        (("--input=long.csv", "--output=a.xlsx"), "expected one of .parquet, .csv, .jsonl"),
        (("--input=long.csv", "--output=a.csv", "--text-column=texts"), "Did you mean 'text'?"),
        (("--input=long.csv", "--output=a.csv", "--model=nowhere"), "holds no model"),
        (("--text=x", "--min-confidence=2"), "--min-confidence: "),
        (("--text=x", "--modle=a"), "Did you mean '--model'?"),
    ],
)
def test_check_of_a_scoring_finds_what_cannot_be_done(
    arguments: tuple[str, ...], message: str, trained: "Job", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.folder)
    flags = [f"--artifacts-dir={trained.artifacts}", *arguments]
    with pytest.raises(UserError) as caught:
        check_prediction(parse_command_line(flags, PredictConfig, program="predict"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)

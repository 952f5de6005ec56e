"""Bad usage ends with status 2 and one line on standard error, before Prefect is imported and anything is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.cli.checks import check_run
from tasks.cli.parsing import parse_command_line
from tasks.errors import UserError
from tasks.settings.run import RunConfig
from tests import warm

ROOT = Path(__file__).parents[2]
CLOSED_PORT = "http://127.0.0.1:9"


def start_badly(folder: Path, *arguments: str) -> str:
    """Run the main job with arguments that it must refuse; returns what it says after "error: ".

    A `prefect` that cannot be imported stands ahead of the real one.
    """
    stub = folder / "stubs" / "prefect"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text("raise RuntimeError('prefect was imported')")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BAKEOFF_", "TFDS_"))}
    environment = {
        **inherited,
        "HOME": str(folder),
        "PREFECT_HOME": str(folder / "prefect"),
        "PYTHONPATH": os.pathsep.join([str(stub.parent), os.environ.get("PYTHONPATH", "")]),
        "http_proxy": CLOSED_PORT,
        "https_proxy": CLOSED_PORT,
    }
    folders = [f"--data-dir={folder / 'data'}", f"--artifacts-dir={folder / 'artifacts'}"]
    command = [sys.executable, str(ROOT / "flows" / "train_all.py"), *folders, *arguments]
    done = warm.run(command, env=environment, cwd=folder)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert not list(folder.glob("artifacts/*"))
    return line.removeprefix("error: ")


def test_unknown_flag_is_one_line(tmp_path: Path) -> None:
    assert "Did you mean '--epochs'?" in start_badly(tmp_path, "--epoch=3")


def test_unknown_variant_is_one_line(tmp_path: Path) -> None:
    assert "Did you mean 'lstm'?" in start_badly(tmp_path, "--variants=ltsm")


def test_missing_gpu_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "choose --device auto" in start_badly(tmp_path, "--device=gpu", "--dataset=sample")


def test_wrong_value_is_one_line(tmp_path: Path) -> None:
    assert start_badly(tmp_path, "--epochs=0").startswith("--epochs: ")


def test_unknown_dataset_is_one_line(tmp_path: Path) -> None:
    message = start_badly(tmp_path, "--dataset=imdb_review")
    assert message.startswith("unknown dataset 'imdb_review'; expected ")
    assert message.endswith("Did you mean 'imdb_reviews'?")


def test_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("text,label\na,b,c\n")
    assert "line 2: number of fields 3, but the header has 2" in start_badly(tmp_path, "--dataset=bad.csv")


@pytest.mark.parametrize(
    ("content", "flags", "finding"),
    [
        (None, (), "no such file; expected a file or a folder. Did you mean 'reviews.csv'?"),
        ("", (), "is empty"),
        ("text,label\n", (), "has no rows; expected labelled texts in it."),
        ("foo,label\na,b\n", (), "no column with a usual name for the text, only 'foo', 'label'"),
        (b"text,label\n\xff,b\n", (), "line 2 is not utf-8"),
        (b"PK\x03\x04", (), "a zip archive"),
        (
            "text,label\na,b\n",
            ("--delimiter=ab",),
            "--delimiter: expected one ASCII character other than a quote, or the word tab; got 'ab'",
        ),
    ],
)
def test_check_of_a_run_finds_what_cannot_be_used(
    tmp_path: Path, content: str | bytes | None, flags: tuple[str, ...], finding: str
) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\na,b\n")
    path = tmp_path / ("revews.csv" if content is None else "bad.csv")
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    folders = (f"--data-dir={tmp_path / 'data'}", f"--artifacts-dir={tmp_path / 'artifacts'}")
    with pytest.raises(UserError) as caught:
        check_run(parse_command_line([f"--dataset={path}", *folders, *flags], RunConfig, program="train"))
    assert finding in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("artifacts/*"))


def test_file_of_another_split_is_named_by_its_flag(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\na,b\n")
    message = start_badly(tmp_path, "--dataset=reviews.csv", "--test-path=test.csv")
    assert message.startswith("--test-path '")
    assert "no such file" in message


def test_flag_of_files_is_refused_for_other_datasets(tmp_path: Path) -> None:
    assert start_badly(tmp_path, "--dataset=sample", "--text-column=x").startswith("--text-column is for a dataset in ")


def test_named_dataset_that_cannot_be_had_is_one_line(tmp_path: Path) -> None:
    assert "'imdb_reviews' is not on disk" in start_badly(tmp_path, "--dataset=imdb_reviews")


@pytest.mark.parametrize("flag", ["--data-dir", "--artifacts-dir"])
def test_folder_that_cannot_be_written_is_one_line(flag: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = start_badly(tmp_path, "--dataset=sample", f"{flag}={tmp_path / 'file' / 'folder'}")
    assert message.startswith(f"{flag} '{tmp_path}/file/folder' cannot be written: ")


def test_server_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    done = warm.run(
        [sys.executable, str(ROOT / "flows" / "train_all.py"), "--dataset=sample", f"--artifacts-dir={tmp_path}"],
        env={**os.environ, "PREFECT_API_URL": f"{CLOSED_PORT}/api", "PREFECT_HOME": str(tmp_path / "prefect")},
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: no Prefect server answers at {CLOSED_PORT}/api")


def test_setting_of_the_environment_may_need_a_flag(checkout: Path) -> None:
    program = (
        "import os; from tasks.cli.launch import load_main; load_main('flows.train_all'); os.environ['BAKEOFF_FOLDS']"
    )
    environment = {**os.environ, "BAKEOFF_FOLDS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

"""Cleaning from the command line: what it prints, that mistakes are one line, and that what is in use works after."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from tasks.clean.inventory import find_last_use
from tasks.cli.main import run_script
from tasks.evaluate.bundle import load_bundle
from tasks.promote.champion import hold_champion, promote
from tasks.store.outputs import locked

if TYPE_CHECKING:
    from conftest import Job

Call = Callable[..., tuple[int, str, str]]
OLD = 60 * 86_400


@pytest.fixture
def roots(artifacts: Path) -> tuple[Path, Path]:
    data = artifacts.parent / "data"
    data.mkdir()
    return data, artifacts


@pytest.fixture
def call(roots: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls with arguments; gives status, standard output and standard error."""
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)
    for name, root in zip(("DATA", "ARTIFACTS"), roots, strict=True):
        monkeypatch.setenv(f"BAKEOFF_{name}_DIR", str(root))
    # The handler would outlive the test.
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: str, command: str = "clean") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["clean.py", *arguments])
        status = run_script(command)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def model(artifacts: Path, add_bundle: Callable[..., Path]) -> Path:
    """A whole model that nothing refers to and that is old."""
    folder = add_bundle("lstm", fingerprint="0123456789abcdef")
    make_old(artifacts / "models")
    return folder


def make_old(folder: Path) -> None:
    then = time.time() - OLD
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (then, then), follow_symlinks=False)


def list_all(*roots: Path) -> list[tuple[str, float]]:
    return sorted((str(path), path.lstat().st_mtime) for root in roots for path in root.rglob("*"))


def test_dry_run_shows_what_would_be_removed_and_changes_nothing(
    model: Path, roots: tuple[Path, Path], call: Call
) -> None:
    before = list_all(*roots)
    status, output, errors = call("--dry-run")
    assert (status, errors) == (0, "")
    assert "models/lstm/0123456789abcdef" in output
    assert output.splitlines()[-1].startswith("Would remove 1 item, ")
    assert list_all(*roots) == before
    assert model.exists()


def test_what_is_old_is_removed_and_listed(model: Path, call: Call) -> None:
    shown = call("--dry-run")[1]
    status, output, errors = call()
    assert (status, errors) == (0, "")
    assert output == shown.replace("Would remove", "Removed")
    assert not model.exists()
    assert call()[1] == "Nothing to remove.\n"


@pytest.mark.parametrize(("age", "stays"), [("61d", True), ("59d", False), ("1416h", False), ("0m", False)])
def test_age_has_a_unit(age: str, stays: bool, model: Path, call: Call) -> None:  # noqa: FBT001
    assert call("--older-than", age)[0] == 0
    assert model.exists() == stays


def test_folder_with_something_unknown_is_told_on_standard_error(model: Path, call: Call) -> None:
    (model / "notes.txt").write_text("mine")
    status, output, errors = call()
    assert (status, output) == (0, "Nothing to remove.\n")
    assert errors == f"left in place: {str(model)!r} contains 'notes.txt', which does not belong there\n"


def test_champion_predicts_and_can_be_rolled_back_after_cleaning(
    artifacts: Path,
    call: Call,
    publish_bundle: Callable[..., Path],
    write_reviews_of_run: Callable[..., Path],
) -> None:
    reviews = write_reviews_of_run(None, None, 2)
    bundles = [publish_bundle(name, reviews, artifacts, None) for name in ("majority", "tfidf-linear")]
    for bundle in bundles:
        with hold_champion(artifacts) as champions:
            promote(champions, bundle, run=None, reasons=[])
    make_old(artifacts)

    assert call("--older-than", "0m")[0] == 0
    decided = load_bundle(artifacts / "champion").decide(pa.array(["review 1 was not dull"]))
    assert len(decided.predicted) == 1
    status, output, _ = call("--rollback", command="promote")
    assert (status, output.split("-")[0]) == (0, "Rolled back to majority")
    assert len(load_bundle(artifacts / "champion").decide(pa.array(["any"])).predicted) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--older-than", "30"), "'30' is not an age; expected a number of days, hours or minutes such as 30d"),
        (("--older-than", "-1d"), "expected"),
        (("--keep-runs", "0"), "--keep-runs: input should be greater than or equal to 1"),
        (("--data-dir", "/nowhere"), "--data-dir '/nowhere' is not a folder; expected one that a run has written to."),
        (("--artifacts-dir", "/nowhere"), "--artifacts-dir '/nowhere' is not a folder"),
        (("--dry",), "unknown argument '--dry'"),
    ],
)
def test_mistakes_are_one_line(arguments: tuple[str, ...], message: str, model: Path, call: Call) -> None:
    status, output, errors = call(*arguments)
    assert (status, output) == (2, "")
    assert message in errors
    assert len(errors.splitlines()) == 1
    assert model.exists()


def test_champion_that_cannot_be_read_is_one_line_and_nothing_is_removed(
    model: Path, artifacts: Path, call: Call
) -> None:
    (artifacts / "champion").mkdir()
    (artifacts / "champion" / "history.jsonl").write_text("damaged\n")
    status, _, errors = call()
    assert status == 2
    assert "line 1 of" in errors
    assert model.exists()


def test_folder_of_a_model_is_left_while_it_is_locked(model: Path, artifacts: Path, call: Call) -> None:
    with locked(artifacts, f"training-{model.name}"):
        assert call()[1] == "Nothing to remove.\n"
    assert model.exists()


def test_cleaning_needs_neither_prefect_nor_keras(model: Path, roots: tuple[Path, Path], checkout: Path) -> None:
    script = "import sys, flows.clean; print(*{'prefect', 'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=checkout, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == "\n"
    assert model.exists()
    assert all(root.exists() for root in roots)


def test_scoring_with_a_model_counts_as_use(
    artifacts: Path, publish_bundle: Callable[..., Path], write_reviews_of_run: Callable[..., Path]
) -> None:
    folder = publish_bundle("majority", write_reviews_of_run(None, None, 2), artifacts, None)
    make_old(artifacts)
    load_bundle(folder)
    assert find_last_use(folder) > time.time() - OLD / 2


def test_settings_are_accepted_from_a_file(model: Path, tmp_path: Path, call: Call) -> None:
    config = tmp_path / "clean.toml"
    config.write_text('older-than = "61d"\nkeep-runs = 3\n')
    assert call("--config", str(config))[:2] == (0, "Nothing to remove.\n")
    assert model.exists()
    found: Any = call("--config", str(config), "--older-than", "1d")
    assert found[0] == 0
    assert not model.exists()


@pytest.mark.slow
def test_run_cleans_after_its_report_if_it_is_asked_to(model: Path, job: "Job") -> None:
    small = ("--dataset=sample", "--limit=50", "--epochs=1", "--variants=flatten", "--baselines=none")
    job.call(*small)
    assert model.exists()
    board = job.call(*small, "--clean-older-than=30d")
    assert not model.exists()
    job.wait_for_log("Removed 1 item")
    assert board["variants"][0]["status"] == "ok"
    assert job.call(*small)["variants"] == board["variants"], "what it made is kept, and reused"

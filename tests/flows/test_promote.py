"""The champion changed by hand: what it prints, and that every mistake is one line and status 2."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.cli.main import run_script

ROOT = Path(__file__).parents[2]
AddBundle = Callable[..., Path]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(artifacts: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls with arguments; gives status, standard output and standard error."""
    for name in [name for name in os.environ if name.upper().startswith("BAKEOFF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BAKEOFF_ARTIFACTS_DIR", str(artifacts))
    # The handler would outlive the test.
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["promote.py", *arguments])
        status = run_script("promote")
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def champion(artifacts: Path) -> str:
    return (artifacts / "champion" / "current").readlink().name.split("-f1-")[0]


@pytest.mark.parametrize("spelling", ["folder", "relative", "model", "models"])
def test_bundle_is_named_by_its_folder_or_its_model(
    spelling: str, artifacts: Path, add_bundle: AddBundle, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = add_bundle("lstm")
    monkeypatch.chdir(folder.parent)
    name = {"folder": str(folder), "relative": "f1", "model": "lstm/f1", "models": "models/lstm/f1"}[spelling]
    status, output, errors = call("--to", name)
    assert (status, errors) == (0, "")
    assert output.startswith("Promoted lstm-f1-")
    assert output.endswith(". Previous champion: none.\n")
    assert champion(artifacts) == "lstm"


def test_rollback_and_return(artifacts: Path, add_bundle: AddBundle, call: Call) -> None:
    for variant in ("lstm", "conv-max"):
        call("--to", str(add_bundle(variant)))
    later = (artifacts / "champion" / "current").readlink().name
    status, output, _ = call("--rollback")
    assert (status, champion(artifacts)) == (0, "lstm")
    assert output.startswith("Rolled back to lstm-f1-")
    assert call("--rollback")[0] == 2
    assert call("--to", later)[0] == 0
    assert champion(artifacts) == "conv-max"


def test_present_champion_is_left_alone(artifacts: Path, add_bundle: AddBundle, call: Call) -> None:
    bundle = add_bundle("lstm")
    call("--to", str(bundle))
    before = (artifacts / "champion" / "history.jsonl").read_text()
    for name in (str(bundle), str(artifacts / "champion")):
        status, output, _ = call("--to", name)
        assert (status, output.split(":")[0]) == (0, "Nothing to change")
    assert (artifacts / "champion" / "history.jsonl").read_text() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected either --to <bundle> or --rollback"),
        (("--to", "lstm/f1", "--rollback"), "expected either --to <bundle> or --rollback"),
        (("--to", ""), "--to: "),
        (("--to",), "expected one argument"),
        (("--to", "lstm/f2"), "holds no model"),
        (("--rollback",), "nothing to roll back to"),
        (("--rolback",), "Did you mean '--rollback'?"),
        (("--rollback", "--artifacts-dir", "/nowhere"), "'/nowhere' is not a folder"),
        (("lstm/f1",), "unknown argument 'lstm/f1'"),
    ],
)
def test_mistake_is_one_line_and_status_2(
    arguments: tuple[str, ...], message: str, artifacts: Path, add_bundle: AddBundle, call: Call
) -> None:
    add_bundle("lstm")
    status, output, errors = call(*arguments)
    assert (status, output) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert message in errors
    assert not (artifacts / "champion" / "current").exists()


def test_tracker_that_is_down_costs_a_warning(
    artifacts: Path, add_bundle: AddBundle, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:geheim77@127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    status, output, errors = call("--to", str(add_bundle("lstm")), "--track", "mlflow")
    assert (status, champion(artifacts)) == (0, "lstm")
    assert output.startswith("Promoted lstm-f1-")
    assert errors.startswith("warning: the champion is not, or not completely, at MLflow: ")
    assert "geheim77" not in errors


def test_tracker_without_address_is_told_before_anything_changes(
    artifacts: Path, add_bundle: AddBundle, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    status, _, errors = call("--to", str(add_bundle("lstm")), "--track", "mlflow")
    assert (status, "export MLFLOW_TRACKING_URI=" in errors) == (2, True)
    assert not (artifacts / "champion").exists()


def test_changed_bundle_is_refused(artifacts: Path, add_bundle: AddBundle, call: Call) -> None:
    bundle = add_bundle("lstm")
    (bundle / "model.npz").write_text("changed")
    status, _, errors = call("--to", str(bundle))
    assert status == 2
    assert "model.npz does not match its hash" in errors
    assert not (artifacts / "champion" / "current").exists()


def test_misspelt_variable_is_refused(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKEOFF_ROLBACK", "true")
    status, _, errors = call()
    assert status == 2
    assert errors.endswith("Did you mean 'BAKEOFF_ROLLBACK'?\n")


def test_help_names_every_flag_and_needs_no_prefect() -> None:
    program = str(ROOT / "flows" / "promote.py")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", program, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    for flag in ("--to", "--rollback", "--artifacts-dir"):
        assert flag in done.stdout
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & {"prefect", "tensorflow", "keras"}

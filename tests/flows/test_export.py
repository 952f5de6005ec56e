"""The export as a person starts it: every mistake is one line and status 2, and leaves nothing behind."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.cli.main import run_script

AddBundle = Callable[..., Path]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(artifacts: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Calls with arguments; gives status, standard output and standard error."""
    for name in [name for name in os.environ if name.upper().startswith(("BAKEOFF_", "KERAS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BAKEOFF_ARTIFACTS_DIR", str(artifacts))
    # The handler would outlive the test.
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["export.py", *arguments])
        status = run_script("export")
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def refuse(call: Call, *arguments: str) -> str:
    """What is said of arguments that are refused."""
    status, output, errors = call(*arguments)
    assert (status, output) == (2, "")
    (line,) = errors.splitlines()
    return line


def test_mistake_is_one_line(call: Call, add_bundle: AddBundle, tmp_path: Path) -> None:
    model, output = f"--model={add_bundle('nb-svm')}", f"--output={tmp_path / 'new'}"
    assert "--output is missing; expected the name of a new folder" in refuse(call, model)
    assert "holds no model" in refuse(call, output)
    assert "--to: " in refuse(call, model, output, "--to=pickle")
    assert f"--output {str(tmp_path)!r} exists" in refuse(call, model, f"--output={tmp_path}")
    assert "--quantize int8 is for --to onnx" in refuse(call, model, output, "--to=litert", "--quantize=int8")
    assert "of the kind 'neural', which" not in refuse(call, model, output)
    assert not (tmp_path / "new").exists()


def test_other_backend_is_refused_with_the_remedy(
    call: Call, add_bundle: AddBundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    line = refuse(call, f"--model={add_bundle('nb-svm')}", f"--output={tmp_path / 'new'}")
    assert "KERAS_BACKEND=tensorflow" in line

"""A copy of the warm interpreter does what a fresh one does, and knows nothing of the copies before it."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import warm

if sys.platform != "linux":
    pytest.skip("there is a warm interpreter on Linux only", allow_module_level=True)

pytestmark = pytest.mark.slow
PATIENCE_SECONDS = 120
# The kinds of files that say nothing of times.
LASTING = {".parquet", ".npz"}
Run = Callable[..., "subprocess.CompletedProcess[str]"]
# What a command can find out about the process that it is in.
DESCRIBE = """
import json, logging, os, signal, sys, tempfile, threading
before = [str(handler) for handler in logging.getLogger().handlers]
import tasks.store.layout
import flows.train_all
import prefect.settings
from prefect.logging.configuration import PROCESS_LOGGING_CONFIG
# A library sets it when it is imported, for itself.
os.environ.pop("CRC32C_SW_MODE", None)
print(json.dumps({
    "name": __name__,
    "main": sys.modules["__main__"].__dict__ is globals(),
    "arguments": sys.argv,
    "path": sys.path,
    "folder": os.getcwd(),
    "environment": dict(os.environ),
    "temporary": tempfile.gettempdir(),
    "files": sorted(os.listdir("/proc/self/fd")),
    "session": os.getsid(0) == os.getpid(),
    "group": os.getpgid(0) == os.getpid(),
    "signals": {name: str(signal.getsignal(number)) for name, number in signal.Signals.__members__.items()},
    "threads": len(threading.enumerate()),
    "main thread": threading.current_thread() is threading.main_thread(),
    "handlers": [before, *([str(it) for it in logging.getLogger(name).handlers] for name in (None, "prefect"))],
    "levels": [logging.getLogger(name).level for name in (None, "prefect", "prefect.flow_runs")],
    "logging": PROCESS_LOGGING_CONFIG,
    "settings": prefect.settings.get_current_settings().model_dump(mode="json"),
    "streams": [[stream.encoding, stream.errors, stream.line_buffering] for stream in (sys.stdin, sys.stdout)],
    "niceness": os.nice(0),
    "checkout": str(tasks.store.layout.CHECKOUT),
}, default=str))
"""
ARGUMENTS = "import sys; print(__name__, sys.argv, sys.path, sys.modules['__main__'].__dict__ is globals())"
DRAW = "import random, uuid, numpy as np; print(random.random(), np.random.rand(), uuid.uuid4(), sep='\\n')"
ENDS = {
    "in peace": "print('done')",
    "with a number": "import sys; sys.exit(3)",
    "with the number of an interruption": "import sys; sys.exit(130)",
    "with a text": "import sys; sys.exit('why')",
    "with an error": "def fail():\n    1 / 0\nfail()",
    "interrupted": "raise KeyboardInterrupt",
    "killed": "import os; print('x', flush=True); os.kill(os.getpid(), 9)",
    "told to end": "import os; os.kill(os.getpid(), 15)",
    "after its handlers": "import atexit; atexit.register(print, 'last'); print('first')",
    "after its threads": "import threading, time; threading.Timer(0.05, print, ['later']).start(); print('now')",
    "in a closed pipe": "import os; os.close(1); print('x')",
    "in a child": "import os, sys; child = os.fork(); child or os._exit(4); sys.exit(os.waitpid(child, 0)[1] >> 8)",
}


def run_fresh(command: list[str | Path], **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_copy_is_in_the_place_of_a_fresh_interpreter(tmp_path: Path) -> None:
    (tmp_path / "describe.py").write_text(DESCRIBE)
    command = [sys.executable, "describe.py", "--flag", "two words"]
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_CLIENT_MAX_RETRIES": "3",
    }
    environment.pop("TERM", None)
    options: dict[str, Any] = {"env": environment, "cwd": tmp_path, "start_new_session": True}
    fresh, copy = (json.loads(run(command, **options).stdout) for run in (run_fresh, warm.run))
    # The copy in reserve is at the end of one more.
    assert len(copy.pop("files")) == len(fresh.pop("files")) + 1
    assert copy == fresh


@pytest.mark.parametrize("beginning", [["-c", ARGUMENTS], ["-m", "arguments"]], ids=["code", "module"])
def test_code_and_modules_are_run_as_scripts_are(beginning: list[str], tmp_path: Path) -> None:
    (tmp_path / "arguments.py").write_text(ARGUMENTS)
    command = [sys.executable, *beginning, "--flag", "two words"]
    fresh, copy = (run(command, cwd=tmp_path) for run in (run_fresh, warm.run))
    assert copy.stdout == fresh.stdout
    assert copy.stdout


@pytest.mark.parametrize("code", ENDS.values(), ids=ENDS.keys())
def test_copy_ends_as_a_fresh_interpreter_does(code: str) -> None:
    fresh, copy = (run([sys.executable, "-c", code]) for run in (run_fresh, warm.run))
    assert (copy.returncode, copy.stdout, copy.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)


def test_two_copies_draw_other_numbers_and_what_one_changes_the_next_does_not_see() -> None:
    draws = [warm.run([sys.executable, "-c", DRAW]).stdout.split() for _ in range(2)]
    assert all(first != second for first, second in zip(*draws, strict=True))
    change = "import os, sys, tasks; os.environ['X'] = '1'; tasks.changed = sys.gone = True"
    look = "import os, sys, tasks; print('X' in os.environ, hasattr(tasks, 'changed'), hasattr(sys, 'gone'))"
    for code in (change, look):
        done = warm.run([sys.executable, "-c", code])
        assert done.returncode == 0
    assert done.stdout == "False False False\n"


def test_copy_remembers_no_result_of_a_function() -> None:
    code = (
        "from dataclasses import replace\nfrom tasks.train.variants import VARIANTS\n"
        "VARIANTS['lstm'] = replace(VARIANTS['lstm'], description='another')\n"
        "from tasks.settings.run import RunConfig\nprint(RunConfig().variant_table['lstm'].description)"
    )
    assert warm.run([sys.executable, "-c", code]).stdout == "another\n"


def test_package_ahead_of_the_others_is_found_by_whatever_imports_it(tmp_path: Path) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "__init__.py").write_text("raise RuntimeError('prefect was imported')")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    for code in ("import sys, tasks; print(sys.path)", "import flows.promote", "import flows.train_all"):
        command = [sys.executable, "-c", code]
        fresh, copy = (run(command, env={**os.environ, "PYTHONPATH": path}) for run in (run_fresh, warm.run))
        assert (copy.returncode, copy.stdout) == (fresh.returncode, fresh.stdout)
        assert copy.stderr.splitlines()[-1:] == fresh.stderr.splitlines()[-1:]


def test_signal_reaches_the_copy_and_nothing_is_left_of_it() -> None:
    code = "import time; print('ready', flush=True); time.sleep(1_000)"
    process = warm.start([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert isinstance(process, warm.WarmProcess)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert psutil.Process(process.pid).parent() == psutil.Process()
        family = psutil.Process(process.pid).children(recursive=True)
        assert family, "a copy in reserve"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGINT
    assert errors.endswith("KeyboardInterrupt\n")
    assert not psutil.wait_procs(family, timeout=PATIENCE_SECONDS)[1]


@pytest.mark.parametrize(
    ("command", "variables", "expected"),
    [
        ((sys.executable, "-c", "pass"), {}, True),
        ((sys.executable, "-c", "pass"), {"PYTHONPATH": "/elsewhere"}, True),
        ((sys.executable, "-c", "pass"), {"PYTHONHASHSEED": "12345"}, False),
        ((sys.executable, "-c", "pass"), {"KERAS_BACKEND": "none"}, False),
        ((sys.executable, "-X", "importtime", "flows/clean.py"), {}, False),
        (("/bin/sh", "-c", "true"), {}, False),
    ],
)
def test_what_is_decided_at_the_start_has_a_fresh_interpreter(
    command: tuple[str, ...],
    variables: dict[str, str],
    expected: bool,  # noqa: FBT001
) -> None:
    assert warm.is_warm(command, {**os.environ, **variables}) == expected


def test_run_of_a_copy_gives_what_that_of_a_fresh_interpreter_gives(tmp_path: Path, prefect_api: str) -> None:
    flags = ("--dataset=sample", "--limit=100", "--epochs=2", "--variants=conv-max", "--baselines=tfidf-linear")
    found = []
    for run in (run_fresh, warm.run):
        folder = tmp_path / run.__name__
        folder.mkdir()
        folders = [f"--{name}-dir={folder / name}" for name in ("data", "artifacts")]
        environment = {**os.environ, "PREFECT_API_URL": prefect_api, "PREFECT_HOME": str(folder / "prefect")}
        done = run([sys.executable, str(warm.ROOT / "flows" / "train_all.py"), *folders, *flags], env=environment)
        assert done.returncode == 0, done.stderr
        found.append((list_words(done.stdout.replace(str(folder), "")), list_endings(done.stderr), list_files(folder)))
    fresh, copy = found
    assert copy == fresh
    assert min(map(len, fresh)) > 5


def list_words(text: str) -> set[tuple[str, ...]]:
    """The words of each line; times, speeds and identifiers differ from run to run, and with them units."""
    lines = re.sub(r"(val_accuracy \S+).*", r"\1", text).splitlines()
    return {tuple(word for word in line.split() if word.isalpha() and word not in {"s", "min", "h"}) for line in lines}


def list_endings(log: str) -> set[tuple[str, str]]:
    """Each task of a run and its state; those without a name of their own have a number that differs."""
    endings = re.findall(r"Task run '([\w-]+)' - Finished in state (\w+)", log)
    return {(re.sub(r"-[0-9a-f]{3}$", "", name), state) for name, state in endings}


def list_files(folder: Path) -> dict[str, str]:
    """The hash of each file of reviews, sequences, models and their answers; others speak of times."""
    places = [path for name in ("data", "artifacts/models") for path in sorted((folder / name).glob("**/*"))]
    lasting = [path for path in places if path.suffix in LASTING]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in lasting}


def test_what_a_test_has_set_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warm.is_warm([sys.executable, "-c", "pass"], None)
    monkeypatch.setenv("KERAS_BACKEND", "none")
    assert not warm.is_warm([sys.executable, "-c", "pass"], None)
    assert not warm.is_warm([sys.executable, "-c", "pass"], dict(os.environ))

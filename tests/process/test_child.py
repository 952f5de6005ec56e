import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.errors import TrainingError, UserError
from tasks.process.child import ChildError, RemoteListener, hidden_main_module, run_apart

PATIENCE_SECONDS = 60


class Heard:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def on_progress(self, *arguments: Any) -> None:
        self.calls.append(arguments)


@pytest.fixture(autouse=True)
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions for children to run, in a module that they can import."""
    (tmp_path / "apart.py").write_text(
        "import errno, os, signal, sys, time\n"
        "from tasks.errors import TrainingError, UserError\n"
        "def add(left, right): return left + right, os.getpid()\n"
        "def tell(listener):\n    for part in range(3): listener.on_progress(1, part)\n"
        "def fail(error): raise error\n"
        "def divide(): return 1 / 0\n"
        "def die(number): os.kill(os.getpid(), number)\n"
        "def leave(): os._exit(7)\n"
        "def fill_disk(): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "def wait(listener):\n    listener.on_progress(os.getpid())\n    time.sleep(1000)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_result_comes_from_another_process() -> None:
    total, pid = run_apart("apart:add", left=1, right=2)
    assert total == 3
    assert pid != os.getpid()


def test_calls_of_the_listener_arrive_in_order() -> None:
    heard = Heard()
    run_apart("apart:tell", listener=heard)
    assert heard.calls == [(1, 0), (1, 1), (1, 2)]


@pytest.mark.parametrize("error", [UserError("bad data; mend it"), TrainingError("no number")])
def test_errors_that_explain_themselves_keep_their_class_and_words(error: Exception) -> None:
    with pytest.raises(type(error), match=str(error)):
        run_apart("apart:fail", error=error)


def test_disk_errors_keep_their_number() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        run_apart("apart:fill_disk")
    assert caught.value.errno == 28


def test_other_errors_are_named_and_carry_their_traceback() -> None:
    with pytest.raises(ChildError, match="ZeroDivisionError: division by zero") as caught:
        run_apart("apart:divide")
    assert any("in divide" in note for note in caught.value.__notes__)


def test_killed_child_is_a_training_error_that_speaks_of_memory() -> None:
    with pytest.raises(TrainingError, match="memory"):
        run_apart("apart:die", number=signal.SIGKILL)


def test_child_that_leaves_is_a_training_error() -> None:
    with pytest.raises(TrainingError, match="status 7"):
        run_apart("apart:leave")


def test_child_does_not_import_the_programs_main_file(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        "print('imported', __name__)\n"
        "if __name__ == '__main__':\n"
        "    from tasks.process.child import run_apart\n"
        "    print(run_apart('apart:add', left=1, right=2)[0])\n"
    )
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, tmp_path / "main.py"],
        env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["imported __main__", "3"]


def test_error_in_the_listener_ends_the_child() -> None:
    class Failing:
        def on_progress(self, pid: int) -> None:
            self.pid = pid
            raise KeyboardInterrupt

    listener = Failing()
    with pytest.raises(KeyboardInterrupt):
        run_apart("apart:wait", listener=listener)
    assert not psutil.pid_exists(listener.pid)


def test_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from tasks.process.child import run_apart\n"
        "class Print:\n    def on_progress(self, pid): print(pid, flush=True)\n"
        "run_apart('apart:wait', listener=Print())\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    assert not psutil.wait_procs([child], timeout=PATIENCE_SECONDS)[1]


def test_remote_listener_sends_the_name_and_the_arguments() -> None:
    class Wire:
        def __init__(self) -> None:
            self.sent: list[Any] = []

        def send(self, message: Any) -> None:
            self.sent.append(message)

    wire = Wire()
    RemoteListener(wire).on_epoch([1])  # type: ignore[arg-type]
    assert wire.sent == [("on_epoch", ([1],))]


def test_main_module_is_hidden_while_a_child_starts_and_then_back() -> None:
    main = sys.modules["__main__"]
    with contextlib.suppress(RuntimeError), hidden_main_module():
        assert sys.modules["__main__"] is not main
        raise RuntimeError("the child did not start")
    assert sys.modules["__main__"] is main

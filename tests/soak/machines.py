"""Machines that share an object store: processes with a cache of their own, and what is claimed about them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psutil

ROOT: Final = Path(__file__).parents[2]
PATIENCE_SECONDS: Final = 1_200


class Machine:
    """A process at a time, with copies of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(folder / name), "PREFECT_HOME": str(folder / "prefect")}
        self.cache = folder / name / "sequence-bakeoff"
        self.log = folder / f"{name}.log"

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command; what it says is added to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tasks.cli", *arguments],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=self.environment,
                start_new_session=True,
            )

    def call(self, *arguments: str) -> int:
        """Run a command; returns its exit status."""
        return self.start(*arguments).wait()

    def read(self) -> str:
        """Read all that was said."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


class Claims:
    """What is claimed, and whether it holds."""

    def __init__(self) -> None:
        self.found: dict[str, bool] = {}

    def check(self, name: str, *, holds: bool) -> None:
        """Record and print whether a claim holds."""
        self.found[name] = holds and self.found.get(name, True)
        print(f"{'ok' if holds else 'WRONG':<6}{name}", flush=True)

    def check_logs(self, folder: Path, secret: str) -> None:
        """Check that no log has the secret or a traceback, and print their ends if some claim does not hold."""
        logs = [path.read_text(errors="replace") for path in folder.glob("*.log")]
        self.check("no log has the secret", holds=not any(secret in log for log in logs))
        self.check("no log has a traceback", holds=not any("Traceback" in log for log in logs))
        if not self.hold():
            print("\n".join(log[-3000:] for log in logs))

    def hold(self) -> bool:
        """Tell whether all claims hold."""
        return all(self.found.values())


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until a condition is met."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.2)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill a command and all that it has started, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill_tree(process: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that it has started, whatever their groups, unless it has ended."""
    if process.poll() is None:
        for member in [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        process.wait()

"""Commands of Python whose imports are done: a copy of a warm interpreter in place of a fresh one, for most tests.

A copy is a child of the test's process like any other: it has a number, streams, signals and an exit status. It starts
in milliseconds, while a flow imports Prefect for three seconds and its children Keras for six.
"""

import atexit
import ctypes
import functools
import inspect
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tasks  # noqa: F401  it sets variables that are read at the start

SERVER = Path(__file__).parent / "warm_server.py"
ROOT = Path(__file__).parents[1]
PR_SET_CHILD_SUBREAPER = 36
MAX_BYTES = 1 << 10
# What the warm interpreter starts with, whatever a test has set by then.
ENVIRONMENT = dict(os.environ)
# What libraries and Python itself read when they start, so that a copy would not know of a change.
READ_AT_START = ("CUDA", "JAX", "KERAS", "LD_", "OMP", "ONEDNN", "PYTHON", "SEQUENCE", "TF_", "TOKENIZERS", "XLA")


class WarmProcess(subprocess.Popen[Any]):
    """A child process that is a copy of the warm interpreter, in all else a Popen."""

    def _execute_child(self, *positional: Any, **named: Any) -> None:
        """Ask the server for a copy instead of starting a program; the parent class has made the pipes."""
        names = inspect.signature(subprocess.Popen._execute_child).bind(self, *positional, **named).arguments  # type: ignore[attr-defined]
        given = (names["p2cread"], names["c2pwrite"], names["errwrite"])
        files = [own if file == -1 else file for own, file in enumerate(given)]
        request = {
            "arguments": [str(word) for word in names["args"][1:]],
            "folder": os.fspath(names["cwd"] or Path.cwd()),
            "environment": dict(names["env"] or os.environ),
            "session": names["start_new_session"],
            "numbers": [0, 1, 2, *names["pass_fds"]],
        }
        try:
            self.pid = ask_for_copy(request, [*files, *names["pass_fds"]])
        finally:
            self._close_pipe_fds(*(names[name] for name in PIPES))  # type: ignore[attr-defined]
        self._child_created = True


PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")


def ask_for_copy(request: dict[str, Any], files: Sequence[int]) -> int:
    """Send a request to the warm interpreter; returns the number of the copy, which is a child of this process."""
    server = start_server()
    adopt_orphans(True)
    try:
        socket.send_fds(server, [json.dumps(request).encode()], files)
        number, end = (server.recv(MAX_BYTES) for _ in range(2))
    finally:
        adopt_orphans(False)
    assert end, "the warm interpreter has ended: its traceback is on standard error"
    return int(number)


def adopt_orphans(wanted: bool) -> None:  # noqa: FBT001
    """Decide whether processes below this one whose parent ends become its children."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


@functools.cache
def start_server() -> socket.socket:
    """Start the warm interpreter of this process, once; both end together."""
    own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with other:
        command = [sys.executable, str(SERVER), str(other.fileno())]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        process = subprocess.Popen(command, pass_fds=[other.fileno()], cwd=ROOT, env=ENVIRONMENT, **quiet)
    atexit.register(stop_server, own, process)
    return own


def stop_server(own: socket.socket, process: "subprocess.Popen[bytes]") -> None:
    """Close the socket, which ends the server, and wait for it."""
    own.close()
    process.wait()


def start(command: Sequence[str | Path], **options: Any) -> "subprocess.Popen[Any]":
    """Start a command as subprocess.Popen does; as a copy of the warm interpreter if that does the same."""
    kind = WarmProcess if is_warm(command, options.get("env")) else subprocess.Popen
    return kind(command, **options)


def run(command: Sequence[str | Path], **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and keep what it prints, as text."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with start(command, **pipes, **options) as process:
        output, errors = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def is_warm(command: Sequence[str | Path], environment: Mapping[str, str] | None) -> bool:
    """Tell whether a copy would do the same as a fresh interpreter."""
    return (
        sys.platform == "linux"
        and str(command[0]) == sys.executable
        and not str(command[1]).startswith(("-X", "-W", "-E", "-I", "-S"))
        and read_at_start(os.environ if environment is None else environment) == read_at_start(ENVIRONMENT)
    )


def read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that is read when Python and its libraries start."""
    # A copy puts the folders of this path ahead itself.
    return {
        name: value for name, value in environment.items() if name.startswith(READ_AT_START) and name != "PYTHONPATH"
    }

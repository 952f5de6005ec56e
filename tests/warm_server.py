"""A Python that has imported what the flows import, and becomes a copy of itself for each command that a test starts.

A copy gets a command's arguments, folder, environment and standard streams, and goes on as a fresh interpreter would.
Started by `tests/warm.py` with the number of a socket, it serves until the other end closes. It stays in one thread, so
that its copies are sound. Each has a copy of its own in reserve, from before it has done anything, which becomes the
fork server of its children if it needs one.
"""

import atexit
import gc
import importlib
import json
import multiprocessing.util
import os
import runpy
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NoReturn

MAX_BYTES = 1 << 20
MAX_FILES = 32
FORK_SERVER = "from multiprocessing.forkserver import main"
# What a run imports on its way, once it has started.
LATER = (
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.client.orchestration",
    "tasks.process.fork_server",
    "tasks.orchestrate.temporary_server",
)


def import_everything() -> None:
    """Import the flows and what they import later, and leave all of it out of later searches for garbage."""
    from prefect.logging import configuration

    from tasks.cli.commands import COMMANDS, list_settings, load

    gc.disable()
    set_up, configuration.setup_logging = configuration.setup_logging, lambda *_: {}
    list_settings()
    for command in COMMANDS.values():
        importlib.import_module(command.flow)
        for path in filter(None, (command.check, command.answer)):
            load(path)
    for name in LATER:
        importlib.import_module(name)
    configuration.setup_logging = set_up
    # A command imports these few anew, which sets up Prefect's logging when and as it is meant to be.
    for name in ("prefect.main", *(command.flow for command in COMMANDS.values())):
        del sys.modules[name]
    forget_results()
    gc.freeze()
    gc.enable()


def forget_results() -> None:
    """Empty the caches of the project's functions: a command may change first what they depend on."""
    for name in [name for name in sys.modules if name.startswith("tasks.")]:
        for value in vars(sys.modules[name]).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


def serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for each request; returns the request in the copy that is to do it, and None when there are no more."""
    while True:
        content, files, *_ = socket.recv_fds(requests, MAX_BYTES, MAX_FILES)
        if not content:
            return None
        # The process between the two ends at once, so that the copy becomes a child of whoever asked for it.
        between = os.fork()
        if not between:
            process = os.fork()
            if process:
                requests.send(str(process).encode())
                os._exit(0)
            requests.close()
            return {**json.loads(content), "files": files}
        os.waitpid(between, 0)
        for file in files:
            os.close(file)
        # From here on the copy has its parent.
        requests.send(b"adopted")


def become(request: dict[str, Any]) -> None:
    """Take over a command's session, files, folder and environment."""
    if request["session"]:
        os.setsid()
    put_files(request["files"], request["numbers"])
    put_ahead(request["environment"].get("PYTHONPATH", ""))
    enter(request["folder"], request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw_anew()


def put_ahead(path: str) -> None:
    """Put folders ahead of the others, as PYTHONPATH does, and forget what they hide, and whatever may use it."""
    added = [folder for folder in path.split(os.pathsep) if folder and folder not in sys.path]
    sys.path[1:1] = added
    hidden = {place.stem for folder in added for place in Path(folder).iterdir()}
    if hidden:
        hidden |= {"tasks", "flows"}
    for name in [name for name in sys.modules if name.partition(".")[0] in hidden]:
        del sys.modules[name]


def put_files(files: Sequence[int], numbers: Sequence[int]) -> None:
    """Give files that were received the numbers that they had where they came from."""
    # Above all these numbers first, so that none is overwritten before it is moved.
    free = max([*files, *numbers, 2]) + 1
    for offset, file in enumerate(files):
        os.dup2(file, free + offset)
        os.close(file)
    for offset, number in enumerate(numbers):
        os.dup2(free + offset, number)
        os.close(free + offset)


def enter(folder: str, environment: dict[str, str]) -> None:
    """Take over a folder and an environment, with what the libraries have read of it when they were imported."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    tempfile.tempdir = None
    import tasks

    importlib.reload(tasks)
    if context := sys.modules.get("prefect.context"):
        context.refresh_global_settings_context()


def draw_anew() -> None:
    """Draw other random numbers than the next copy."""
    import numpy as np

    np.random.seed()  # noqa: NPY002  the generator that is everyone's


def keep_reserve() -> Callable[..., Any]:
    """Fork a copy that waits until it shall be a fork server; returns a stand-in for multiprocessing's way to one."""
    own, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reserve = os.fork()
    if not reserve:
        own.close()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise ReservedError(other)
    other.close()
    start = multiprocessing.util.spawnv_passfds

    def start_server(path: str, arguments: Sequence[str], files: Sequence[int]) -> int:
        if not str(arguments[-1]).startswith(FORK_SERVER):
            return int(start(path, arguments, files))
        request = {
            "code": arguments[-1],
            "numbers": list(files),
            "folder": str(Path.cwd()),
            "environment": {**os.environ},
        }
        socket.send_fds(own, [json.dumps(request).encode()], files)
        return reserve

    return start_server


class ReservedError(Exception):
    """Raised in the copy in reserve, with its end of the socket."""


def serve_children(requests: socket.socket) -> None:
    """Wait until a fork server is wanted, and be it."""
    content, files, *_ = socket.recv_fds(requests, MAX_BYTES, MAX_FILES)
    requests.close()
    if not content:
        os._exit(0)
    request = json.loads(content)
    put_files(files, request["numbers"])
    enter(request["folder"], request["environment"])
    sys.argv = ["-c"]
    exec(request["code"], {"__name__": "__main__"})  # noqa: S102  multiprocessing's own line


def run_command(arguments: Sequence[str]) -> None:
    """Do what `python` does with these arguments: a script, `-c` and code, or `-m` and a module."""
    if arguments[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *arguments[2:]], ""
        main = ModuleType("__main__")
        sys.modules["__main__"] = main
        exec(compile(arguments[1], "<string>", "exec"), main.__dict__)  # noqa: S102
    elif arguments[0] == "-m":
        sys.argv, sys.path[0] = [arguments[1], *arguments[2:]], str(Path.cwd())
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = list(arguments), str(Path(arguments[0]).resolve().parent)
        runpy.run_path(arguments[0], run_name="__main__")


def finish(work: Callable[[], None]) -> NoReturn:
    """Do the work and end as an interpreter does, but leave out the destruction of a thousand modules."""
    status, is_interrupted = 0, False
    try:
        work()
    except SystemExit as end:
        status = read_status(end.code)
    except BaseException as error:  # noqa: BLE001  as the interpreter does
        sys.excepthook(type(error), error, skip_own_frames(error.__traceback__))
        status, is_interrupted = 1, isinstance(error, KeyboardInterrupt)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if is_interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status)


def skip_own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that begins with the command's own code."""
    while trace and trace.tb_frame.f_code.co_filename in {__file__, "<frozen runpy>"}:
        trace = trace.tb_next
    return trace


def read_status(code: str | int | None) -> int:
    """The exit status that a SystemExit asks for; a text is written to standard error."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def main() -> None:
    """Serve; in a copy, do what was asked for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import_everything()
    request = serve(socket.socket(fileno=int(sys.argv[1])))
    if request is None:
        return
    become(request)
    try:
        multiprocessing.util.spawnv_passfds = keep_reserve()
    except ReservedError as reserved:
        (requests,) = reserved.args
        finish(lambda: serve_children(requests))
    finish(lambda: run_command(request["arguments"]))


if __name__ == "__main__":
    main()

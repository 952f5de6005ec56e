"""Run a function in a separate process, whose memory is returned to the system when it ends.

TensorFlow keeps compiled functions and GPU memory for as long as its process lives. A child that the system kills for
lack of memory does not take the flow with it. Children are forked from a server that has imported Keras once and never
uses it, so that forking is safe and they start in milliseconds.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any, Final

from tasks.errors import SpokenError, TrainingError, UserError
from tasks.formatting.redaction import redact
from tasks.process.interruption import uninterrupted
from tasks.process.place import PLACE, Place

PRELOADED: Final = "tasks.process.fork_server"
LISTENER: Final = "listener"
STARTING: Final = threading.Lock()


class ChildError(SpokenError):
    """An error in the child whose class the parent may not know; its notes contain the traceback."""


class RemoteListener:
    """Forwards every call to the listener in the parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __getattr__(self, method: str) -> Callable[..., None]:
        return lambda *arguments: self.connection.send((method, arguments))


def run_apart(function: str, *, listener: object | None = None, on_gpu: bool = False, **options: Any) -> Any:
    """Call "package.module:name" with keyword arguments in a child process and return what it returns.

    If this thread's place is on other machines, the child is one of theirs; if the function computes `on_gpu`, it waits
    there for a GPU of its own. If given, `listener` is an argument of the function; its methods run in this process
    when the child calls them.
    Raises the function's TrainingError, UserError or OSError as it is, any other error as ChildError, and TrainingError
    if the child was killed. The child ends when this process ends, for whatever reason.
    """
    place = PLACE.get(None) or Place()
    if place.elsewhere:
        remote = place.elsewhere.start(function, options, has_listener=listener is not None, on_gpu=on_gpu)
        with place.hold(remote):
            return remote.wait(listener)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    here, there = context.Pipe()
    process = context.Process(
        target=work,
        args=(there, function, options),
        kwargs={"has_listener": listener is not None, "cores": place.cores, "num_cores": place.num_cores},
        daemon=True,
    )
    with hidden_main_module():
        process.start()
    there.close()
    try:
        with place.hold(process):
            return receive(here, listener)
    except EOFError:
        process.join()
        raise TrainingError(describe_death(process.exitcode)) from None
    finally:
        process.kill()
        process.join()
        here.close()


@contextlib.contextmanager
def hidden_main_module() -> Iterator[None]:
    """Hide the main module while a child starts, one at a time; the child would import it, and Prefect with it."""
    with STARTING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def receive(connection: Connection, listener: object) -> Any:
    """Forward the child's calls to the listener until it sends its result, which is returned, or its error."""
    while True:
        kind, content = connection.recv()
        if kind == "return":
            return content
        if kind == "raise":
            raise content
        with uninterrupted():
            getattr(listener, kind)(*content)


def describe_death(status: int | None) -> str:
    """Describe the end of a child that neither returned nor raised."""
    if status is not None and -status == signal.SIGKILL:
        cause = "was killed, probably because memory ran out; expected more free memory"
    else:
        cause = f"ended with status {status} before its work was done; expected it to finish"
    return f"the child process {cause}. Run the same command again; it resumes where it stopped."


def work(
    connection: Connection,
    function: str,
    options: dict[str, Any],
    *,
    has_listener: bool,
    cores: frozenset[int],
    num_cores: int | None,
) -> None:
    """Run in the child: call the function and send back its result or its error."""
    if cores:
        bind_to_cores(cores, num_cores)
    # Ctrl-C reaches the parent too, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, args=(connection,), daemon=True).start()
    if has_listener:
        options = {**options, LISTENER: RemoteListener(connection)}
    module, _, name = function.partition(":")
    try:
        result = getattr(import_module(module), name)(**options)
    except Exception as error:  # noqa: BLE001  the parent handles every error
        connection.send(("raise", make_portable(error)))
    else:
        connection.send(("return", result))


def bind_to_cores(cores: frozenset[int], num_cores: int | None) -> None:
    """Let this process compute on some cores only.

    Its libraries divide their sums as they would on `num_cores`, or else on all cores of this machine, so that a result
    depends neither on the number of jobs nor on the machine.
    """
    whole = str(num_cores or len(os.sched_getaffinity(0)))
    os.environ.update({"TF_NUM_INTRAOP_THREADS": whole, "NPROC": whole})
    if num_cores:
        from threadpoolctl import threadpool_limits

        # NumPy was loaded before the fork, with as many threads as this machine has cores or a variable says.
        threadpool_limits(num_cores)
    os.sched_setaffinity(0, cores)


def make_portable(error: Exception) -> Exception:
    """Keep the errors that the parent distinguishes, and wrap any other in one that it can unpickle."""
    if isinstance(error, TrainingError | UserError):
        return type(error)(str(error))
    if isinstance(error, OSError):
        return OSError(error.errno, str(error))
    portable = ChildError(f"{type(error).__name__}: {error}")
    portable.add_note(redact("".join(traceback.format_exception(error))))
    return portable


def end_with_parent(connection: Connection) -> None:
    """Exit when the parent's end of the pipe closes, which happens before this process is done only if it dies."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)

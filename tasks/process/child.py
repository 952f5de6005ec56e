"""Run a function in a process of its own, whose memory goes back to the system with its end.

TensorFlow keeps what it compiled for as long as its process lives, a GPU's memory too; and a process that the system
kills for want of memory takes nothing else with it. Children are forked from a server that has imported Keras once
(and used it for nothing, so that forking is safe), so they start in milliseconds.
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

from tasks.errors import TrainingError, UserError

PRELOADED: Final = "tasks.process.fork_server"
LISTENER: Final = "listener"
STARTING: Final = threading.Lock()


class ChildError(Exception):
    """An error in the child that the parent cannot know the class of; its traceback is part of the notes."""


class RemoteListener:
    """Passes every call on to the listener in the parent."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __getattr__(self, method: str) -> Callable[..., None]:
        return lambda *arguments: self.connection.send((method, arguments))


def run_apart(function: str, *, listener: object | None = None, **options: Any) -> Any:
    """Call "package.module:name" with keyword arguments in a child process and return what it returns.

    If given, `listener` is an argument whose methods are called here when the child calls them there. Raises what the
    function raised: TrainingError, UserError and OSError as they are, others as ChildError; TrainingError too when the
    child was killed. The child ends with this process, however that ends.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    here, there = context.Pipe()
    process = context.Process(target=work, args=(there, function, options, listener is not None), daemon=True)
    with hidden_main_module():
        process.start()
    there.close()
    try:
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
    """Start a child within this block, one at a time: it would import the program's main file, and with it Prefect."""
    with STARTING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def receive(connection: Connection, listener: object) -> Any:
    """Hand the child's calls to the listener until its result or its error comes."""
    while True:
        kind, content = connection.recv()
        if kind == "return":
            return content
        if kind == "raise":
            raise content
        getattr(listener, kind)(*content)


def describe_death(status: int | None) -> str:
    """Say how a child ended that neither returned nor raised."""
    if status is not None and -status == signal.SIGKILL:
        cause = "was killed, as the system does when memory runs out; expected more free memory"
    else:
        cause = f"ended with status {status} before it was done; expected it to finish"
    return f"the process that did the work {cause}. Run the same command again; it resumes where it stopped."


def work(connection: Connection, function: str, options: dict[str, Any], has_listener: bool) -> None:  # noqa: FBT001
    """Be the child: call the function and send back what comes of it."""
    # The parent is told of Ctrl-C and ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, args=(connection,), daemon=True).start()
    if has_listener:
        options = {**options, LISTENER: RemoteListener(connection)}
    module, _, name = function.partition(":")
    try:
        result = getattr(import_module(module), name)(**options)
    except Exception as error:  # noqa: BLE001  every error is the parent's to handle
        connection.send(("raise", make_portable(error)))
    else:
        connection.send(("return", result))


def make_portable(error: Exception) -> Exception:
    """Keep the errors that the parent tells apart, and put any other into one that it can unpack."""
    if isinstance(error, TrainingError | UserError):
        return type(error)(str(error))
    if isinstance(error, OSError):
        return OSError(error.errno, str(error))
    portable = ChildError(f"{type(error).__name__}: {error}")
    portable.add_note("".join(traceback.format_exception(error)))
    return portable


def end_with_parent(connection: Connection) -> None:
    """Wait for the parent's end of the pipe to close, which only its death does before this process is done."""
    try:
        connection.recv()
    except (EOFError, OSError):
        os._exit(1)

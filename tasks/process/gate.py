"""Let processes compute side by side, except while one of them measures how fast it is."""

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

# The gate that works of this thread share with others, if they run side by side.
GATE: Final[ContextVar[Path]] = ContextVar("GATE")


# Returns a context in which no other process is inside the gate.
BeAlone = Callable[[], AbstractContextManager[None]]


@contextlib.contextmanager
def inside(gate: Path | None) -> Iterator[BeAlone]:
    """Be inside a gate, a file that processes share, beside others; yields a function that keeps the others outside.

    Without a gate, this process is alone anyway. The system opens the gate if a process dies.
    """
    if gate is None:
        yield contextlib.nullcontext
        return
    with gate.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield lambda: shut(file)


@contextlib.contextmanager
def shut(file: BinaryIO) -> Iterator[None]:
    """Wait until no other process is inside, and let none in."""
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_SH)


@contextlib.contextmanager
def shared_gate(folder: Path) -> Iterator[None]:
    """Let works that begin in the block share a gate, a file in a folder that is removed in the end."""
    folder.mkdir(parents=True, exist_ok=True)
    gate = folder / f"measuring-{uuid4().hex[:16]}.lock"
    token = GATE.set(gate)
    try:
        yield
    finally:
        GATE.reset(token)
        gate.unlink(missing_ok=True)

"""What is in use, so that cleaning leaves it alone.

An output's manifest is touched whenever the output is reused: its modification time is that of the last use. A process
that produces outputs holds a lock of its own in each root until it ends; whatever has been used since such a lock was
made may still be needed by that process.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import uuid4

from filelock import FileLock, Timeout

LOCK_FOLDER: Final = ".locks"
PROCESS_PREFIX: Final = "use-"
# A run has two roots, and a page's runtime may lie in a third.
MOST_ROOTS: Final = 16


def mark_used(manifest: Path) -> None:
    """Note that an output is used now; a folder that can only be read is left as it is."""
    with contextlib.suppress(OSError):
        os.utime(manifest)


@lru_cache(maxsize=MOST_ROOTS)
def announce_process(root: Path) -> FileLock:
    """Hold a lock that tells cleaning of this process until it ends, however it ends."""
    folder = root / LOCK_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{PROCESS_PREFIX}{uuid4().hex[:16]}.lock")
    lock.acquire()
    return lock


def find_process_starts(root: Path) -> Iterator[float]:
    """Yield the time since when each running process uses a root, in seconds since the epoch."""
    for path in (root / LOCK_FOLDER).glob(f"{PROCESS_PREFIX}*.lock"):
        with contextlib.suppress(FileNotFoundError):
            started = path.stat().st_mtime
            if is_held(path):
                yield started


def is_held(lock: Path) -> bool:
    """Tell whether a process holds a lock; nothing is written, and a lock without a file is free."""
    with contextlib.suppress(FileNotFoundError), lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextlib.contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold a lock if it is free; gives whether it is held."""
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()

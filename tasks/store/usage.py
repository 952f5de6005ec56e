"""What is in use, so that cleaning leaves it alone.

An output's manifest is touched whenever the output is reused, so its modification time is the time of the last use. A
process that produces outputs holds its own lock in each root until it ends; it may still need everything that has been
used since the lock was created.
"""

import atexit
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
# A run has two roots, and the runtime of the report's charts may be in a third.
MOST_ROOTS: Final = 16


def mark_used(manifest: Path) -> None:
    """Record that an output is used at this moment; a read-only folder is left as it is."""
    with contextlib.suppress(OSError):
        os.utime(manifest)


@lru_cache(maxsize=MOST_ROOTS)
def announce_process(root: Path) -> FileLock:
    """Hold a lock that announces this process to cleaning until it ends, for whatever reason.

    The files of processes that were killed are removed.
    """
    folder = root / LOCK_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{PROCESS_PREFIX}*.lock"):
        with try_lock(left):
            pass
    lock = FileLock(folder / f"{PROCESS_PREFIX}{uuid4().hex[:16]}.lock")
    lock.acquire()
    atexit.register(release, lock)
    return lock


def release(lock: FileLock) -> None:
    """Release a lock and remove its file; a process that waits for it notices that, and makes another file."""
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def find_process_starts(root: Path) -> Iterator[float]:
    """Yield the time at which each running process started to use a root, in seconds since the epoch."""
    for path in (root / LOCK_FOLDER).glob(f"{PROCESS_PREFIX}*.lock"):
        with contextlib.suppress(FileNotFoundError):
            started = path.stat().st_mtime
            if is_held(path):
                yield started


def is_held(lock: Path) -> bool:
    """Tell whether a process holds a lock, without writing anything; a lock without a file is free."""
    with contextlib.suppress(FileNotFoundError), lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextlib.contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold a lock if it is free, and remove its file in the end; yields whether it is held."""
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        release(lock)

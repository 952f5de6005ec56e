"""A temporary folder for each process, so that what it leaves when it is killed is known to be its own, and removed.

Libraries leave sockets and folders in the system's temporary folder when their process is killed: `pymp-*` of Python's
multiprocessing, `tmp*tfds` of TensorFlow Datasets. Here a process and its children have a folder of their own there. It
is removed when the process ends, or by the next process that starts after a kill, which a free lock tells.
"""

import contextlib
import errno
import os
import shutil
import tempfile
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Final
from uuid import uuid4

from filelock import FileLock

from tasks.store.usage import release, try_lock

PREFIX: Final = "bakeoff-"
# The longest path of a folder that leaves room for the name of a socket in it: 108 characters on Linux, 104 on macOS.
LONGEST: Final = 64
# After multiprocessing has removed its own folder, which it does at -100.
LAST: Final = -1_000


@cache
def use_own_folder() -> None:
    """Give this process and its children a temporary folder of their own; where that cannot be, they do without."""
    with contextlib.suppress(OSError):
        parent = find_parent()
        sweep(parent)
        lock = FileLock(parent / f"{uuid4().hex[:8]}.lock")
        lock.acquire()
        own = Path(lock.lock_file).with_suffix("")
        own.mkdir(mode=0o700)
        Finalize(None, remove, args=(own, lock), exitpriority=LAST)
        os.environ["TMPDIR"] = str(own)
        tempfile.tempdir = str(own)


def find_parent() -> Path:
    """Return the folder of this user's temporary folders, and make it; raises OSError when it is somebody else's."""
    place = Path(tempfile.gettempdir())
    name = f"{PREFIX}{os.getuid()}"
    # A process that was started by one with a folder of its own.
    parent = place.parent if place.parent.name == name else place / name
    parent.mkdir(mode=0o700, exist_ok=True)
    if parent.is_symlink() or parent.stat().st_uid != os.getuid():
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), parent)
    if len(str(parent)) > LONGEST:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), parent)
    return parent


def sweep(parent: Path) -> None:
    """Remove the folders of processes that have ended."""
    for lock in parent.glob("*.lock"):
        with try_lock(lock) as is_free:
            if is_free:
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)


def remove(own: Path, lock: FileLock) -> None:
    """Remove a folder and its lock."""
    shutil.rmtree(own, ignore_errors=True)
    release(lock)

"""What an object store contains, as a folder on this machine: names, sizes and times of all objects, without contents.

Cleaning looks at folders. For a root in an object store it looks at such a shadow, in which only what it reads has its
contents: manifests, the documents of the newest runs, and the history of the champion. Leases of processes that live
are locks that are held.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from filelock import FileLock

from tasks.clean.inventory import MANIFESTS, RUN_PLACES
from tasks.clean.references import RUN_DOCUMENTS
from tasks.promote.link import point_current
from tasks.promote.shared import read_changes, write_history
from tasks.store.bucket import LAST_FILES, USED, Bucket
from tasks.store.contract import open_store
from tasks.store.layout import CHAMPION, LATEST
from tasks.store.leases import ENDING, STALE_SECONDS, read_record
from tasks.store.objects import Listed
from tasks.store.usage import LOCK_FOLDER

# <folder>/<sha256>/<file>
STORED: Final = re.compile(r"(.+)/[0-9a-f]{64}/([^/]+)")
# How far the clock of a process may be behind that of the store.
CLOCK_SECONDS: Final = 300.0
RUN_FOLDERS: Final = tuple(place.pattern.partition("/")[0] for place in RUN_PLACES)


class Shadow(NamedTuple):
    """A root, the folder that cleaning looks at, and its store if that is another folder than the root."""

    root: Path
    folder: Path
    store: Bucket | None = None


@contextlib.contextmanager
def open_shadow(root: Path, *, keep_runs: int) -> Iterator[Shadow]:
    """Yield the folder that shows what a root contains: itself on a disk, or a shadow that is then removed."""
    store = open_store(root)
    if not isinstance(store, Bucket):
        yield Shadow(root, root)
        return
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = Path(temporary)
        objects = list(store.objects.list())
        draw_files(folder, objects, store, keep_runs=keep_runs)
        draw_champion(folder, root)
        for lock in draw_leases(folder, objects, store):
            stack.enter_context(lock)
        yield Shadow(root, folder, store)


def draw_files(folder: Path, objects: Iterable[Listed], store: Bucket, *, keep_runs: int) -> None:
    """Make a file of the size and time of each object, with its contents where cleaning reads them."""
    uses = {it.key.removesuffix(USED): it.modified for it in objects if it.key.endswith(USED)}
    wanted = choose_documents(objects, keep_runs=keep_runs)
    for it in objects:
        if it.key.endswith((USED, ENDING)) or it.key == f"{CHAMPION}/current":
            continue
        path = folder / STORED.sub(r"\1/\2", it.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.name == LATEST and path.parent.name in RUN_FOLDERS:
            point(path, it, store)
        elif path.name in MANIFESTS or it.key in wanted:
            found = store.objects.get(it.key)
            path.write_bytes(found.content if found else b"")
            set_time(path, max(it.modified, uses.get(it.key, it.modified)))
        else:
            # A file of which an earlier version was left counts with both sizes.
            size = it.num_bytes + (path.stat().st_size if path.exists() else 0)
            path.touch()
            os.truncate(path, size)
            set_time(path, it.modified)


def choose_documents(objects: Iterable[Listed], *, keep_runs: int) -> set[str]:
    """Choose the objects that tell what the newest runs refer to, those that they are checked against included."""
    chosen: set[str] = set()
    for place in RUN_FOLDERS:
        documents = [
            it.key
            for it in objects
            if it.key.startswith(f"{place}/") and Path(it.key).name in (*RUN_DOCUMENTS, *LAST_FILES)
        ]
        newest = sorted({Path(key).parent.name for key in documents})[-keep_runs:]
        chosen |= {key for key in documents if Path(key).parent.name in newest}
    return chosen


def point(path: Path, pointer: Listed, store: Bucket) -> None:
    """Make a link of a pointer."""
    if found := store.get_pointer(pointer.key):
        path.symlink_to(found.value)


def set_time(path: Path, modified: datetime) -> None:
    """Give a file the time of its last use."""
    os.utime(path, (modified.timestamp(), modified.timestamp()))


def draw_champion(folder: Path, root: Path) -> None:
    """Write the history of the champion, and link to it."""
    if changes := read_changes(root):
        (folder / CHAMPION).mkdir(parents=True, exist_ok=True)
        write_history(folder / CHAMPION, [it.entry for it in changes])
        point_current(folder / CHAMPION, changes[-1].entry.bundle)


def draw_leases(folder: Path, objects: Iterable[Listed], store: Bucket) -> Iterator[FileLock]:
    """Make a lock of each lease; yields those of processes that live, which are to be held.

    The lock of a process that uses the root has the time of its start. A lease that is old by the store's own clock is
    that of a process that is gone.
    """
    now = read_clock(store)
    for it in objects:
        if it.key.startswith(f"{LOCK_FOLDER}/") and it.key.endswith(ENDING):
            path = folder / f"{it.key.removesuffix(ENDING)}.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            set_time(path, it.modified)
            if now - it.modified.timestamp() < STALE_SECONDS and (found := store.objects.get(it.key)):
                with contextlib.suppress(KeyError, ValueError):
                    started = datetime.fromisoformat(read_record(found)["since"]).timestamp() - CLOCK_SECONDS
                    os.utime(path, (started, started))
                yield FileLock(path)


def read_clock(store: Bucket) -> float:
    """Read the time of the store's clock, in seconds since the epoch."""
    key = f"{LOCK_FOLDER}/clock"
    store.objects.put(key, b"")
    return next(it.modified.timestamp() for it in store.objects.list(LOCK_FOLDER) if it.key == key)

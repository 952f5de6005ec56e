"""Remove items: under their locks, each is first moved out of the way in one step and then deleted file by file."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from uuid import uuid4

from tasks.clean.inventory import Item, find_last_use
from tasks.formatting.addresses import find_address
from tasks.store.contract import open_store
from tasks.store.outputs import WORK_FOLDER, locked
from tasks.store.usage import try_lock

CLEANING: Final = "clean"
REMOVED: Final = "removed"


def remove_items(items: Iterable[Item], *, cutoff: float) -> Iterator[Item]:
    """Remove items one by one and yield those removed; an item in use, or used since `cutoff`, stays."""
    for item in items:
        with contextlib.suppress(FileNotFoundError), hold_all(item.locks) as held:
            is_lock = item.path in item.locks
            if held and (is_lock or find_last_use(item.path) < cutoff):
                remove_item(item)
                yield item


def remove_item(item: Item) -> None:
    """Remove one locked item, and the files of its locks.

    A folder is first moved to the folder of interrupted work. If the process is killed, the item is therefore either
    complete in its place or gone from it, and the next cleaning removes what is left.
    """
    if item.path.is_dir():
        work = item.root / WORK_FOLDER
        work.mkdir(exist_ok=True)
        scratch = work / f"{REMOVED}-{uuid4().hex[:16]}"
        os.replace(item.path, scratch)
        shutil.rmtree(scratch)
    for lock in item.locks:
        # A process that waits for the lock notices that its file is gone and creates a new one.
        lock.unlink(missing_ok=True)


@contextlib.contextmanager
def hold_all(locks: Iterable[Path]) -> Iterator[bool]:
    """Hold all of several locks, or none; yields whether they are held."""
    with contextlib.ExitStack() as stack:
        yield all(stack.enter_context(try_lock(lock)) for lock in locks)


@contextlib.contextmanager
def hold_roots(*roots: Path) -> Iterator[None]:
    """Allow only one cleaning at a time in each of the roots that exist."""
    with contextlib.ExitStack() as stack:
        for root in sorted({root.resolve() for root in roots if root.is_dir() or find_address(root)}):
            stack.enter_context(locked(root, CLEANING))
            stack.enter_context(open_store(root).claim(CLEANING, on_wait=lambda: None))
        yield

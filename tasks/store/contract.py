"""What a root is besides its folder on this machine: nothing more on a disk, or a part of an object store.

All code reads and writes the folder. A disk is that folder. Of an object store the folder is a copy: what others made
is fetched into it when it is looked for, and what was made in it is published when it is complete. The README of this
room describes the objects and what happens when two machines do the same.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

from tasks.formatting.addresses import find_address
from tasks.store.objects import Version


class Pointer(NamedTuple):
    """What a name leads to at a moment, and what tells this version of it; None on a disk, where locks are enough."""

    value: str
    version: Version | None = None


class Store(Protocol):
    """A root; folders are relative to it. Methods raise UserError if the object store fails them, OSError on a disk."""

    def announce(self) -> None:
        """Tell cleaning, on every machine, that this process uses the root until it ends."""

    def fetch(self, folder: str, manifest: str) -> bool:
        """Bring an output, every file checked against its hash; returns whether the store has it whole."""

    def publish(self, folder: str, manifest: str) -> bool:
        """Give a complete output to all machines, its manifest last; if another was first, fetch that, return False."""

    def mark_used(self, folder: str, manifest: str) -> None:
        """Record that an output is used at this moment."""

    def claim(self, name: str, *, on_wait: Callable[[], None]) -> AbstractContextManager[bool]:
        """Keep other machines from doing the same, and yield whether that took waiting.

        The caller holds the lock of that name on this machine.
        """

    def keep_scratch(self, folder: str) -> AbstractContextManager[None]:
        """Fetch the checkpoints of a working folder, and keep those made in the block where others find them."""

    def list_manifests(self, family: str, manifest: str, *, most: int) -> Iterable[str]:
        """Read the manifests of a family of outputs, those used last first."""

    def publish_folder(self, folder: str) -> None:
        """Give a folder of files to all machines, which is complete and does not change any more."""

    def fetch_folder(self, folder: str) -> None:
        """Bring such a folder."""

    def get_pointer(self, name: str) -> Pointer | None:
        """Read what a name leads to; None if it leads nowhere."""

    def swap_pointer(self, name: str, value: str, *, over: Pointer | None) -> bool:
        """Let a name lead elsewhere if it still leads where the caller has seen it; returns whether it does."""


@lru_cache
def open_store(root: Path) -> Store:
    """Open a root, by its folder on this machine."""
    address = find_address(root)
    if address is None:
        from tasks.store.disk import Disk

        return Disk(root)
    from tasks.store.bucket import Bucket

    return Bucket(root, address)

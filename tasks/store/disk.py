"""A root on a disk: what is in the folder is all there is, and locks of files keep processes apart."""

import contextlib
import heapq
import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tasks.store.contract import Pointer
from tasks.store.usage import announce_process, mark_used


@dataclass(frozen=True)
class Disk:
    """The store whose root is a folder on a disk."""

    root: Path

    def announce(self) -> None:
        """Hold a lock that the system frees when the process ends."""
        announce_process(self.root)

    def fetch(self, folder: str, manifest: str) -> bool:  # noqa: ARG002
        """Do nothing: what there is, is there."""
        return True

    def publish(self, folder: str, manifest: str) -> bool:  # noqa: ARG002
        """Do nothing: it was moved into place."""
        return True

    def mark_used(self, folder: str, manifest: str) -> None:
        """Touch the manifest."""
        mark_used(self.root / folder / manifest)

    def claim(self, name: str, *, on_wait: Callable[[], None]) -> AbstractContextManager[bool]:  # noqa: ARG002
        """Do nothing: the lock that the caller holds is enough."""
        return contextlib.nullcontext(enter_result=False)

    def keep_scratch(self, folder: str) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing: checkpoints stay where they are."""
        return contextlib.nullcontext()

    def list_manifests(self, family: str, manifest: str, *, most: int) -> Iterable[str]:
        """Read those that were touched last."""
        for path in heapq.nlargest(most, (self.root / family).glob(f"*/{manifest}"), key=find_time):
            with contextlib.suppress(ValueError, OSError):
                yield path.read_text(encoding="utf-8")

    def publish_folder(self, folder: str) -> None:
        """Do nothing: it was moved into place."""

    def fetch_folder(self, folder: str) -> None:
        """Do nothing: what there is, is there."""

    def get_pointer(self, name: str) -> Pointer | None:
        """Read a relative link."""
        link = self.root / name
        return Pointer(link.readlink().name) if link.is_symlink() else None

    def swap_pointer(self, name: str, value: str, *, over: Pointer | None) -> bool:  # noqa: ARG002
        """Replace a relative link in one step, so that the tree can be moved; a lock keeps others away."""
        link = self.root / name
        temporary = link.with_name(f".{link.name}-{value}")
        try:
            temporary.symlink_to(value)
            os.replace(temporary, link)
        finally:
            temporary.unlink(missing_ok=True)
        return True


def find_time(path: Path) -> float:
    """Return when a file was last changed, in seconds since the epoch; 0 if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0

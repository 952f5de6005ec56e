"""Checkpoints of work in progress, kept in an object store, so that another machine can go on from the last one."""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.store.objects import Objects

# The folder within a working folder; other folders there are of no use to another machine.
CHECKPOINT: Final = "checkpoint"
SECONDS_BETWEEN_LOOKS: Final = 5.0
UNFINISHED: Final = (".partial",)

logger: Final = logging.getLogger(__name__)


class Watch:
    """Uploads each file of a folder of checkpoints whenever it has changed."""

    def __init__(self, objects: Objects, root: Path, folder: str) -> None:
        self.objects = objects
        self.root = root
        self.folder = f"{folder}/{CHECKPOINT}"
        self.sent = self.look()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.follow, name=f"checkpoints of {folder}", daemon=True)

    def look(self) -> dict[Path, tuple[int, int]]:
        """List the complete files, with what shows that one has changed."""
        found = {}
        with contextlib.suppress(FileNotFoundError):
            for path in (self.root / self.folder).iterdir():
                if path.suffix not in UNFINISHED and path.is_file():
                    state = path.stat()
                    found[path] = (state.st_mtime_ns, state.st_size)
        return found

    def send(self) -> None:
        """Upload what has changed; a failure is no reason to stop the work."""
        for path, state in self.look().items():
            if self.sent.get(path) != state:
                try:
                    self.objects.upload(path, path.relative_to(self.root).as_posix())
                    self.sent[path] = state
                except (UserError, OSError) as error:
                    logger.warning("a checkpoint could not be kept where other machines find it: %s", error)

    def follow(self) -> None:
        """Look again and again until the work ends."""
        while not self.ended.wait(SECONDS_BETWEEN_LOOKS):
            self.send()


@contextlib.contextmanager
def keep_checkpoints(objects: Objects, root: Path, folder: str) -> Iterator[None]:
    """Fetch the checkpoints of a working folder that are newer than its own, and upload those made in the block.

    After the block, nothing of the working folder is left in the store; if it fails, the last checkpoints are, for the
    next attempt.
    """
    fetch_checkpoints(objects, root, folder)
    watch = Watch(objects, root, folder)
    watch.thread.start()
    try:
        yield
    except BaseException:
        stop(watch)
        watch.send()
        raise
    stop(watch)
    objects.delete([it.key for it in objects.list(folder)])


def stop(watch: Watch) -> None:
    """End the thread."""
    watch.ended.set()
    watch.thread.join()


def fetch_checkpoints(objects: Objects, root: Path, folder: str) -> None:
    """Fetch the checkpoints that are newer than those on this machine."""
    for it in objects.list(f"{folder}/{CHECKPOINT}"):
        path = root / it.key
        if path.exists() and path.stat().st_mtime >= it.modified.timestamp():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(UNFINISHED[0])
        if objects.download(it.key, unfinished):
            os.replace(unfinished, path)

"""A disk that fails at a chosen step: the n-th write, rename, sync or other change of a folder raises an OSError.

In this process alone, by replacing what Python changes files with; half of the data of a write that fails is written.
What C++ libraries write themselves is not counted.
"""

import builtins
import contextlib
import errno
import io
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT)
CHANGES = ("replace", "rename", "fsync", "mkdir", "symlink", "link", "sendfile", "truncate")
# A full disk does not prevent these, so they fail as on a disk that breaks.
REMOVALS = ("unlink", "rmdir")
OPEN, OPEN_DESCRIPTOR = io.open, os.open


@dataclass
class FailingDisk:
    """Counts the steps so far; the one with the number `fails_at` raises the error."""

    fails_at: int
    error: int
    count: int = 0

    @property
    def has_failed(self) -> bool:
        return self.count >= self.fails_at

    def step(self, error: int | None = None) -> None:
        self.count += 1
        if self.count == self.fails_at:
            raise OSError(error or self.error, os.strerror(error or self.error))

    def counted(self, change: Callable[..., Any], error: int | None = None) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            self.step(error)
            return change(*arguments, **options)

        return run

    def open_descriptor(self, path: Any, flags: int, *arguments: Any, **options: Any) -> int:
        if flags & (os.O_CREAT | os.O_WRONLY | os.O_RDWR):
            self.step()
        return OPEN_DESCRIPTOR(path, flags, *arguments, **options)

    def open(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        """Open a file; one that is written to has Python's own layers above a file that counts its writes."""
        if not set("wax+") & set(mode) or isinstance(file, int):
            return OPEN(file, mode, *arguments, **options)
        self.step()
        raw = CountedFile(file, mode.replace("b", "").replace("t", ""), opener=options.pop("opener", None))
        raw.disk = self
        return wrap(raw, mode, *arguments, **options)


class CountedFile(io.FileIO):
    """A file whose writes are steps."""

    disk: FailingDisk

    def write(self, data: Any) -> int:
        try:
            self.disk.step()
        except OSError:
            super().write(memoryview(data)[: len(data) // 2])
            raise
        return super().write(data)


def wrap(raw: io.FileIO, mode: str, buffering: int = -1, *arguments: Any, **options: Any) -> Any:
    """Put the layers above a file that `open` would."""
    if buffering == 0:
        return raw
    buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
    return buffered if "b" in mode else io.TextIOWrapper(buffered, *arguments, **options)


@contextlib.contextmanager
def failing_disk(fails_at: int, error: int) -> Iterator[FailingDisk]:
    """Let the step with a number fail within the block."""
    disk = FailingDisk(fails_at, error)
    with contextlib.ExitStack() as stack:
        for name in CHANGES:
            stack.enter_context(mock.patch.object(os, name, disk.counted(getattr(os, name))))
        for name in REMOVALS:
            stack.enter_context(mock.patch.object(os, name, disk.counted(getattr(os, name), errno.EIO)))
        stack.enter_context(mock.patch.object(os, "open", disk.open_descriptor))
        for module in (io, builtins):
            stack.enter_context(mock.patch.object(module, "open", disk.open))
        # Else shutil copies within the kernel.
        stack.enter_context(mock.patch.object(shutil, "_USE_CP_SENDFILE", new=False))
        yield disk

"""Files that are whole at any moment, and that have reached the disk before they count."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tasks.store.durable import flush, replace_durably, write_atomically


def test_write_atomically_replaces_the_text(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    for text in ("old", "new"):
        write_atomically(path, text)
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_write_that_fails_half_way_leaves_the_old_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manifest.json"
    write_atomically(path, "old")

    def write_half(self: Path, text: str, **_options: Any) -> None:
        self.write_bytes(text[: len(text) // 2].encode())
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", write_half)
        with pytest.raises(OSError, match="No space left"):
            write_atomically(path, "a new text")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_content_reaches_the_disk_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without its content is what a power cut makes of a rename that comes first."""
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def note_sync(descriptor: int) -> None:
        steps.append(f"sync {Path(f'/proc/self/fd/{descriptor}').readlink().name}")
        sync(descriptor)

    def note_replace(source: Path, target: Path) -> None:
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    (tmp_path / "draft").write_text("content")
    replace_durably(tmp_path / "draft", tmp_path / "final")
    assert steps == ["sync draft", "replace", f"sync {tmp_path.name}"]


def test_flushing_what_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        flush(tmp_path / "missing")

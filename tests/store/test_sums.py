"""Hashes kept beside files: written and read as sha256sum does, and checked."""

import subprocess
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.store.sums import SUMS, check_sum, read_sums, sum_files, write_sums


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.json", "a b.csv", "é.txt"):
        (tmp_path / name).write_text(name)
    write_sums(tmp_path, sum_files(tmp_path))
    return tmp_path


def test_sums_are_those_of_sha256sum(folder: Path) -> None:
    files = sorted(path.name for path in folder.iterdir() if path.name != SUMS)
    done = subprocess.run(["sha256sum", *files], cwd=folder, capture_output=True, text=True, check=True)
    assert (folder / SUMS).read_text() == done.stdout
    assert read_sums(folder) == sum_files(folder)
    for name in files:
        check_sum(folder / name)


@pytest.mark.parametrize("content", [b"", b"b.jsoN", b"b.json\n"])
def test_changed_file_is_refused(content: bytes, folder: Path) -> None:
    (folder / "b.json").write_bytes(content)
    with pytest.raises(UserError, match=r"b\.json' was changed: it does not match its hash in SHA256SUMS"):
        check_sum(folder / "b.json")


@pytest.mark.parametrize("content", [b"", b"\x00" * 80, b"\xff\xfe\n", b"no sums\n"])
def test_damaged_sums_match_nothing(content: bytes, folder: Path) -> None:
    (folder / SUMS).write_bytes(content)
    assert read_sums(folder) == {}
    with pytest.raises(UserError, match="was changed"):
        check_sum(folder / "b.json")


def test_folder_without_sums_is_that_of_an_older_version(folder: Path) -> None:
    (folder / SUMS).unlink()
    check_sum(folder / "b.json")

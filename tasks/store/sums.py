"""Hashes of files that are kept apart from them: SHA256SUMS beside the files, which `sha256sum --check` reads."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.store.durable import write_atomically
from tasks.store.outputs import record_file

SUMS: Final = "SHA256SUMS"
LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def write_sums(folder: Path, sums: Mapping[str, str]) -> None:
    """Write the hash of each file of a folder, by name."""
    write_atomically(folder / SUMS, "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))


def read_sums(folder: Path) -> dict[str, str]:
    """Read the hash of each file, by name; empty where there are none. Lines that are damaged are left out."""
    path = folder / SUMS
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return {found[2]: found[1] for found in map(LINE.fullmatch, text.split("\n")) if found}


def sum_files(folder: Path) -> dict[str, str]:
    """Hash every file of a folder but the sums themselves, by name."""
    return {path.name: record_file(path).sha256 for path in folder.iterdir() if path.is_file() and path.name != SUMS}


def sum_tree(folder: Path) -> dict[str, str]:
    """Hash every file of a folder and its subfolders, by path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    return {path.relative_to(folder).as_posix(): record_file(path).sha256 for path in files}


def check_sum(path: Path) -> None:
    """Raise UserError when a file differs from its hash; folders of version 0.2 and older have no sums."""
    if (path.parent / SUMS).exists() and read_sums(path.parent).get(path.name) != record_file(path).sha256:
        raise UserError(f"{str(path)!r} was changed: it does not match its hash in {SUMS}; expected it as it was made.")

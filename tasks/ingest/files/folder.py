"""A folder of <label>/*.txt: one text per file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tasks.errors import UserError
from tasks.ingest.files.lines import LONGEST_LINE, describe_damage, describe_undecodable, name_codec
from tasks.ingest.files.rows import Rows, take_batches
from tasks.store.fingerprint import hash_json
from tasks.store.outputs import record_file

FOLDER_COLUMNS: Final = ("id", "label", "text")


def read_folder(folder: Path, *, charset: str) -> Iterator[Rows]:
    """Read one row per file, sorted by name; its id is the path within the folder.

    Raises UserError when there are no texts, or one that cannot be read or decoded.
    """
    names = list_texts(folder)
    if not names:
        raise UserError(describe_no_texts(folder))
    texts = ((number, (name, *read_text(folder, name, charset))) for number, name in enumerate(names, start=1))
    for numbers, rows in take_batches((number, row, len(row[-1])) for number, row in texts):
        arrays = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        yield Rows(pa.RecordBatch.from_arrays(arrays, names=list(FOLDER_COLUMNS)), np.array(numbers, np.int64), "file")


def read_text(folder: Path, name: str, charset: str) -> tuple[str, str]:
    """Read one file as label and text."""
    try:
        if (folder / name).stat().st_size > LONGEST_LINE:
            raise UserError(f"{name!r} is larger than {LONGEST_LINE:,} bytes; expected one text per file.")
        return name.partition("/")[0], (folder / name).read_bytes().decode(name_codec(charset))
    except UnicodeError as error:
        raise UserError(describe_undecodable(repr(name), charset)) from error
    except OSError as error:
        raise UserError(describe_damage(Path(name), "", error)) from error


def describe_no_texts(folder: Path) -> str:
    """Say what a folder lacks; its splits may lie one level deeper."""
    splits = [name for name in list_visible(folder) if (folder / name).is_dir() and list_texts(folder / name)]
    remedy = f" Choose one of its folders: {', '.join(splits)} (--dataset, --test-path)." if splits else ""
    return f"folder {folder.name!r} holds no <label>/*.txt; expected a folder per label with a text per file.{remedy}"


def hash_folder(folder: Path) -> str:
    """Hash the names and contents of the texts."""
    return hash_json({name: hash_text(folder / name) for name in list_texts(folder)})


def hash_text(path: Path) -> str:
    """Hash one file. Raises UserError when it cannot be read."""
    try:
        return record_file(path).sha256
    except OSError as error:
        raise UserError(describe_damage(path, "to its end", error)) from error


def list_texts(folder: Path) -> list[str]:
    """List <label>/*.txt as paths within the folder, sorted. Raises UserError for a name that is not UTF-8."""
    return sorted(name for name in list_inner(folder) if name.lower().endswith(".txt") and (folder / name).is_file())


def list_strays(folder: Path) -> list[str]:
    """List what lies in the folder beside <label>/*.txt; hidden files do not count."""
    texts = set(list_texts(folder))
    tops = [name for name in list_visible(folder) if not (folder / name).is_dir()]
    return sorted([*tops, *(name for name in list_inner(folder) if name not in texts)])


def list_inner(folder: Path) -> list[str]:
    """List what lies in the folders of a folder, as paths within it."""
    return [
        f"{label}/{name}"
        for label in list_visible(folder)
        if (folder / label).is_dir()
        for name in list_visible(folder / label)
    ]


def list_visible(folder: Path) -> list[str]:
    """List the names in a folder that do not begin with a dot."""
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    for name in names:
        if not name.isascii() and name.encode(errors="replace").decode() != name:
            raise UserError(f"{name!r} in folder {folder.name!r} is no UTF-8; expected names that are. Rename it.")
    return names

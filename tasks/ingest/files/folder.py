"""A folder of <label>/*.txt: one text per file. Without these, files are texts if they have no ending, or a number."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tasks.errors import UserError
from tasks.formatting.commands import spell_argument
from tasks.ingest.files.charsets import describe_undecodable
from tasks.ingest.files.columns import list_names
from tasks.ingest.files.compression import strip_compression
from tasks.ingest.files.lines import LONGEST_LINE, describe_damage, name_codec
from tasks.ingest.files.options import FLAGS, SPLIT_NAMES, FileOptions
from tasks.ingest.files.rows import Rows, take_batches
from tasks.store.fingerprint import hash_json
from tasks.store.outputs import record_file

ENDING: Final = ".txt"
# Endings of mails, which are text; and endings with digits that tell a kind.
MAIL: Final = frozenset({".eml", ".email"})
OTHER_KINDS: Final = frozenset(
    {".bz2", ".7z", ".mp3", ".mp4", ".jp2", ".m4a", ".h5", ".hdf5", ".sqlite3", ".db3", ".lz4"}
)


def read_folder(folder: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read one row per file, sorted by name: its path as id, the folder that it is in as label, and its text.

    Paths are relative to the folder. Texts are bytes of UTF-8; with `options.every_text`, those that cannot be decoded
    are left as they are. Raises UserError when there are no texts, or when one cannot be read or decoded.
    """
    names = list_texts(folder, every_text=options.every_text)
    if not names:
        raise UserError(describe_no_texts(folder, every_text=options.every_text))
    texts = ((number, (name, read_text(folder, name, options))) for number, name in enumerate(names, start=1))
    for numbers, rows in take_batches((number, row, len(row[-1])) for number, row in texts):
        ids, contents = zip(*rows, strict=True)
        labels = [name.rpartition("/")[0] or None for name in ids]
        columns = {
            "id": pa.array(ids, pa.string()),
            "label": pa.array(labels, pa.string()),
            "text": pa.array(contents, pa.binary()),
        }
        chosen = {name: column for name, column in columns.items() if wanted is None or name in wanted}
        yield Rows(pa.RecordBatch.from_pydict(chosen), np.array(numbers, np.int64), "file")


def read_text(folder: Path, name: str, options: FileOptions) -> bytes:
    """Read one file as UTF-8. One that cannot be decoded raises UserError, or stays as it is with `every_text`."""
    try:
        if (folder / name).stat().st_size > LONGEST_LINE:
            raise UserError(
                f"{name!r} is larger than {LONGEST_LINE:,} bytes; expected one text per file. Cut it into texts, or "
                "move it out of the folder."
            )
        content = (folder / name).read_bytes()
    except OSError as error:
        raise UserError(describe_damage(Path(name), "to its end", error)) from error
    try:
        return content.decode(name_codec(options.charset, content[:4])).encode()
    except UnicodeError as error:
        if options.every_text:
            return content
        raise UserError(
            describe_undecodable(repr(name), name_codec(options.charset, content[:4]), [content])
        ) from error


def describe_no_texts(folder: Path, *, every_text: bool) -> str:
    """Say that a folder has no texts, and suggest its subfolders if those have some."""
    if every_text:
        return f"folder {folder.name!r} holds no .txt files; expected one per text, in it or in its subfolders."
    splits = [name for name in list_visible(folder) if (folder / name).is_dir() and list_texts(folder / name)]
    remedy = f" Choose one of its subfolders: {', '.join(splits)} (--dataset, --test-path)." if splits else ""
    return (
        f"folder {folder.name!r} holds no <label>/*.txt; expected a folder per label with a text per file, or a file "
        f"of lines per label, such as pos.txt.{remedy}"
    )


def describe_tables(folder: Path, tables: Sequence[Path], *, every_text: bool) -> str:
    """Say that a folder has files of other kinds than texts, and how to name them."""
    splits = {SPLIT_NAMES.get(Path(strip_compression(path.name)).stem.lower(), ""): path for path in reversed(tables)}
    if every_text:
        flags = f"--input {spell_argument(splits.get('test', tables[0]))}"
    else:
        others = [
            f"{flag} {spell_argument(splits[split])}" for split, flag in list(FLAGS.items())[1:] if split in splits
        ]
        more = f", and those of the others that have labels: {' '.join(others)}" if others else ""
        flags = f"--dataset {spell_argument(splits.get('train', tables[0]))}{more}"
    return (
        f"folder {folder.name!r} holds {list_names([path.name for path in tables])}; expected texts in .txt files, or "
        f"one of these files itself. Name it: {flags}"
    )


def hash_folder(folder: Path, *, every_text: bool = False) -> str:
    """Hash the names and contents of a folder's texts."""
    return hash_json({name: hash_text(folder / name) for name in list_texts(folder, every_text=every_text)})


def hash_text(path: Path) -> str:
    """Hash one file. Raises UserError when it cannot be read."""
    try:
        return record_file(path).sha256
    except OSError as error:
        raise UserError(describe_damage(path, "to its end", error)) from error


def list_texts(folder: Path, *, every_text: bool = False) -> list[str]:
    """List <label>/*.txt as sorted paths relative to the folder; with `every_text`, *.txt in the folder itself as well.

    In a folder without any, files whose names have no ending that tells a kind are texts. Raises UserError for a name
    that is not UTF-8.
    """
    names = [*list_inner(folder), *(list_visible(folder) if every_text else [])]
    files = sorted(name for name in names if (folder / name).is_file())
    return list(filter(is_text, files)) or list(filter(may_be_text, files))


def has_texts(folder: Path) -> bool:
    """Tell whether a folder has <label>/*.txt."""
    return any(is_text(name) and (folder / name).is_file() for name in list_inner(folder))


def is_text(name: str) -> bool:
    """Tell by its name whether a file is a text: is_text("pos/1.TXT") -> True."""
    return name.lower().endswith(ENDING)


def may_be_text(name: str) -> bool:
    """Tell whether the name of a file leaves open of which kind it is, as numbers and hashes at its end do.

    may_be_text("sci.space/60204") -> True, may_be_text("ham/00001.7c53") -> True, may_be_text("pos/1.html") -> False.
    """
    ending = Path(name).suffix.lower()
    is_part = any(map(str.isdigit, ending)) and ending not in OTHER_KINDS
    return ending in {"", "."} or is_part or ending in MAIL


def list_strays(folder: Path) -> list[str]:
    """List what a folder contains besides <label>/*.txt; hidden files do not count."""
    texts = set(list_texts(folder))
    tops = [name for name in list_visible(folder) if not (folder / name).is_dir()]
    return sorted([*tops, *(name for name in list_inner(folder) if name not in texts)])


def list_inner(folder: Path) -> list[str]:
    """List the contents of a folder's subfolders, as paths relative to the folder."""
    return [
        f"{label}/{name}"
        for label in list_visible(folder)
        if (folder / label).is_dir()
        for name in list_visible(folder / label)
    ]


def list_visible(folder: Path) -> list[str]:
    """List the names in a folder that do not begin with a dot. Raises UserError for a name that is not UTF-8."""
    names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
    for name in names:
        if not name.isascii() and name.encode(errors="replace").decode() != name:
            raise UserError(f"{name!r} in folder {folder.name!r} is not UTF-8; expected names that are. Rename it.")
    return names

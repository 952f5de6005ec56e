"""Which names are paths, and what a path's ending says of the file."""

import os
import re
import stat
from pathlib import Path
from typing import Final

from tasks.errors import UserError, did_you_mean

DELIMITED, JSON, PARQUET, LINES, FOLDER = "delimited", "json", "parquet", "lines", "folder"
FORMATS: Final = {
    ".csv": DELIMITED,
    ".tsv": DELIMITED,
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".json": JSON,
    ".parquet": PARQUET,
}
COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}
# A name with one of these endings is a file's, whether it is there or not.
ENDINGS: Final = frozenset({*FORMATS, *COMPRESSIONS, ".txt"})
# What files and the values of a split column call the splits.
SPLIT_NAMES: Final = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
PATH_BEGINNINGS: Final = ("/", "./", "../", "~")
LONGEST_SLUG: Final = 80


def is_path(name: str) -> bool:
    """Tell whether a dataset's name is a path: is_path("reviews.csv") -> True, is_path("imdb_reviews") -> False.

    So is anything that begins like a path or exists. A bare name of a folder counts only when text files lie in its
    sub-folders, so that prepared TFDS data in the working directory does not hide the set's name.
    """
    path = Path(name)
    if name.startswith(PATH_BEGINNINGS) or path.suffix.lower() in ENDINGS:
        return True
    try:
        return path.exists() if "/" in name else path.is_file() or any(path.glob("*/*.txt"))
    except (OSError, ValueError):  # too long to be a name, or with a NUL in it
        return False


def name_dataset(name: str) -> str:
    """Name a dataset for people: name_dataset("/data/reviews.csv.gz") -> "reviews"; other names stay.

    A file named after a split has its folder's name in front: name_dataset("ag_news/train.csv") -> "ag_news-train".
    """
    if not is_path(name):
        return name
    path = Path(name).expanduser().absolute()
    stem = Path(strip_compression(path.name)).stem
    full = f"{path.parent.name}-{stem}" if stem.lower() in SPLIT_NAMES and path.parent.name else stem
    return "".join(letter if letter.isprintable() else "-" for letter in full) or "data"


def make_slug(name: str) -> str:
    """Reduce a dataset's name to a folder's: make_slug("glue/sst2") -> "glue-sst2"."""
    return re.sub(r"[^\w.-]+", "-", name)[:LONGEST_SLUG]


def strip_compression(name: str) -> str:
    """Drop the ending of a compressed form: strip_compression("a.csv.gz") -> "a.csv"."""
    return str(Path(name).with_suffix("")) if Path(name).suffix.lower() in COMPRESSIONS else name


def find_compression(path: Path) -> str | None:
    """Name the compression as pyarrow does: find_compression(Path("a.csv.zst")) -> "zstd"."""
    return COMPRESSIONS.get(path.suffix.lower())


def find_format(path: Path, *, delimiter: str | None, line_pattern: str | None) -> str:
    """Tell the format by the flags and the ending. Raises UserError when neither says it."""
    if path.is_dir():
        return FOLDER
    if line_pattern is not None:
        return LINES
    ending = Path(strip_compression(path.name)).suffix.lower()
    if ending not in FORMATS and delimiter is None:
        raise UserError(
            f"{path.name!r} has no ending that names its format; expected one of {', '.join(FORMATS)}, each also with "
            f"{' or '.join(COMPRESSIONS)}. Say what it is: --delimiter for a table, --line-pattern for lines."
        )
    return FORMATS.get(ending, DELIMITED)


def check_path(path: Path, flag: str) -> None:
    """Raise UserError unless the path is a folder, or a file that is not empty, that can be read."""
    try:
        found = path.stat()
        readable = os.access(path, os.R_OK)
    except (OSError, ValueError) as error:
        raise UserError(describe_missing(path, flag)) from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise UserError(f"{flag} {str(path)!r} is neither a file nor a folder; expected one that can be read twice.")
    if not readable:
        raise UserError(f"{flag} {str(path)!r} may not be read; expected a file that can. Change its permissions.")
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise UserError(f"{flag} {str(path)!r} is empty; expected labelled texts in it.")


def describe_missing(path: Path, flag: str) -> str:
    """Say that there is no such file, with the nearest name beside it."""
    if not path.parent.is_dir():
        return f"{flag} {str(path)!r}: no such file; its folder {str(path.parent)!r} does not exist either."
    neighbours = [neighbour.name for neighbour in path.parent.iterdir()]
    return f"{flag} {str(path)!r}: no such file; expected a file or a folder.{did_you_mean(path.name, neighbours)}"

"""Paths given as a dataset's name: which names are paths, and whether a path can be read."""

import os
import re
import stat
from pathlib import Path
from typing import Final

from tasks.errors import UserError, did_you_mean
from tasks.ingest.files.class_files import list_class_files
from tasks.ingest.files.compression import COMPRESSIONS
from tasks.ingest.files.folder import list_texts
from tasks.ingest.files.formats import list_endings
from tasks.ingest.files.options import name_file
from tasks.ingest.files.saved_folder import list_shards

PATH_BEGINNINGS: Final = ("/", "./", "../", "~")
URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://.+", re.DOTALL)
# What TensorFlow Datasets keeps beside the records of a version.
PREPARED: Final = "*/features.json"
TEXTS: Final = "*/*.[tT][xX][tT]"
LONGEST_SLUG: Final = 80
# The ending of a file of lines, which is read with --line-pattern.
LINES_ENDING: Final = ".txt"


def is_url(name: str) -> bool:
    """Tell whether a dataset's name is the URL of a database: is_url("sqlite:///films.db") -> True."""
    return URL.fullmatch(name) is not None


def name_url(url: str) -> str:
    """Name the dataset that a database holds: name_url("postgresql://me@host/films") -> "films"."""
    return Path(url.partition("?")[0]).stem or "database"


def is_path(name: str) -> bool:
    """Tell whether a dataset's name is a path: is_path("reviews.csv") -> True, is_path("imdb_reviews") -> False.

    A name is a path if it begins like one, ends like a file (whether or not it exists), or exists. The bare name of a
    folder counts only if it contains files of text or of columns, so that prepared TFDS data in the working directory
    do not hide the set's name.
    """
    if is_url(name):
        return False
    path = Path(name)
    endings = {*list_endings(), *(known.ending for known in COMPRESSIONS), LINES_ENDING}
    if name.startswith(PATH_BEGINNINGS) or path.suffix.lower() in endings:
        return True
    try:
        return path.exists() if "/" in name else path.is_file() or (path.is_dir() and holds_texts(path))
    except (OSError, ValueError):  # too long to be a name, or with a NUL in it
        return False


def holds_texts(folder: Path) -> bool:
    """Tell whether a folder can be read: it has files of text or of columns, and is none of TensorFlow Datasets."""
    if any(folder.glob(PREPARED)):
        return False
    has_texts = any(folder.glob(TEXTS))
    return has_texts or bool(list_class_files(folder) or list_shards(folder) or list_texts(folder))


def name_dataset(name: str) -> str:
    """Name a dataset for people: name_dataset("/data/reviews.csv.gz") -> "reviews"; other names stay as they are."""
    if is_url(name):
        return name_url(name)
    return name_file(Path(name)) if is_path(name) else name


def make_slug(name: str) -> str:
    """Turn a dataset's name into a folder's: make_slug("glue/sst2") -> "glue-sst2"."""
    return re.sub(r"[^\w.-]+", "-", name)[:LONGEST_SLUG]


def check_path(path: Path, flag: str) -> None:
    """Raise UserError unless the path is a readable folder or a readable, non-empty file."""
    try:
        found = path.stat()
        readable = os.access(path, os.R_OK)
    except (OSError, ValueError) as error:
        raise UserError(describe_missing(path, flag)) from error
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise UserError(
            f"{flag} {str(path)!r} is neither a file nor a folder; expected one that can be read twice. Write "
            "its content to a file first."
        )
    if not readable:
        raise UserError(f"{flag} {str(path)!r} is not readable; expected one that is. Change its permissions.")
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise UserError(f"{flag} {str(path)!r} is empty; expected texts in it. Choose another.")


def describe_missing(path: Path, flag: str) -> str:
    """Say that there is no such file, and suggest the most similar name in its folder."""
    if not path.parent.is_dir():
        found = next(folder for folder in path.parents if folder.is_dir())
        missing = path.relative_to(found).parts[0]
        return (
            f"{flag} {str(path)!r}: no such file; expected a file or a folder, but {str(found)!r} has no folder "
            f"{missing!r}. Correct the path.{suggest_neighbour(missing, found)}"
        )
    return (
        f"{flag} {str(path)!r}: no such file; expected a file or a folder.{suggest_neighbour(path.name, path.parent)}"
    )


def suggest_neighbour(name: str, folder: Path) -> str:
    """Suggest the most similar name in a folder."""
    return did_you_mean(name, [neighbour.name for neighbour in folder.iterdir()])

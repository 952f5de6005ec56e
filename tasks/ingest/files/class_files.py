"""One file per label, with a text on each line: neg.txt and pos.txt, named one by one or as their folder."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from tasks.errors import UserError
from tasks.formatting.commands import spell_path
from tasks.ingest.files.compression import strip_compression
from tasks.ingest.files.options import FileOptions, is_class_file, split_path
from tasks.ingest.files.patterns import compile_pattern
from tasks.ingest.files.records import read_pattern
from tasks.ingest.files.rows import Rows, take_batches
from tasks.ingest.labels import match_labels, trim_label

ABOUT: Final = frozenset({"readme", "license", "licence", "notice", "changelog", "citation", "authors", "metadata"})
BLANK_BYTES: Final = 2**16


def read_class_files(path: Path, options: FileOptions, *, wanted: Collection[str] | None = None) -> Iterator[Rows]:
    """Read a row per line that is not blank: its file and number as id, the file's name as label, and the text.

    Files are read in the order in which they are named; those of a folder, sorted. Raises UserError for two of one
    label.
    """
    files = list_class_files(path)
    for label, group in groupby(sorted(files, key=name_label), name_label):
        if len(same := list(group)) > 1:
            raise UserError(
                f"{' and '.join(map(spell_path, same))} have the same label, {label!r}; expected one file per label. "
                "Rename or join them."
            )
    lines = read_texts(files, options)
    for numbers, rows in take_batches((number, row, len(row[-1])) for number, row in enumerate(lines, start=1)):
        columns = dict(zip(("id", "label", "text"), zip(*rows, strict=True), strict=True))
        chosen = {
            name: pa.array(values, pa.string()) for name, values in columns.items() if wanted is None or name in wanted
        }
        yield Rows(pa.RecordBatch.from_pydict(chosen), np.array(numbers, np.int64), "text")


def read_texts(files: Sequence[Path], options: FileOptions) -> Iterator[tuple[str, str, str]]:
    """Read the id, the label and the text of each line that is not blank; the text is what `line_pattern` says."""
    pattern = compile_pattern(options.line_pattern or "(?P<text>.*)", across_lines=True)
    for file in files:
        for number, values in read_pattern(file, charset=options.charset, pattern=pattern):
            yield f"{file.name}:{number}", name_label(file), values[list(pattern.groupindex).index("text")]


def list_class_files(path: Path) -> list[Path]:
    """List the files, of which each has the texts of one label; none for a folder without any.

    A file about the others, such as README.txt, counts only if it is named.
    """
    if not path.is_dir():
        return split_path(path)
    return [file for file in list_lines(path) if not is_about(file)]


def list_about(folder: Path) -> list[str]:
    """List the files of a folder that are about its files of lines."""
    return [file.name for file in list_lines(folder) if is_about(file)]


def list_lines(folder: Path) -> list[Path]:
    """List the files of lines in a folder, sorted."""
    return sorted(file for file in folder.iterdir() if is_class_file(file) and file.is_file())


def is_about(file: Path) -> bool:
    """Tell by its name whether a file is about others: is_about(Path("README.txt")) -> True."""
    return name_label(file).lower() in ABOUT


def are_classes(files: Sequence[Path], labels: Sequence[str]) -> bool:
    """Tell whether all files that hold anything are named after labels of a model."""
    named = [trim_label(name_label(file)) for file in files if not is_blank(file)]
    return bool(named) and match_labels(pa.array(named, pa.string()), labels).null_count == 0


def is_blank(file: Path) -> bool:
    """Tell whether a small file holds nothing but white space."""
    try:
        return file.stat().st_size < BLANK_BYTES and not file.read_bytes().strip()
    except OSError:  # whoever reads it says so
        return False


def name_label(path: Path) -> str:
    """Name the label of a file: name_label(Path("films/pos.txt.gz")) -> "pos"."""
    return Path(strip_compression(path.name)).stem

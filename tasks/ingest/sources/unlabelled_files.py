"""Files of texts without labels: any format that can be read with labels, and a .txt file with a text on each line."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from tasks.errors import UserError
from tasks.ingest.clean import note_cut_texts
from tasks.ingest.files.columns import find_texts, take_texts
from tasks.ingest.files.formats import LINES, find_format
from tasks.ingest.files.mojibake import note_mojibake
from tasks.ingest.files.options import FileOptions, is_class_file, split_path
from tasks.ingest.files.paths import check_path
from tasks.ingest.files.reading import read_rows, take_head
from tasks.ingest.sources.base import LabelledRows

FLAG: Final = "--unlabelled-path"
EVERY_LINE: Final = "(?P<text>.+)"


def adapt_options(path: Path, options: FileOptions) -> FileOptions:
    """Read a file as the labelled ones are read, as far as their settings apply to its format.

    Raises UserError for a file that cannot be read or has no known format.
    """
    for part in split_path(path):
        check_path(part, FLAG)
    own = FileOptions(path=path, charset=options.charset, every_text=True)
    if path.is_file() and is_class_file(path) and options.delimiter is None:
        return replace(own, line_pattern=EVERY_LINE)
    applying = {"text_columns", *find_format(path, replace(own, delimiter=options.delimiter)).settings}
    return replace(own, **{name: getattr(options, name) for name in applying - set(LINES.settings)})


def check_head(options: FileOptions) -> None:
    """Check the first megabytes. Raises UserError when there is no row, no column of texts, or a value that is none."""
    columns = find_columns(options)
    for rows in take_head(read_rows(options.path, options, wanted=set(columns))):
        take_texts(rows, columns, options.path)


def find_columns(options: FileOptions) -> tuple[str, ...]:
    """Find the columns that hold the text: the chosen ones, otherwise the one with a usual name."""
    first = next(read_rows(options.path, options), None)
    if first is None:
        raise UserError(f"{FLAG} {str(options.path)!r} has no rows; expected texts in it. Choose another.")
    return find_texts(first.columns.schema.names, options.path, chosen=options.text_columns)


def read_texts(options: FileOptions) -> Iterator[LabelledRows]:
    """Read the texts in batches; all have the same label, which stands for none."""
    columns = find_columns(options)
    for rows in read_rows(options.path, options, wanted=set(columns)):
        texts = take_texts(rows, columns, options.path)
        yield LabelledRows(
            texts=texts,
            labels=pa.array(["none"] * len(rows.numbers)),
            numbers=rows.numbers,
            unit=rows.unit,
            notes=(
                *rows.notes,
                *note_mojibake(texts, rows, options),
                *note_cut_texts(texts, rows.numbers, rows.unit),
            ),
        )

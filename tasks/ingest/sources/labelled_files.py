"""Labelled files as a source: which of their columns are text, label, id and split, and where each row is."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.ingest.clean import note_cut_texts
from tasks.ingest.files.class_files import list_about
from tasks.ingest.files.columns import Columns, find_columns, take_strings, take_texts
from tasks.ingest.files.folder import list_strays
from tasks.ingest.files.formats import CLASS_FILES, FOLDER, find_format
from tasks.ingest.files.label_values import take_labels
from tasks.ingest.files.mojibake import note_mojibake
from tasks.ingest.files.one_hot import describe_one_hot
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import check_files, peek_rows, read_rows
from tasks.ingest.labels import trim_labels
from tasks.ingest.sources.base import LabelledRows, Part


def find_labelled(split: str, options: FileOptions) -> Columns:
    """Find the columns of the file given for a split; slices only in the one that has the test reviews."""
    path = options.paths[split]
    first = peek_rows(path, options)
    return find_columns(
        first.columns.schema.names,
        path,
        text=options.text_columns,
        label=options.label_column,
        slices=options.slice_columns if split == options.test_source else (),
        hint="" if options.label_column else describe_one_hot(first),
    )


def open_files(options: FileOptions) -> list[Part]:
    """Open the files as parts of a source. A split column counts only in the main file, not in those given for a split.

    Raises UserError for files that cannot be read and for columns that are missing or ambiguous.
    """
    check_files(options)
    parts = []
    for split, path in options.paths.items():
        columns = find_labelled(split, options)
        parts.append(
            Part(
                split=split,
                name=path.name,
                read=partial(read_labelled, path, columns, options),
                split_column=columns.split if split == "train" else None,
            )
        )
    return parts


def read_labelled(path: Path, columns: Columns, options: FileOptions) -> Iterator[LabelledRows]:
    """Read the columns that are used. Raises UserError for values that are not text and bytes that are not UTF-8."""
    for rows in read_rows(path, options, wanted=columns.wanted):
        texts, labels = take_texts(rows, columns.text, path), take_labels(rows, columns.label, path)
        yield LabelledRows(
            texts=texts,
            labels=trim_labels(labels.values),
            several=labels.several,
            headers=find_headers(texts, labels.values, columns),
            numbers=rows.numbers,
            unit=rows.unit,
            ids=take_strings(rows, columns.id, path).fill_null("") if columns.id else None,
            splits=take_strings(rows, columns.split, path).fill_null("") if columns.split else None,
            slices={name: take_strings(rows, name, path) for name in columns.slices},
            notes=(
                *rows.notes,
                *note_mojibake(texts, rows, options),
                *note_cut_texts(texts, rows.numbers, rows.unit),
            ),
        )


def find_headers(texts: pa.Array, labels: pa.Array, columns: Columns) -> NDArray[np.bool_]:
    """Mark the rows that repeat the names of the columns, as files that were joined have them."""
    is_header = pc.and_(pc.equal(texts, " ".join(columns.text)), pc.equal(labels, columns.label))
    return np.asarray(pc.fill_null(is_header, False))


def describe_strays(options: FileOptions) -> list[str]:
    """Warn of files in folders that are not read."""
    kinds = [(path, find_format(path, options)) for path in options.paths.values() if path.is_dir()]
    others = [name for path, kind in kinds if kind is FOLDER for name in list_strays(path)]
    about = [name for path, kind in kinds if kind is CLASS_FILES for name in list_about(path)]
    return [
        *([f"ignored files that are not <label>/*.txt: {len(others):,} (first: {others[0]})"] if others else []),
        *([f"ignored files about the others: {len(about):,} (first: {about[0]})"] if about else []),
    ]

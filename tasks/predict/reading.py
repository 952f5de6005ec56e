"""Rows to score: every row of the input, in order; a row without a usable text is marked, not dropped."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.clean import note_cut_texts
from tasks.ingest.files.columns import check_column, find_texts
from tasks.ingest.files.formats import FOLDER, find_format
from tasks.ingest.files.json_records import open_json
from tasks.ingest.files.json_text import DECODER
from tasks.ingest.files.label_values import take_labels
from tasks.ingest.files.mojibake import note_mojibake
from tasks.ingest.files.options import FileOptions, split_path
from tasks.ingest.files.paths import check_path
from tasks.ingest.files.reading import check_files, hash_files, read_rows, take_head
from tasks.ingest.files.rows import NESTED, Rows, spell

Mask = NDArray[np.bool_]


class Taken(NamedTuple):
    """A batch of rows to score.

    `rows` has the input's columns, and `texts` the raw texts, null where there is none. `not_text` marks the nulls that
    stand for a value of another type. `lines` has the rows as JSON text if the input is JSON.
    """

    rows: Rows
    texts: pa.Array
    not_text: Mask
    lines: list[str] | None

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The number of the line that each row starts on."""
        return self.rows.numbers


class Peeked(NamedTuple):
    """The names of a file's columns, and which of them hold the text."""

    names: list[str]
    text_columns: tuple[str, ...]


def peek_columns(options: FileOptions) -> Peeked:
    """Look at the first megabytes, which takes a second; raises UserError for input that cannot be scored."""
    path = options.path
    for part in split_path(path):
        check_path(part, "--input")
    check_files(replace(options, every_text=True))
    batches = take_head(read_input(options))
    first = next(batches, None)
    if first is None:
        raise UserError(f"{path.name} has no rows; expected at least one text. Choose another.")
    schema = first.columns.schema
    columns = find_texts(schema.names, path, chosen=choose_texts(options, schema.names))
    for name in columns:
        check_column(name, schema.names, path, "--text-column")
    if options.label_column:
        check_column(options.label_column, schema.names, path, "--label-column")
    for name in columns:
        if not holds_text(schema.field(name).type):
            raise UserError(
                f"{path.name} holds {schema.field(name).type} in column {name!r}; expected text. "
                "Choose another with --text-column."
            )
    for rows in chain([first], batches):
        if options.label_column:
            take_labels(rows, options.label_column, path)
    return Peeked(list(make_unique(schema.names)), columns)


def choose_texts(options: FileOptions, names: Sequence[str]) -> tuple[str, ...]:
    """Choose text columns: those of the settings, else those of the model's training if the input has them all."""
    is_known = set(options.model_texts) <= set(names)
    return options.text_columns or (options.model_texts if is_known else ())


def rename_repeated(rows: Rows) -> Rows:
    """Rename repeated columns, which an output cannot hold; the text column is none of them."""
    names = rows.columns.schema.names
    if len(set(names)) == len(names):
        return rows
    return rows._replace(columns=rows.columns.rename_columns(list(make_unique(names))))


def make_unique(names: Sequence[str]) -> Iterator[str]:
    """Make repeated names differ: make_unique(["a", "b", "a"]) -> "a", "b", "a_2"."""
    used: set[str] = set()
    for name in names:
        number, unique = 2, name
        while unique in used or (unique != name and unique in names):
            unique, number = f"{name}_{number}", number + 1
        used.add(unique)
        yield unique


def holds_text(kind: pa.DataType) -> bool:
    """Tell whether values of a type may be text: holds_text(pa.int64()) -> False."""
    if pa.types.is_dictionary(kind):
        return holds_text(kind.value_type)
    texts = (pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.null())
    return kind in texts


def read_input(options: FileOptions) -> Iterator[Rows]:
    """Yield all rows in order, read as in training; in a folder, also the texts that training would ignore."""
    return read_rows(options.path, replace(options, every_text=True))


def hash_input(options: FileOptions) -> str:
    """Hash the input."""
    return hash_files(replace(options, every_text=True))["train"]


def take_rows(options: FileOptions, columns: Sequence[str]) -> Iterator[Taken]:
    """Yield all rows with their texts, in the same batches every time."""
    path = options.path
    form = find_format(path, replace(options, every_text=True))
    has_objects, is_folder = form.has_objects, form is FOLDER
    lines = (text for _, text in open_json(path, options).texts) if has_objects else iter(())
    for rows in map(rename_repeated, read_input(options)):
        own_lines = list(islice(lines, len(rows.numbers))) if has_objects else None
        strings, flaws = zip(*(take_column(rows, name) for name in columns), strict=True)
        not_text = np.logical_or.reduce(flaws)
        if own_lines is not None:
            not_text |= find_other_values(own_lines, columns)
        texts = strings[0] if len(strings) == 1 else pc.binary_join_element_wise(*strings, " ", null_handling="skip")
        absent = np.logical_and.reduce([np.asarray(pc.is_null(part)) for part in strings])
        shown = spell_contents(rows) if is_folder else spell_nested(rows, own_lines) if own_lines else rows
        cut = note_cut_texts(texts, rows.numbers, rows.unit)
        shown = shown._replace(notes=(*shown.notes, *note_mojibake(texts, rows, options), *cut))
        yield Taken(shown, pc.if_else(pa.array(not_text | absent), None, texts), not_text, own_lines)


def take_column(rows: Rows, name: str) -> tuple[pa.Array, Mask]:
    """Take a column as strings, null where bytes are not UTF-8, and a mask of those nulls."""
    if name not in rows.columns.schema.names:
        return pa.nulls(len(rows.numbers), pa.string()), np.zeros(len(rows.numbers), np.bool_)
    column = rows.columns.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        strings = column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        strings = pa.array([decode(value) for value in column.cast(pa.binary()).to_pylist()], pa.string())
    return strings, np.asarray(pc.and_(pc.is_null(strings), pc.is_valid(column)))


def decode(value: bytes | None) -> str | None:
    """Decode UTF-8; None for bytes that are not UTF-8."""
    text = None if value is None else value.decode(errors="replace")
    return text if text is not None and text.encode() == value else None


def find_other_values(lines: Sequence[str], columns: Sequence[str]) -> Mask:
    """Mark the JSON objects that hold a number, an object or the like where text is expected."""
    objects = [DECODER.decode(line) for line in lines]
    others = [any(not isinstance(found.get(name), str | None) for name in columns) for found in objects]
    return np.array(others, np.bool_)


def spell_nested(rows: Rows, lines: Sequence[str]) -> Rows:
    """Replace nested values by their JSON text, taken from the lines so that numbers in them stay numbers."""
    nested = [field.name for field in rows.columns.schema if field.metadata and NESTED in field.metadata]
    columns = rows.columns
    for name in nested:
        values = [spell(DECODER.decode(line).get(name)) for line in lines]
        field = pa.field(name, pa.string())
        columns = columns.set_column(columns.schema.get_field_index(name), field, pa.array(values, pa.string()))
    return rows._replace(columns=columns)


def spell_contents(rows: Rows) -> Rows:
    r"""Turn the contents of text files into strings, and bytes that are not text into escapes such as \xff."""
    contents = [value.decode(errors="backslashreplace") for value in rows.columns.column("text").to_pylist()]
    place = rows.columns.schema.get_field_index("text")
    return rows._replace(columns=rows.columns.set_column(place, "text", pa.array(contents, pa.string())))

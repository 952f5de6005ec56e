"""Label columns: their values as strings, with lists of one label taken for that label, and lists of several marked.

Lists come as such, from JSON and Parquet, and as text, as Python, NumPy and pandas write them into tables:
`["spam"]`, `['spam']`, `[3]`, and tuples and sets of texts: `('spam',)`, `{'spam'}`. A text in brackets that is none of
these is a label like any other.
"""

import ast
import json
import re
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tasks.errors import UserError
from tasks.ingest.files.columns import describe_nested, take_strings
from tasks.ingest.files.rows import NESTED, Rows

NUMBER: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
QUOTED: Final = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
ITEM: Final = re.compile(rf"{QUOTED}|{NUMBER}|\b(?:true|false|null|nan|True|False|None)\b", re.DOTALL)
LIST: Final = re.compile(rf"\[\s*(?:(?:{ITEM.pattern})(?:\s*,\s*|\s+|(?=\])))*\]", re.DOTALL)
# Of a tuple or a set of texts; numbers in brackets of these kinds may be anything.
OTHER_LIST: Final = re.compile(
    rf"\((?:{QUOTED})\s*,\s*(?:(?:{QUOTED})\s*(?:,\s*)?)*\)|\{{(?:{QUOTED})\s*(?:,\s*(?:{QUOTED})\s*)*\}}", re.DOTALL
)
# The key under which Datasets describes the columns in a file, and the number of a missing label.
HUGGING_FACE: Final = b"huggingface"
NO_LABEL: Final = -1
MISSING: Final = frozenset({"null", "nan", "None"})


class Labels(NamedTuple):
    """The labels of some rows, null where there is none, and the mask of those that are several: (num_rows,)."""

    values: pa.Array
    several: NDArray[np.bool_]


def take_labels(rows: Rows, name: str, path: Path) -> Labels:
    """Take a column of labels.

    Raises UserError, with the number of the line, for objects, lists of lists and bytes that are not UTF-8.
    """
    names = rows.columns.schema.names
    if classes := find_class_names(rows.columns.schema, name):
        return Labels(name_codes(rows.columns.column(name), classes), np.zeros(len(rows.numbers), np.bool_))
    if name in names and is_list(rows.columns.schema.field(name).type):
        return unwrap_lists(rows, name, path)
    if name in names and is_marked(rows.columns.schema.field(name)):
        return unwrap_texts(rows.columns.column(name), rows, name, path, is_json=True)
    return unwrap_texts(take_strings(rows, name, path), rows, name, path, is_json=False)


def find_class_names(schema: pa.Schema, name: str) -> list[str] | None:
    """Find the names of the classes that Hugging Face Datasets keeps beside a column of numbers; None without any."""
    try:
        content = json.loads((schema.metadata or {}).get(HUGGING_FACE, b"{}"))
        names = content["info"]["features"][name]["names"]
    except (ValueError, KeyError, TypeError):  # none, or not as Datasets writes it
        return None
    is_usable = isinstance(names, list) and name in schema.names and pa.types.is_integer(schema.field(name).type)
    return [str(it) for it in names] if is_usable else None


def name_codes(codes: pa.Array, names: list[str]) -> pa.Array:
    """Name classes by their numbers; -1 is no label, and another number outside of the names keeps its digits."""
    spelled = {NO_LABEL: None, **dict(enumerate(names))}
    found = [None if code is None else spelled.get(code, str(code)) for code in codes.to_pylist()]
    return pa.array(found, pa.string())


def is_list(kind: pa.DataType) -> bool:
    """Tell whether the values of a column are lists."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_marked(field: pa.Field) -> bool:
    """Tell whether a column holds JSON text of objects or lists."""
    return bool(field.metadata) and NESTED in field.metadata


def unwrap_lists(rows: Rows, name: str, path: Path) -> Labels:
    """Take the labels of a column of lists; an empty list is no label."""
    column = rows.columns.column(name)
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    inner = pa.RecordBatch.from_arrays([pc.list_flatten(column)], [name])
    values = take_strings(Rows(inner, np.repeat(rows.numbers, lengths), rows.unit), name, path)
    places = pa.array(np.cumsum(lengths) - lengths, mask=lengths != 1)
    return Labels(values.take(places), lengths > 1)


def unwrap_texts(column: pa.Array, rows: Rows, name: str, path: Path, *, is_json: bool) -> Labels:
    """Take the labels of a column of strings; with `is_json`, some are the JSON text of lists or objects."""
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    lists = [read_list(text) for text in texts]
    for place, (text, items) in enumerate(zip(texts, lists, strict=True)):
        if is_json and items is None and text.startswith(("[", "{")):
            row = pc.index(encoded.indices, pa.scalar(place, encoded.indices.type)).as_py()
            raise UserError(describe_nested(path, f"{rows.unit} {rows.numbers[row]:,}", name))
    labels = [text if items is None else (items or [None])[0] for text, items in zip(texts, lists, strict=True)]
    is_several = pa.array([len(items or []) > 1 for items in lists], pa.bool_())
    several = pc.fill_null(is_several.take(encoded.indices), False).to_numpy(zero_copy_only=False)
    values = pa.array(labels, pa.string()).take(encoded.indices)
    return Labels(pc.if_else(pa.array(several), None, values), several)


def read_list(text: str) -> list[str | None] | None:
    """Read the text of a list: read_list("['spam']") -> ["spam"]; None if it is no list."""
    if not text.startswith(("[", "(", "{")) or not (LIST if text[0] == "[" else OTHER_LIST).fullmatch(text):
        return None
    return [read_item(found) for found in ITEM.findall(text)]


def read_item(text: str) -> str | None:
    """Read one value of a list: read_item("'spam'") -> "spam", read_item("3") -> "3"."""
    if text in MISSING:
        return None
    if text[0] not in "'\"":
        return text
    try:
        return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):  # an escape that Python does not know
        return text[1:-1]

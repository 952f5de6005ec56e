"""Rows in one JSON object: a table that is written column by column, as pandas does, or lists of objects inside it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from tasks.ingest.files.columns import TEXT_NAMES, fold

DEEPEST: Final = 3
Row = dict[str, Any]


def find_table(content: Row, texts: Sequence[str] = ()) -> Iterator[Row] | None:
    """Find the rows of a table in an object, in any of pandas' orientations; None if it is no table.

    Such as {"text": {"0": "good"}, "label": {"0": 1}} (columns), {"0": {"text": "good", "label": 1}} (index),
    {"columns": ["text", "label"], "data": [["good", 1]]} (split) and {"text": ["good"], "label": [1]}. `texts` are the
    columns that were chosen as text.
    """
    names: Any = content.get("columns")
    data: Any = content.get("data")
    values = list(content.values())
    if is_list_of(names, str) and is_list_of(data, list):
        return (dict(zip(names, row, strict=True)) for row in data) if has_lengths(data, len(names)) else None
    has_text = any(is_text(name, texts) for name in content)
    if has_text and is_list_of(values, list) and values[0] and has_lengths(values, len(values[0])):
        return (dict(zip(content, row, strict=True)) for row in zip(*values, strict=True))
    if not is_list_of(values, dict) or not all(values):
        return None
    if has_text and all(value.keys() == values[0].keys() for value in values):
        return ({name: value[key] for name, value in content.items()} for key in values[0])
    return iter(values) if any(is_text(name, texts) for name in values[0]) else None


def is_text(name: str, chosen: Sequence[str]) -> bool:
    """Tell whether a column is likely to hold the text."""
    return name in chosen or fold(name) in TEXT_NAMES


def is_list_of(value: Any, kind: type) -> bool:
    """Tell whether a value is a list, with items that are all of one type."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, kind) for item in value)


def has_lengths(values: Sequence[list[Any]], length: int) -> bool:
    """Tell whether all lists have a length."""
    return all(len(value) == length for value in values)


def is_row(content: Row, texts: Sequence[str] = ()) -> bool:
    """Tell whether an object is a row: it has a text."""
    return any(is_text(name, texts) and isinstance(value, str) for name, value in content.items())


def list_paths(content: Row, depth: int = DEEPEST) -> list[str]:
    """List where an object has lists of objects: list_paths({"a": {"b": [{}]}}) -> ["a.b"]."""
    paths = []
    for name, value in content.items():
        if is_list_of(value, dict):
            paths.append(name)
        elif isinstance(value, dict) and depth > 1:
            paths += [f"{name}.{path}" for path in list_paths(value, depth - 1)]
    return paths

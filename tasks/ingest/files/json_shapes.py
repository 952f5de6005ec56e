"""Rows in one JSON object: a table that is written column by column, as pandas does, or lists of objects inside it."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from tasks.ingest.files.columns import ID_NAMES, LABEL_NAMES, TEXT_NAMES, fold

DEEPEST: Final = 3
# An object with fewer may be a row.
FEWEST_TEXTS: Final = 10
# A string, which may be cut at the end, or a sign.
PART: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]:,]', re.DOTALL)
# An object whose first value is an object: the first keys of both.
TWO_KEYS: Final = re.compile(r'\s*\{\s*"([^"\\]*)"\s*:\s*\{\s*"([^"\\]*)"')
SPLIT: Final = re.compile(r'\s*\{\s*"columns"\s*:\s*\[')
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


def find_lists(content: Row, depth: int = DEEPEST) -> dict[str, list[Row]]:
    """Find the lists of objects in an object, by their places: find_lists({"a": {"b": [{}]}}) -> {"a.b": [{}]}."""
    found: dict[str, list[Row]] = {}
    for name, value in content.items():
        if is_list_of(value, dict):
            found[name] = value
        elif isinstance(value, dict) and depth > 1:
            found |= {f"{name}.{place}": rows for place, rows in find_lists(value, depth - 1).items()}
    return found


def choose_place(lists: dict[str, list[Row]]) -> str:
    """Choose the list that is likely to hold the rows: the longest of those with a text, or of all."""
    return max(lists, key=lambda place: (any(map(is_row, lists[place])), len(lists[place])))


def find_pairs(content: Row) -> list[str]:
    """Find the lists of a text and more in an object: find_pairs({"train": [["good", "pos"]]}) -> ["train"]."""
    return [name for name, value in content.items() if is_list_of(value, list) and all(map(is_pair, value))]


def is_pair(value: list[Any]) -> bool:
    """Tell whether a list begins with a text, and goes on."""
    return len(value) > 1 and isinstance(value[0], str)


def is_by_label(content: Row) -> bool:
    """Tell whether an object has a list of texts for each of several labels: {"pos": ["good"], "neg": ["bad"]}."""
    has_lists = len(content) > 1 and all(is_list_of(value, str) for value in content.values())
    return has_lists and sum(map(len, content.values())) >= FEWEST_TEXTS


def is_by_text(content: Row) -> bool:
    """Tell whether an object has a label for each of many texts: {"good": "pos", "bad": "neg", ...}."""
    labels = [value for value in content.values() if isinstance(value, str | int)]
    return FEWEST_TEXTS <= len(content) == len(labels) and 2 * len(set(map(str, labels))) <= len(labels)


def find_largest_list(head: str) -> str | None:
    """Find the list with most objects in the beginning of a JSON object: '{"a": {"b": [{"x": 1}, {"x"' -> "a.b".

    None if there is none.
    """
    keys: list[str] = []
    signs: list[str] = []
    counts: Counter[str] = Counter()
    last = ""
    for part in PART.findall(head):
        if part == "{" and signs.count("[") == 1 and signs[-1] == "[":
            counts[".".join(keys[:-1])] += 1
        if part in "{[":
            signs.append(part)
            keys.append("")
        elif part in "}]" and signs:
            signs.pop()
            keys.pop()
        elif part == ":" and keys and last.startswith('"'):
            keys[-1] = json.loads(last, strict=False)
        last = part
    return max(counts, key=lambda place: counts[place], default=None)


def guess_orientation(head: str) -> Literal["split", "index", "columns"]:
    """Tell by its beginning how pandas has written a table, in the words of `pandas.read_json`."""
    if SPLIT.match(head):
        return "split"
    found = TWO_KEYS.match(head)
    usual = TEXT_NAMES | LABEL_NAMES | ID_NAMES
    return "index" if found and fold(found[2]) in usual and fold(found[1]) not in usual else "columns"

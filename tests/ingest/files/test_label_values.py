"""A list of one label is that label; several labels are told from one, whatever wrote them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tasks.errors import UserError
from tasks.ingest.files.label_values import read_list, take_labels
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.reading import read_rows
from tasks.ingest.files.rows import Rows


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("['spam']", ["spam"]),
        ('["it\\u0027s"]', ["it's"]),
        ('["it\'s"]', ["it's"]),
        ("[3]", ["3"]),
        ("[ 3.5 ]", ["3.5"]),
        ("[true]", ["true"]),
        ("['a', \"b\"]", ["a", "b"]),
        ("['a' 'b']", ["a", "b"]),
        ("[0 1 0]", ["0", "1", "0"]),
        ("[]", []),
        ("[null]", [None]),
        ("('spam',)", ["spam"]),
        ("('a', \"b\")", ["a", "b"]),
        ("{'spam'}", ["spam"]),
        ("{'a', 'b'}", ["a", "b"]),
        ("('spam')", None),
        ("(1)", None),
        ("{1}", None),
        ("{'a': 'b'}", None),
        ("('a', b)", None),
        ("[spam]", None),
        ("[1] see note", None),
        ("[12ab]", None),
        ("['a'", None),
        ("[['a']]", None),
        ("spam", None),
        ("[", None),
        ("[truely]", None),
    ],
)
def test_text_of_a_list_is_told_from_other_text(text: str, items: list[str | None] | None) -> None:
    assert read_list(text) == items


def take(column: pa.Array) -> tuple[list[str | None], list[bool]]:
    rows = Rows(pa.record_batch([column], names=["y"]), np.arange(1, len(column) + 1), "row")
    labels = take_labels(rows, "y", Path("a.parquet"))
    return labels.values.to_pylist(), labels.several.tolist()


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.string())])
def test_lists_of_one_are_unwrapped(kind: pa.DataType) -> None:
    column = pa.array([["a"], [], None, ["b", "c"], ["b"], [None]], kind)
    assert take(column) == (["a", None, None, None, "b", None], [False, False, False, True, False, False])
    assert take(column.slice(3)) == ([None, "b", None], [True, False, False])


def test_lists_of_numbers_and_of_a_fixed_size_are_unwrapped() -> None:
    assert take(pa.array([[1], None, [0]], pa.list_(pa.int64(), 1))) == (["1", None, "0"], [False] * 3)
    assert take(pa.array([[1, 0], [0, 1]], pa.list_(pa.int8(), 2))) == ([None, None], [True, True])


def take_json(folder: Path, *values: Any) -> tuple[list[str | None], list[bool]]:
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps({"y": value}) + "\n" for value in values))
    (rows,) = read_rows(path, FileOptions(path=path))
    labels = take_labels(rows, "y", path)
    return labels.values.to_pylist(), labels.several.tolist()


def test_json_lists_of_one_are_unwrapped(tmp_path: Path) -> None:
    values = [["a"], "b", [3], [True], [], None, ["a", "b"], "['c']", ['it\'s "so"']]
    expected = ["a", "b", "3", "true", None, None, None, "c", 'it\'s "so"']
    assert take_json(tmp_path, *values) == (expected, [False] * 6 + [True, False, False])


@pytest.mark.parametrize("value", [{"a": 1}, [["a"]], [{"a": 1}]])
def test_other_nested_values_are_refused_by_line(tmp_path: Path, value: Any) -> None:
    with pytest.raises(UserError, match=r"a\.jsonl line 2 holds an object or a list in column 'y'"):
        take_json(tmp_path, ["a"], value)

"""How values are spelled, and how parts with different columns become one file."""

import datetime as dt
import json
import math
from typing import Any

import pyarrow as pa
import pytest

from tasks.predict.writers import encode_object, join_objects, merge_schemas, spell_cell


@pytest.mark.parametrize(
    ("line", "expected"),
    [('{"a": 1}', '{"a": 1, "b": 2}'), ("{}", '{"b": 2}'), ('{"a": "}" } \n', '{"a": "}", "b": 2}')],
)
def test_fields_are_appended_to_an_object(line: str, expected: str) -> None:
    assert join_objects(line, {"b": 2}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        ({"x": [math.inf, 1]}, {"x": [None, 1]}),
        (b"\xffa", "\\xffa"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        ("naïve", "naïve"),
    ],
)
def test_every_value_has_a_form_in_json(value: Any, expected: Any) -> None:
    assert json.loads(encode_object({"v": value})) == {"v": expected}


def test_nested_cell_is_json() -> None:
    assert spell_cell([{"a": dt.date(2026, 1, 2)}]) == '[{"a": "2026-01-02"}]'
    assert spell_cell("plain") == "plain"


def test_added_columns_come_last() -> None:
    first = pa.schema([("a", pa.string()), ("p", pa.float64())])
    second = pa.schema([("b", pa.string()), ("p", pa.float64())])
    assert merge_schemas([first, second], 1).names == ["a", "b", "p"]

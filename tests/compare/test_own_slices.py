"""Slices by columns of the user: who is in them, and what becomes of rare, missing and strange values."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.compare.own_slices import MISSING, RARE, cut_columns, read_slice_columns

Values = list[str | None]


def cut(values: Values, *, name: str = "region") -> dict[str, list[int]]:
    """The rows in each slice of a column, without empty slices."""
    found = cut_columns({name: pa.array(values, pa.string())})
    return {part: np.flatnonzero(inside).tolist() for _, part, inside in found if inside.any()}


@pytest.mark.parametrize(
    ("values", "sizes"),
    [
        pytest.param(["eu"] * 10 + ["us"] * 11, {"eu": 10, "us": 11}, id="two values"),
        pytest.param(["eu"] * 10 + ["us"] * 9 + ["fr"], {"eu": 10, RARE: 10}, id="rare values are one slice"),
        pytest.param(["eu"] * 10 + [None, "", "  ", "\t"], {"eu": 10, MISSING: 4}, id="missing and blank"),
        pytest.param([" eu", "eu "] * 5, {"eu": 10}, id="white space around a value"),
        pytest.param(["EU"] * 10 + ["eu"] * 10, {"EU": 10, "eu": 10}, id="case counts"),
        pytest.param([None] * 3, {MISSING: 3}, id="nothing but missing values"),
        pytest.param([str(number) for number in range(500)], {RARE: 500}, id="every value another"),
        pytest.param(["10"] * 10 + ["9"] * 10, {"9": 10, "10": 10}, id="numbers by value"),
        pytest.param(["x" * 500] * 10, {"x" * 80 + "...": 10}, id="a value as long as a text"),
    ],
)
def test_values_become_slices(values: Values, sizes: dict[str, int]) -> None:
    found = cut(values)
    assert {name: len(rows) for name, rows in found.items()} == sizes
    assert list(found) == list(sizes)
    assert sorted(row for rows in found.values() for row in rows) == list(range(len(values)))


def test_column_of_a_built_in_name_is_a_group_of_its_own() -> None:
    values = pa.array(["a"] * 10)
    groups = [group for group, _, _ in cut_columns({"label": values, "length": values, "region": values})]
    assert list(dict.fromkeys(groups)) == ["label (column)", "length (column)", "region"]


def test_columns_are_read_from_the_file_that_ingest_wrote(tmp_path: Path) -> None:
    path = tmp_path / "test_slices.parquet"
    assert read_slice_columns(path) == {}
    pq.write_table(pa.table({"region": ["eu", None], "product": ["a", "b"]}), path)
    assert {name: values.to_pylist() for name, values in read_slice_columns(path).items()} == {
        "region": ["eu", None],
        "product": ["a", "b"],
    }

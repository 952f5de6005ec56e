"""Cells that a spreadsheet would run are counted, and written as text if that is asked for."""

import pyarrow as pa
import pytest

from tasks.formatting.formulas import Formulas

HOSTILE = ['=HYPERLINK("http://example.org")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "-"]
HARMLESS = ["", "text", "-5", "+1.5", "-.5", "-1e-5", "a=b", " =1", "1-2", "'=1", "ünï", None]


def test_formulas_get_an_apostrophe() -> None:
    column = pa.chunked_array([pa.array(HOSTILE), pa.array(HARMLESS, pa.string())])
    formulas = Formulas(escape=True)
    assert formulas.treat(column).to_pylist() == [*(f"'{cell}" for cell in HOSTILE), *HARMLESS]
    assert not list(formulas.describe())


def test_formulas_are_told_of() -> None:
    formulas = Formulas(escape=False)
    for _ in range(2):
        column = pa.chunked_array([pa.array([*HOSTILE, *HARMLESS])])
        assert formulas.treat(column) is column
    (warning,) = formulas.describe()
    assert warning.startswith(f"{2 * len(HOSTILE)} cells begin like a formula")
    assert "--escape-formulas" in warning


@pytest.mark.parametrize("values", [[-1, 2], [-1.5, None], [True, False]])
def test_numbers_are_no_formulas(values: list[object]) -> None:
    column = pa.chunked_array([pa.array(values)])
    formulas = Formulas(escape=True)
    assert formulas.treat(column) is column
    assert not formulas.num_found


def test_headings_are_treated_like_cells() -> None:
    assert Formulas(escape=True).treat_names(["=a", "b"]) == ["'=a", "b"]

"""Cells of a CSV file that a spreadsheet would take for formulas and run: counted, or written as text.

The characters are those of OWASP's page on CSV injection, and so is the remedy, an apostrophe in front.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

FORMULA: Final = r"^[=+\-@\t\r]"
NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
APOSTROPHE: Final = "'"


class Formulas:
    """Looks at the columns of a CSV file as they are written; with `escape`, puts an apostrophe before formulas."""

    def __init__(self, *, escape: bool) -> None:
        self.escape = escape
        self.num_found = 0

    def treat(self, column: pa.ChunkedArray) -> pa.ChunkedArray:
        """Count the formulas of a column, and escape them if that was asked for; numbers are none."""
        if not pa.types.is_string(column.type):
            return column
        found = is_formula(column)
        self.num_found += pc.sum(found).as_py() or 0
        return pc.if_else(found, escape_cells(column), column) if self.escape else column

    def treat_names(self, names: Sequence[str]) -> list[str]:
        """Do the same for the names of the columns."""
        treated: list[str] = self.treat(pa.chunked_array([pa.array(names, pa.string())])).to_pylist()
        return treated

    def describe(self) -> Iterator[str]:
        """Warn of formulas that were written as they are."""
        if self.num_found and not self.escape:
            yield (
                f"{self.num_found:,} cells begin like a formula, which a spreadsheet may run; write them as text with "
                "--escape-formulas"
            )


def is_formula(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Tell whether each cell begins like a formula: ["=A1", "-5", None] -> [True, False, None]; a number is none."""
    return pc.and_(pc.match_substring_regex(column, FORMULA), pc.invert(pc.match_substring_regex(column, NUMBER)))


def escape_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put an apostrophe before each cell."""
    return pc.binary_join_element_wise(APOSTROPHE, column, "")

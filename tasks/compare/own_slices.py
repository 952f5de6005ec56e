"""Slices by the columns that a user names: a slice for each value, one for rare values, one for missing ones."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tasks.ingest.labels import sort_labels

# Fewer reviews show next to nothing of a value, and columns with hundreds of values would weaken all other tests.
FEWEST_REVIEWS: Final = 10
# A value is only shown; what follows in one as long as a text is cut.
LONGEST_VALUE: Final = 80
MISSING: Final = "(no value)"
RARE: Final = f"(values with fewer than {FEWEST_REVIEWS} reviews)"
# Groups of slices that every run has; a column of such a name is told apart from them.
BUILT_IN: Final = frozenset({"length", "truncation", "unknown words", "negation", "label"})


def read_slice_columns(path: Path) -> dict[str, pa.Array]:
    """Read the columns of a file that ingest wrote beside the test reviews; none if there is no such file."""
    if not path.exists():
        return {}
    table = pq.read_table(path)
    return {name: table.column(name).combine_chunks() for name in table.column_names}


def cut_columns(columns: Mapping[str, pa.Array]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Yield the group, name and members (shape (num_reviews,)) of the slices of each column of strings.

    Every review is in exactly one slice of each column: ["eu"] * 20 + ["us", None] gives "eu", RARE and MISSING.
    """
    for column, values in columns.items():
        group = f"{column} (column)" if column in BUILT_IN else column
        for name, inside in cut_values(values):
            yield group, name, inside


def cut_values(values: pa.Array) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the name and the members of the slices of one column; white space around a value does not count."""
    trimmed = pc.utf8_trim_whitespace(values)
    encoded = pc.if_else(pc.equal(trimmed, ""), None, trimmed).dictionary_encode()
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    sizes = np.bincount(codes[codes >= 0], minlength=len(names))
    places = {name: code for code, name in enumerate(names)}
    for name in sort_labels([name for name, size in zip(names, sizes, strict=True) if size >= FEWEST_REVIEWS]):
        yield shorten(name), codes == places[name]
    yield RARE, np.isin(codes, np.flatnonzero(sizes < FEWEST_REVIEWS))
    yield MISSING, codes == -1


def shorten(value: str) -> str:
    """Cut a long value."""
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}..."

"""Columns that hold only 0 and 1: one column per label, as sets with several labels per text have them."""

from typing import Final

import pyarrow as pa

from tasks.ingest.files.columns import ID_NAMES, SPLIT_NAMES, TEXT_NAMES, fold, list_names
from tasks.ingest.files.rows import Rows

ZEROS: Final = frozenset({"0", "0.0", "false"})
ONES: Final = frozenset({"1", "1.0", "true"})
FEWEST_COLUMNS: Final = 3


def describe_one_hot(rows: Rows) -> str:
    """Say which columns look like one per label, and what can be trained on instead; "" if there are none.

    There must be three of them, or two of which each row marks one.
    """
    others = TEXT_NAMES | ID_NAMES | SPLIT_NAMES
    found = [name for name in rows.columns.schema.names if name and fold(name) not in others and is_binary(rows, name)]
    if len(found) < FEWEST_COLUMNS and not (len(found) == FEWEST_COLUMNS - 1 and are_opposites(rows, *found)):
        return ""
    return (
        f" {list_names(found)} hold only 0 and 1, like one column per label; multi-label texts are not supported. "
        f"Train on one of these columns: --label-column {found[0]!r}."
    )


def is_binary(rows: Rows, name: str) -> bool:
    """Tell whether a column holds zeros and ones, and nothing else."""
    found = set(spell_values(rows, name))
    return found <= ZEROS | ONES and bool(found & ZEROS) and bool(found & ONES)


def are_opposites(rows: Rows, first: str, second: str) -> bool:
    """Tell whether each row has a one in exactly one of two columns."""
    pairs = zip(spell_values(rows, first), spell_values(rows, second), strict=True)
    return all((one in ONES) != (other in ONES) for one, other in pairs)


def spell_values(rows: Rows, name: str) -> list[str]:
    """Spell the values of a column: spell_values -> ["0", "true", ...]; no values if a name is repeated."""
    if rows.columns.schema.names.count(name) != 1:
        return []
    column = rows.columns.column(name)
    if pa.types.is_nested(column.type):
        return []
    return [str(value).strip().lower() for value in column.to_pylist()]

"""The table of what is removed: a line each, lock files counted, sizes that a person reads."""

from pathlib import Path
from typing import Any

import pytest

from tasks.clean.inventory import Item
from tasks.clean.render import describe_unknown, format_size, render_items


def make_item(name: str, **changes: Any) -> Item:
    facts: dict[str, Any] = {"title": "model", "locks": (), "last_used": 0.0, "num_bytes": 1_500_000, **changes}
    return Item(root=Path("/a"), path=Path("/a") / name, **facts)


@pytest.mark.parametrize(
    ("num_bytes", "expected"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (3e9, "3.0 GB"), (4e15, "4000.0 TB")],
)
def test_sizes_have_fitting_units(num_bytes: float, expected: str) -> None:
    assert format_size(num_bytes) == expected


@pytest.mark.parametrize(("dry_run", "verb"), [(True, "Would remove"), (False, "Removed")])
def test_table_has_a_line_for_each_and_the_total(dry_run: bool, verb: str) -> None:  # noqa: FBT001
    locks = [make_item(f".locks/{name}", title="lock file", num_bytes=0) for name in "ab"]
    lines = render_items([make_item("models/lstm/1"), *locks], dry_run=dry_run).splitlines()
    assert [line.split("  ")[0] for line in lines[:3]] == ["what", "model", "lock file"]
    assert lines[1].split() == ["model", "1970-01-01", "00:00", "1.5", "MB", "models/lstm/1"]
    assert lines[2].endswith("2 of them")
    assert lines[-1] == f"{verb} 3 items, 1.5 MB."


def test_nothing_is_said_in_words() -> None:
    assert render_items([], dry_run=False) == "Nothing to remove."


def test_unknown_file_is_named() -> None:
    (line,) = describe_unknown([make_item("models/lstm/1", unknown="notes.txt")])
    assert line == "left in place: '/a/models/lstm/1' contains 'notes.txt', which does not belong there"

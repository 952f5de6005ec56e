"""What cleaning removes, as a table for the terminal."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from tasks.clean.inventory import Item

UNITS: Final = ("B", "kB", "MB", "GB", "TB")
# Too many to list: only their number is shown.
COUNTED: Final = ("lock file",)


def render_items(items: Sequence[Item], *, dry_run: bool) -> str:
    """Render one line per item, grouped by kind, and the total; all lock files share one line."""
    if not items:
        return "Nothing to remove."
    rows = [row for _, group in groupby(items, key=lambda item: item.title) for row in tabulate_group(list(group))]
    table = align([("what", "last used", "size", "path"), *rows])
    total = format_size(sum(item.num_bytes for item in items))
    verb = "Would remove" if dry_run else "Removed"
    return "\n".join([*table, "", f"{verb} {count(len(items), 'item')}, {total}."])


def tabulate_group(items: Sequence[Item]) -> list[tuple[str, str, str, str]]:
    """Make the table rows for items of one kind."""
    if items[0].title in COUNTED:
        size = format_size(sum(item.num_bytes for item in items))
        newest = format_date(max(item.last_used for item in items))
        return [(items[0].title, newest, size, f"{len(items)} of them")]
    return [(item.title, format_date(item.last_used), format_size(item.num_bytes), item.name) for item in items]


def align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns, with sizes to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        f"{what:<{widths[0]}}  {used:<{widths[1]}}  {size:>{widths[2]}}  {path}".rstrip()
        for what, used, size, path in rows
    ]


def describe_unknown(items: Iterable[Item]) -> list[str]:
    """Report the folders that stay because they contain something unknown, and name it."""
    return [
        f"left in place: {str(item.path)!r} contains {item.unknown!r}, which does not belong there" for item in items
    ]


def describe_excess(num_bytes: int, budget: int) -> str:
    """Say that the folders take more than they may, and what can be done."""
    return (
        f"data and artifacts still take {format_size(num_bytes)}; expected at most {format_size(budget)}. What is left "
        "is needed by the champion, its predecessors or the newest run, is in use or unknown, or was downloaded. Raise "
        "the budget, or remove something by hand."
    )


def format_date(seconds: float) -> str:
    """Write a time in UTC: format_date(0) -> "1970-01-01 00:00"."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def format_size(num_bytes: float) -> str:
    """Write a size with a suitable unit: format_size(2500) -> "2.5 kB"."""
    for unit in UNITS[:-1]:
        if num_bytes < 1000:  # noqa: PLR2004  units are powers of a thousand
            return f"{num_bytes:.0f} B" if unit == "B" else f"{num_bytes:.1f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} {UNITS[-1]}"


def count(number: int, noun: str) -> str:
    """Count something: count(2, "item") -> "2 items"."""
    return f"{number:,} {noun}{'s' if number != 1 else ''}"

"""Markdown from values: escaped text and tables."""

from collections.abc import Collection, Mapping, Sequence

from tasks.formatting.control import escape_control


def escape_markdown(text: str) -> str:
    r"""Escape text for Markdown, on one line: escape_markdown("a|b") -> "a\|b".

    White space becomes one space, and other control characters are shown.
    """
    text = escape_control(" ".join(text.split()))
    for character in "\\`*_[]<>|&":
        text = text.replace(character, f"\\{character}")
    return text


def render_table(rows: Sequence[Mapping[str, str]], *, right_aligned: Collection[str] = ()) -> str:
    """Render rows with the same keys as a Markdown table, with the keys as the header; all text is escaped."""
    rule = ["---:" if name in right_aligned else "---" for name in rows[0]]
    heads = [escape_markdown(name) for name in rows[0]]
    cells = [heads, rule, *([escape_markdown(cell) for cell in row.values()] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)

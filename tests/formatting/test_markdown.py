"""Labels and texts cannot leave their place in Markdown."""

import pytest

from tasks.formatting.markdown import escape_markdown, render_table


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("one\n\n# two", "one # two"),
        ("a\x1b[31mb", r"a\\x1b\[31mb"),
        ("txt\u202ebad", r"txt\\u202ebad"),
        ("nul\x00", r"nul\\x00"),
        ("Größe 👩‍👩‍👧", "Größe 👩‍👩‍👧"),
    ],
)
def test_text_is_escaped_on_one_line(text: str, escaped: str) -> None:
    assert escape_markdown(text) == escaped


def test_headings_and_cells_of_a_table_are_escaped() -> None:
    assert render_table([{"a\x1b": "b\u2066|"}]).splitlines() == [r"| a\\x1b |", "| --- |", r"| b\\u2066\| |"]

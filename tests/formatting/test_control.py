"""What could change a terminal or another line is shown and not sent."""

import json

import pytest

from tasks.formatting.control import escape_control, escape_control_in_json, escape_control_in_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jcleared", r"\x1b[2Jcleared"),
        ("a\x00b", r"a\x00b"),
        ("a\r\nerror: b", r"a\r\nerror: b"),
        ("tab\there", r"tab\there"),
        ("\x9b31m", r"\x9b31m"),
        ("good\u202edoog", r"good\u202edoog"),
        ("\u2066a\u2069", r"\u2066a\u2069"),
        ("a\u2028b", r"a\u2028b"),
        ("half \ud83d", r"half \ud83d"),
        ("\x7f", r"\x7f"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert escape_control(text) == shown
    assert escape_control(shown) == shown


@pytest.mark.parametrize("text", ["plain", "naïve Größe", "ไทย", "👩‍👩‍👧", "می‌خواهم", r"back\slash", "日本語"])
def test_other_characters_are_kept(text: str) -> None:
    assert escape_control(text) == text


def test_lines_and_tabs_can_be_kept() -> None:
    assert escape_control_in_lines("one\ttwo\nthree\r\x1b") == "one\ttwo\nthree\\r\\x1b"


def test_json_keeps_its_values() -> None:
    value = {"label": "a\x9b\u202e\x1b\u2028", "text": "naïve"}
    line = escape_control_in_json(json.dumps(value, ensure_ascii=False))
    assert line == r'{"label": "a\u009b\u202e\u001b\u2028", "text": "naïve"}'
    assert json.loads(line) == value

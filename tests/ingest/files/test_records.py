"""Records carry the line on which they start; what is no record is one error with the line."""

from pathlib import Path
from typing import Any

import pytest

from tasks.errors import UserError
from tasks.ingest.files import records
from tasks.ingest.files.patterns import compile_pattern
from tasks.ingest.files.records import read_pattern, read_quoted, read_unquoted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def read_csv(path: Path, text: str, *, delimiter: str = ",") -> list[tuple[int, Any]]:
    path.write_bytes(text.encode())
    return list(read_quoted(path, charset="utf-8", delimiter=delimiter))


def test_quoted_fields_hold_delimiters_quotes_and_line_ends(path: Path) -> None:
    assert read_csv(path, 'a,"b,""c""\nd"\r\n"",f\r\n') == [(1, ["a", 'b,"c"\nd']), (3, ["", "f"])]


def test_row_is_numbered_by_the_line_it_starts_on(path: Path) -> None:
    assert [number for number, _ in read_csv(path, 'a\n"b\n\nc"\n\n\nd\n')] == [1, 2, 7]


def test_line_ends_inside_quotes_stay_as_they_are(path: Path) -> None:
    assert read_csv(path, '"a\r\nb\rc\nd"\n') == [(1, ["a\r\nb\rc\nd"])]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (r'"he said \"so\"",x', ['he said "so"', "x"]),
        (r'"ends with a quote \"",x', ['ends with a quote "', "x"]),
        (r'"ends with a backslash \\",x', ["ends with a backslash \\", "x"]),
        (r'"C:\new\table",x', [r"C:\new\table", "x"]),
        (r"a\,b,x", ["a,b", "x"]),
        (r'"doubled "" too",x', ['doubled " too', "x"]),
        ('"two\\\nlines",x', ["two\nlines", "x"]),
    ],
)
def test_backslash_before_a_quote_makes_it_plain(path: Path, line: str, values: list[str]) -> None:
    path.write_text(f"{line}\n")
    assert list(read_quoted(path, charset="utf-8", delimiter=",", escape="\\")) == [(1, values)]


@pytest.mark.parametrize("text", ['a,b\n"open,1\nmore', 'a,b\n"x"y,1\n'])
def test_misplaced_quote_is_named_by_line_with_the_remedy(path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"a.csv line 2: .*--quoting none"):
        read_csv(path, text)


def test_quote_left_open_does_not_swallow_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "LONGEST_LINE", 100)
    with pytest.raises(UserError, match=r"a.csv line 2: field larger than field limit"):
        read_csv(path, 'a,b\n"open' + "line\n" * 1000)


def test_plain_quotes_are_characters(path: Path) -> None:
    path.write_bytes(b'sentence\tlabel\r\n"open " quote\t1\r\n\nit\'s\t0')
    assert list(read_unquoted(path, charset="utf-8", delimiter="\t")) == [
        (1, ["sentence", "label"]),
        (2, ['"open " quote', "1"]),
        (4, ["it's", "0"]),
    ]


def test_pattern_gives_its_groups(path: Path) -> None:
    path.write_bytes("DESC:manner How ?\r\n\nNUM:date Wh\xe9n :x ?\n".encode("latin-1"))
    pattern = compile_pattern(r"(?P<label>\w+):(?P<sub>\w+) (?P<text>.+)")
    assert list(read_pattern(path, charset="latin-1", pattern=pattern)) == [
        (1, ["DESC", "manner", "How ?"]),
        (3, ["NUM", "date", "Wh\xe9n :x ?"]),
    ]


def test_line_that_does_not_match_is_named(path: Path) -> None:
    path.write_text("a:b\n" + "c" * 100)
    with pytest.raises(UserError, match=r"a.csv line 2 does not match --line-pattern: 'c{40}\.\.\.'"):
        list(read_pattern(path, charset="utf-8", pattern=compile_pattern("(?P<label>.):(?P<text>.)")))


def test_group_that_takes_no_part_is_empty(path: Path) -> None:
    path.write_text("good\n")
    pattern = compile_pattern(r"(?:(?P<label>\d):)?(?P<text>\w+)")
    assert list(read_pattern(path, charset="utf-8", pattern=pattern)) == [(1, ["", "good"])]

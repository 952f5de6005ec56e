"""Patterns read lines like Python's own, and one that explodes ends with a line that says so."""

import re
from pathlib import Path

import pytest

from tasks.errors import UserError
from tasks.ingest.files import patterns
from tasks.ingest.files.options import FileOptions
from tasks.ingest.files.patterns import compile_pattern, match_line
from tasks.ingest.files.reading import read_rows

PATTERNS = [
    r"(?P<label>\w+):(?P<sub>\w+) (?P<text>.+)",
    r"__label__(?P<label>\S+)\s+(?P<text>.*)",
    r"(?:(?P<label>\d):)?(?P<text>[^|]*)(?:\|.*)?",
    r"(?i)(?P<label>spam|ham)\t(?P<text>.*?)\s*",
    r"(?P<text>(?<!x)\b.{1,80}\b(?!y)) (?P<label>-?\d+(?:\.\d+)?)",
]
LINES = [
    "DESC:manner How did it go ?",
    "__label__pos  a fine film",
    "3:good|more",
    "SPAM\twin now  ",
    "naïve 日本 -4.5",
    "",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("line", LINES)
def test_pattern_reads_a_line_as_python_does(pattern: str, line: str) -> None:
    expected = re.fullmatch(pattern, line)
    if expected is None:
        with pytest.raises(UserError, match="line 7 does not match --line-pattern"):
            match_line(compile_pattern(pattern), line, path=Path("a.txt"), number=7)
    else:
        found = match_line(compile_pattern(pattern), line, path=Path("a.txt"), number=7)
        assert found.groupdict() == expected.groupdict()


def test_pattern_that_explodes_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "MOST_SECONDS", 0.05)
    path = tmp_path / "a.txt"
    path.write_text(f"ab\n{'a' * 100}c\n")
    options = FileOptions(path=path, line_pattern="(?P<text>(a|aa)+)b")
    with pytest.raises(UserError) as caught:
        list(read_rows(path, options))
    message = str(caught.value)
    assert message.startswith(
        "a.txt line 2: to match the 101 characters with --line-pattern takes more than 0.05 seconds"
    )
    assert "'(?P<text>(a|aa)+)b'" in message


@pytest.mark.parametrize("pattern", ["(", "(?P<text>.+", "*", "[", r"\1", "(?P<1>x)"])
def test_text_that_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"is not a regular expression: "):
        compile_pattern(pattern)

"""What a file without a known ending may be, by its first lines."""

import re
import shlex
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from tasks.ingest.files.columns import DELIMITERS
from tasks.ingest.files.compression import DAMAGE, open_stream

NUM_LINES: Final = 20
NUM_BYTES: Final = 2**16
# Patterns of well-known files of lines, and what is in them.
PATTERNS: Final = {
    r"__label__(?P<label>\S+)\s+(?P<text>.+)": "as fastText reads them",
    r"(?P<text>.+?)\s+__label__(?P<label>\S+)": "as fastText reads them",
    r"(?P<label>[^:\s]+)::(?P<text>.+)": "of a label and a text",
}
JSON_STARTS: Final = ("{", "[{", "[\n", "[ ")


def suggest_reading(path: Path) -> str:
    """Suggest how to read a file: "Its lines look like a table: --delimiter tab."; "" without any evidence."""
    lines = read_head(path)
    text = "\n".join(lines)
    if text.startswith(JSON_STARTS):
        return f" It looks like JSON. Rename it: its name should end in {'.json' if text[0] == '[' else '.jsonl'}"
    for pattern, meaning in PATTERNS.items():
        if lines and all(re.fullmatch(pattern, line) for line in lines):
            return f" Its lines look like lines {meaning}: --line-pattern {shlex.quote(pattern)}"
    spelled = find_delimiter(lines)
    return (
        f" Its lines look like a table: --delimiter {spelled}, with --columns if the first line is no header."
        if spelled
        else ""
    )


def read_head(path: Path) -> list[str]:
    """Read the first lines that are whole and not blank; none of a folder, and none that are not UTF-8."""
    try:
        with open_stream(path) as stream:
            head = stream.read(NUM_BYTES).decode("utf-8-sig", errors="ignore")
    except DAMAGE:
        return []
    lines = head.splitlines()[: None if len(head) < NUM_BYTES else -1]
    return list(islice(filter(str.strip, lines), NUM_LINES))


def find_delimiter(lines: Sequence[str]) -> str | None:
    """Find the sign that all lines hold equally often, as --delimiter spells it; None without one."""
    for sign, spelled in sorted(DELIMITERS.items(), key=lambda item: item[0] == ","):
        counts = {line.count(sign) for line in lines}
        if len(lines) > 1 and len(counts) == 1 and counts != {0}:
            return spelled
    return None

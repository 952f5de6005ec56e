"""What to do about a table whose lines are no rows as they are written, judged by the line at which that shows.

Commands are given for files that are not compressed. They write a file beside the one that people have.
"""

import re
import shlex
from pathlib import Path
from typing import Final

from tasks.formatting.commands import name_result, spell_argument
from tasks.ingest.files.compression import find_compression

# How sed writes a delimiter.
SPELLED: Final = {"\t": r"\t", "|": r"\|"}
ESCAPED_QUOTE: Final = '\\"'
BACKSLASH: Final = "If quotes inside fields have a backslash before them, add --quoting backslash."
PLAIN: Final = "If quotes are plain characters, add --quoting none."


def advise_on_quotes(line: str, path: Path, delimiter: str) -> str:
    """Say what to do about a line with quotes in places where RFC 4180 has none."""
    if ESCAPED_QUOTE in line:
        return BACKSLASH
    return advise_on_spaces(line, path, delimiter) or PLAIN


def advise_on_spaces(line: str, path: Path, delimiter: str) -> str:
    """Say what to do about spaces between delimiters and quotes, which make quotes plain; "" if there are none."""
    sign = re.escape(delimiter)
    if not re.search(rf'(?:\A|{sign}) +"|" +(?:{sign}|[\r\n]*\Z)', line):
        return ""
    sign = SPELLED.get(delimiter, sign)
    code = rf's/(^|{sign}) +"/\1"/g; s/" +({sign}|\r?$)/"\1/g'
    command = spell_command(f"sed -E {shlex.quote(code)}", path)
    return f"There are spaces between delimiters and quotes. Remove them{command}"


def advise_on_start(path: Path, number: int) -> str:
    """Say what to do about lines before the header, which seems to be on the line of a number."""
    return f"If the header is on this line, remove the lines before it{spell_command(f'tail -n +{number}', path)}"


def spell_command(command: str, path: Path) -> str:
    """Spell a command that reads a file of lines, after a colon; only a full stop for a compressed file."""
    return "." if find_compression(path) else f": {command} {spell_argument(path)} > {name_result(path.suffix)}"

"""Commands in messages, spelled so that they work where people are: in the present folder, in a shell."""

import os
import shlex
from pathlib import Path
from typing import Final

# A shell, or its history, reads these within double quotes.
SPECIAL: Final = frozenset('"$`\\!')


def spell_path(path: Path) -> str:
    """Spell a path as short as it can be typed in the present folder: relative to it, if the path is in it."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  # links stay, as people know them
    return str(absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute)


def spell_argument(path: Path) -> str:
    """Spell a path as an argument in a shell: spell_argument(Path("my films.zip")) -> "'my films.zip'"."""
    return shlex.quote(spell_path(path))


def spell_python(code: str) -> str:
    r"""Spell the command that runs code: spell_python("print('a')") -> 'python -c "print(\'a\')"'."""
    return f"python -c {shlex.quote(code)}" if SPECIAL & set(code) else f'python -c "{code}"'

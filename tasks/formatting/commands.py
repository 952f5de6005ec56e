"""Commands in messages, spelled so that they work where people are: in the present folder, in a shell."""

import os
import shlex
import shutil
import sys
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


def spell_interpreter() -> str:
    """Spell how this Python is started: python, if that is what a shell finds by this name, or else its path.

    Another one may lack the packages that a command needs.
    """
    found = shutil.which("python")
    is_this = found is not None and Path(found).parent == Path(sys.executable).parent
    return "python" if is_this else spell_argument(Path(sys.executable))


def spell_python(code: str) -> str:
    r"""Spell the command that runs code: spell_python("print('a')") -> 'python -c "print(\'a\')"'."""
    quoted = shlex.quote(code) if SPECIAL & set(code) else f'"{code}"'
    return f"{spell_interpreter()} -c {quoted}"


def spell_install(package: str) -> str:
    """Spell the command that installs a package: spell_install("rich") -> "python -m pip install rich"."""
    return f"{spell_interpreter()} -m pip install {package}"


def name_result(ending: str) -> str:
    """Name a file that a command writes, so that it replaces none: name_result(".csv") -> "rows.csv", "rows-2.csv"."""
    name, number = f"rows{ending}", 1
    while Path(name).exists():
        number += 1
        name = f"rows-{number}{ending}"
    return name

"""The places in the code where messages are written, and which of them are reached."""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tasks.errors import SpokenError, UserError
from tasks.ingest import check

ROOT = Path(__file__).parents[3]


class Site(NamedTuple):
    """A call that writes a message: its file, its function, and its first and last line."""

    file: str
    function: str
    first: int
    last: int


def list_sites(package: Path) -> Iterator[Site]:
    """List the calls in the code of a package that write messages."""
    # A flaw of the classes becomes an error.
    writers = {"Flaw", "UserError", *(kind.__name__ for kind in UserError.__subclasses__())}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") in writers:
                        file, last = str(path.relative_to(package)), call.end_lineno or call.lineno
                        yield Site(file, function.name, call.lineno, last)


@contextmanager
def watch_sites(package: Path) -> Iterator[set[tuple[str, int]]]:
    """Collect the file and the line of each message that is written within the block."""
    reached: set[tuple[str, int]] = set()

    def note() -> None:
        frame = sys._getframe(2)
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(package):
            reached.add((str(path.relative_to(package)), frame.f_lineno))

    def start(self: SpokenError, message: str) -> None:
        note()
        write(self, message)

    def make(*values: Any, **named: Any) -> check.Flaw:
        note()
        return flaw(*values, **named)

    write, flaw = SpokenError.__init__, check.Flaw
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SpokenError, "__init__", start)
        patch.setattr(check, "Flaw", make)
        yield reached


def is_reached(site: Site, reached: set[tuple[str, int]]) -> bool:
    return any((site.file, line) in reached for line in range(site.first, site.last + 1))

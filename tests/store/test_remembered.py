"""What is remembered of the code is what would be found in it now, or it is found again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.encode.output import WRITE
from tasks.store import closure, remembered
from tasks.store.remembered import describe_code

WITHOUT = ("tasks.encode.words",)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A memory of its own, empty at first."""
    monkeypatch.setattr(remembered, "MEMORY", tmp_path / "__pycache__" / "closure.json")
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    describe_code.cache_clear()
    yield remembered.MEMORY
    describe_code.cache_clear()


def ask_anew(*functions: str, without: tuple[str, ...] = ()) -> dict[str, str]:
    """Ask as another process would."""
    describe_code.cache_clear()
    return describe_code(*functions, without=without)


def forbid_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: str, without: tuple[str, ...]) -> dict[str, str]:
        raise AssertionError(without)

    monkeypatch.setattr(closure, "describe_code", refuse)


def test_code_is_described_as_it_is_found(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = closure.describe_code(WRITE)
    less = closure.describe_code(WRITE, without=WITHOUT)
    assert less != found
    for _ in range(2):
        assert ask_anew(WRITE) == found
        assert ask_anew(WRITE, without=WITHOUT) == less
        forbid_search(monkeypatch)
    assert memory.is_file()


@pytest.mark.parametrize(
    "damage", ["", "[]", "{}", '{"sources": 1}', "\x80", "another hash", "another source", "nothing"]
)
def test_memory_that_is_damaged_or_of_other_code_is_not_believed(memory: Path, damage: str) -> None:
    found = ask_anew(WRITE)
    whole = json.loads(memory.read_text())
    (key,) = whole["found"]
    changes = {
        "another hash": {"found": {key: {**whole["found"][key], "tasks.encode.words": "0" * 16}}},
        "another source": {"sources": "0" * 64},
        "nothing": {"found": None},
    }
    if damage in changes:
        damage = json.dumps({**whole, **changes[damage]})
    memory.write_text(damage, "latin-1")
    assert ask_anew(WRITE) == found
    assert json.loads(memory.read_text()) == whole


def test_sources_are_all_python_files_and_their_content(tmp_path: Path) -> None:
    def hash_now() -> str:
        remembered.hash_sources.cache_clear()
        return remembered.hash_sources(tmp_path)

    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "work.py").write_text("TWO = 2\n")
    before = hash_now()
    (tmp_path / "room" / "data.json").write_text("{}")
    assert hash_now() == before
    (tmp_path / "room" / "work.py").write_text("TWO = 3\n")
    edited = hash_now()
    (tmp_path / "room" / "more.py").write_text("")
    assert len({before, edited, hash_now()}) == 3
    remembered.hash_sources.cache_clear()


def test_nothing_is_written_where_compiled_code_is_not(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert ask_anew(WRITE) == closure.describe_code(WRITE)
    assert not memory.exists()


def test_folder_that_cannot_be_made_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(remembered, "MEMORY", tmp_path / "missing" / "__pycache__" / "closure.json")
    assert ask_anew(WRITE) == closure.describe_code(WRITE)
    assert not list(tmp_path.iterdir())


def test_next_process_remembers(checkout: Path, tmp_path: Path) -> None:
    program = (
        "from tasks.store import closure, remembered; from tasks.encode.output import WRITE; "
        "remembered.describe_code(WRITE); print(closure.read_source.cache_info().misses)"
    )
    command = [sys.executable, "-c", program]
    environment = {"PYTHONPATH": str(checkout), "PYTHONPYCACHEPREFIX": str(tmp_path)}
    misses = [
        int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
        for _ in range(2)
    ]
    assert misses[0] > 0
    assert misses[1] == 0

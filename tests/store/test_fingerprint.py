from pathlib import Path
from typing import Any

import pytest

from tasks.store.fingerprint import describe_difference, hash_room, library_versions

CODE = '''"""Numbers."""
def double(x):
    """Double it."""
    return 2 * x
'''
SAME_MEANING = {
    "comments": CODE.replace("def", "# Twice.\ndef") + "# The end.\n",
    "another docstring": CODE.replace("Double it.", "Return the double."),
    "no docstring": CODE.replace('    """Double it."""\n', ""),
    "layout": CODE.replace("(x)", "(\n    x,\n)").replace("2 * x", "(2*x)"),
}
OTHER_MEANING = {
    "number": CODE.replace("2", "3"),
    "name": CODE.replace("double", "twice"),
    "text": CODE.replace("2 * x", '"2" * x'),
    "more": CODE + "TWO = 2\n",
}


def hash_code(folder: Path, source: str) -> str:
    (folder / "code.py").write_text(source)
    return hash_room(folder, without=("task.py",))


@pytest.mark.parametrize("source", SAME_MEANING.values(), ids=SAME_MEANING.keys())
def test_code_hash_ignores_what_does_not_run(source: str, tmp_path: Path) -> None:
    assert hash_code(tmp_path, source) == hash_code(tmp_path, CODE)


@pytest.mark.parametrize("source", OTHER_MEANING.values(), ids=OTHER_MEANING.keys())
def test_code_hash_follows_the_code(source: str, tmp_path: Path) -> None:
    assert hash_code(tmp_path, source) != hash_code(tmp_path, CODE)


def test_code_hash_covers_every_file_but_those_left_out(tmp_path: Path) -> None:
    before = hash_code(tmp_path, CODE)
    (tmp_path / "task.py").write_text("x = 1")
    assert hash_code(tmp_path, CODE) == before
    (tmp_path / "more.py").write_text("x = 1")
    assert hash_code(tmp_path, CODE) != before


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b 1 -> 2"),
        ({"a": 1}, {"a": 1}, "no difference"),
        ({}, {"a": 1}, "a None -> 1"),
        (dict.fromkeys("abcd", 1), dict.fromkeys("abcd", 2), "a 1 -> 2, b 1 -> 2, c 1 -> 2, and 1 more"),
    ],
)
def test_difference_names_what_changed(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert describe_difference(before, after) == words


def test_library_versions_are_those_installed() -> None:
    assert library_versions("pytest") == {"pytest": pytest.__version__}

"""Commands in messages: a shell passes on what they say, whatever a file is called."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.formatting.commands import spell_argument, spell_install, spell_path, spell_python

NAMES = ["a.csv", "my films.csv", "it's.csv", 'a "b".csv', "$HOME.csv", "`date`.csv", "a\\nb!.csv", "фильмы.csv"]


@pytest.mark.parametrize("name", NAMES)
def test_shell_passes_a_path_on(name: str, tmp_path: Path) -> None:
    found = subprocess.check_output(f"printf %s {spell_argument(tmp_path / name)}", shell=True, text=True)
    assert found == str(tmp_path / name)


@pytest.mark.parametrize("name", NAMES)
def test_shell_passes_code_on(name: str) -> None:
    command = spell_python(f"print({name!r}, end='')")
    assert subprocess.check_output(command, shell=True, text=True, encoding="utf-8") == name


def test_code_without_special_characters_stays_legible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert spell_python("print('a')") == "python -c \"print('a')\""
    assert spell_install("rich") == "python -m pip install rich"


def test_this_python_is_named_where_a_shell_would_find_another_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python").touch(mode=0o755)
    for folder in (tmp_path, tmp_path / "none"):
        monkeypatch.setenv("PATH", str(folder))
        assert spell_install("rich") == f"{shlex.quote(spell_path(Path(sys.executable)))} -m pip install rich"


def test_path_is_relative_where_that_is_shorter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert spell_path(tmp_path / "in" / "d" / "a.csv") == spell_path(Path("d/a.csv")) == "d/a.csv"
    assert spell_path(Path("../a.csv")) == str(tmp_path / "a.csv")

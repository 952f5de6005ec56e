"""A process has a temporary folder of its own, and what it leaves when it is killed is removed by the next one."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Makes a folder, as a library would, in the process itself or in a child; waits, and ends.
USER = """
import subprocess, sys, tempfile
from tasks.store.scratch import use_own_folder
use_own_folder()
use_own_folder()
make = "from multiprocessing.util import get_temp_dir; print(get_temp_dir(), flush=True); import sys; sys.stdin.read()"
subprocess.run([sys.executable, "-c", make]) if sys.argv[1:] == ["child"] else exec(make)
sys.stdin.read()
"""
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The system's temporary folder; its path is short, as it usually is."""
    return tmp_path_factory.mktemp("t")


@pytest.fixture
def start(folder: Path) -> Start:
    def start_user(*arguments: str, tmpdir: Path = folder) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", USER, *arguments],
            env={**os.environ, "TMPDIR": str(tmpdir)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start_user


def read_path(process: "subprocess.Popen[str]") -> Path:
    assert process.stdout
    return Path(process.stdout.readline().strip())


def find_own(folder: Path) -> Path:
    return folder / f"bakeoff-{os.getuid()}"


@pytest.mark.parametrize("arguments", [(), ("child",)])
def test_nothing_is_left_when_the_process_ends(arguments: tuple[str, ...], start: Start, folder: Path) -> None:
    with start(*arguments) as process:
        made = read_path(process)
        assert made.is_dir()
        assert made.parent.parent == find_own(folder)
        process.communicate()
    assert process.returncode == 0
    assert not list(find_own(folder).iterdir())


def test_next_process_removes_what_a_killed_one_left_and_nothing_else(start: Start, folder: Path) -> None:
    (folder / "pymp-of-others").mkdir()
    with start() as killed, start() as busy:
        left, used = read_path(killed), read_path(busy)
        killed.kill()
        killed.wait()
        assert left.exists()
        with start() as following:
            read_path(following)
            assert not left.parent.exists()
            assert used.exists()
            following.communicate()
        busy.communicate()
    assert [path.name for path in folder.iterdir() if path != find_own(folder)] == ["pymp-of-others"]
    assert not list(find_own(folder).iterdir())


def test_process_of_a_process_has_its_folder_beside_it(start: Start, folder: Path) -> None:
    with start() as outer:
        made = read_path(outer)
        with start(tmpdir=made.parent) as inner:
            assert read_path(inner).parent.parent == find_own(folder)
            inner.communicate()
        assert made.exists()
        outer.communicate()


@pytest.mark.parametrize("obstacle", ["link", "file", "length"])
def test_where_there_can_be_no_folder_the_process_does_without(obstacle: str, start: Start, folder: Path) -> None:
    if obstacle == "length":
        folder = folder / ("x" * 80)
        folder.mkdir()
    elif obstacle == "link":
        (folder / "elsewhere").mkdir()
        find_own(folder).symlink_to("elsewhere")
    else:
        find_own(folder).touch()
    with start(tmpdir=folder) as process:
        assert read_path(process).parent == folder
        process.communicate()
    assert process.returncode == 0

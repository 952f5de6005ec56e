"""What is in use is known: by the time of an output's last use, and by the locks of running processes."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.store.outputs import Output, produce
from tasks.store.usage import announce_process, find_process_starts, is_held, mark_used, try_lock

PRODUCER = """
import sys
from pathlib import Path
from tasks.store.outputs import Output, produce
output = Output(root=Path(sys.argv[1]), kind="drift", name="a", family="drift", folder="drift/{fingerprint}",
                facts_type=dict, decided_by={})
produce(output, lambda folder: {})
print("produced", flush=True)
sys.stdin.read()
"""


COUNTER = """
import sys
from pathlib import Path
from tasks.store.outputs import locked
root = Path(sys.argv[1])
for _ in range(100):
    with locked(root, "a"):
        number = int((root / "number").read_text())
        (root / "number").write_text(str(number + 1))
"""


def make_output(root: Path) -> Output[dict[str, Any]]:
    return Output(
        root=root,
        kind="drift",
        name="a",
        family="drift",
        folder="drift/{fingerprint}",
        facts_type=dict,
        decided_by={},
    )


def test_reuse_renews_the_time_of_last_use(tmp_path: Path) -> None:
    output = make_output(tmp_path)
    produce(output, lambda _folder: {})
    os.utime(output.path / "manifest.json", (1, 1))

    assert produce(output, lambda _folder: {}).reused
    assert (output.path / "manifest.json").stat().st_mtime > 1


def test_what_cannot_be_touched_is_no_error(tmp_path: Path) -> None:
    mark_used(tmp_path / "missing.json")


def test_process_that_produces_is_seen_until_it_ends(tmp_path: Path) -> None:
    before = time.time() - 1
    with subprocess.Popen(
        [sys.executable, "-c", PRODUCER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "produced\n"
        (started,) = find_process_starts(tmp_path)
        process.kill()
    assert before < started <= time.time() + 1
    assert list(find_process_starts(tmp_path)) == []


def test_one_process_announces_itself_once(tmp_path: Path) -> None:
    for _ in range(2):
        announce_process(tmp_path)
    assert len(list(find_process_starts(tmp_path))) == 1


def test_file_of_a_process_that_was_killed_is_removed_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / ".locks" / "use-0123456789abcdef.lock"
    left.parent.mkdir()
    left.touch()
    announce_process(tmp_path)
    (held,) = left.parent.iterdir()
    assert held != left
    assert is_held(held)


def test_lock_excludes_others_although_its_file_comes_and_goes(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    command = [sys.executable, "-c", COUNTER, str(tmp_path)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "300"
    assert not list((tmp_path / ".locks").iterdir())


def test_lock_is_taken_only_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    assert not is_held(path)
    assert not path.exists()
    with try_lock(path) as first, try_lock(path) as second:
        assert (first, second) == (True, False)
        assert is_held(path)
    assert not is_held(path)


@pytest.mark.parametrize("root", ["missing", "."])
def test_root_without_locks_has_no_process(root: str, tmp_path: Path) -> None:
    assert list(find_process_starts(tmp_path / root)) == []

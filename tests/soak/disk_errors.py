"""Let the disk fail at one step of a command after another: nothing half-done is used, and the next try is right.

By hand: python tests/soak/disk_errors.py --every 7. The commands are `train`, first on nothing and then on a run whose
models are there, `predict` of a file, `promote` and `promote --rollback`, each with Prefect as from the command line.
The flow's own process fails, with the four errors of full and broken disks in turn; the children that train do not.
Exits with 1 if a command ends in a traceback, or the next try is not right.
"""

import argparse
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from damage import SMALL, Ended, call, find_bundle, read_numbers, start_server
from failing_disk import ERRORS, failing_disk

MOST_STEPS = 5_000


class Case(NamedTuple):
    """A command that is tried on a folder, and what it must lead to."""

    title: str
    start: Path
    act: Callable[[Path], Ended]
    read: Callable[[Path], Any]


def train(root: Path) -> Ended:
    return call("train", *SMALL, f"--data-dir={root}/data", f"--artifacts-dir={root}/artifacts")


def predict(root: Path) -> Ended:
    return call("predict", f"--input={root}/rows.csv", f"--output={root}/scored.jsonl", f"--model={find_bundle(root)}")


def promote(root: Path) -> Ended:
    return call("promote", f"--to={find_bundle(root)}", f"--artifacts-dir={root}/artifacts")


def roll_back(root: Path) -> Ended:
    return call("promote", "--rollback", f"--artifacts-dir={root}/artifacts")


def read_champion(root: Path) -> str:
    return (root / "artifacts" / "champion" / "current").readlink().name


def read_scored(root: Path) -> str | None:
    path = root / "scored.jsonl"
    return path.read_text() if path.exists() else None


def try_case(case: Case, root: Path, *, every: int) -> tuple[int, int]:
    """Let the command fail at every few steps; returns how often that was, and how often something was wrong."""
    renew(root, case.start)
    assert case.act(root).status == 0
    expected = case.read(root)
    num_tried = num_wrong = 0
    for number, error in zip(range(1, MOST_STEPS, every), itertools.cycle(ERRORS), strict=False):
        renew(root, case.start)
        with failing_disk(number, error) as disk:
            failed = case.act(root)
        again = case.act(root) if failed.status else failed
        num_tried += 1
        is_right = case.read(root) == expected
        if not failed.is_orderly or not is_right or "Traceback" in failed.errors:
            num_wrong += 1
            print(f"{case.title}, step {number}, {os.strerror(error)}: {failed.errors[-600:]} {again.errors[-300:]}")
        if not disk.has_failed:
            break
    return num_tried, num_wrong


def renew(root: Path, start: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(start, root, symlinks=True)


def prepare(folder: Path) -> list[Case]:
    """Make the folders that the cases start from."""
    nothing, trained, promoted, again = (folder / name for name in ("nothing", "trained", "promoted", "again"))
    nothing.mkdir()
    renew(trained, nothing)
    assert train(trained).status == 0
    (trained / "rows.csv").write_text("text\n" + "a great film\nso dull\n" * 100)
    renew(promoted, trained)
    network = next((promoted / "artifacts" / "models" / "flatten").iterdir())
    assert call("promote", f"--to={network}", f"--artifacts-dir={promoted}/artifacts").status == 0
    renew(again, promoted)
    assert promote(again).status == 0
    return [
        Case("promote", promoted, promote, read_champion),
        Case("roll back", again, roll_back, read_champion),
        Case("predict", trained, predict, read_scored),
        Case("train again", trained, train, read_numbers),
        Case("train", nothing, train, read_numbers),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="try each of so many steps [1]")
    every = parser.parse_args().every
    total_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        start_server(folder)
        for case in prepare(Path(folder)):
            num_tried, num_wrong = try_case(case, Path(folder, "root"), every=every)
            total_wrong += num_wrong
            print(f"{case.title}: {num_tried} steps failed, {num_wrong} times something was wrong", flush=True)
    return int(total_wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

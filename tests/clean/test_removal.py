"""Removing is done in one step for whoever looks, under locks, and not at all when something is used meanwhile."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tasks.clean.removal import remove_items

KILLED = """
import os, shutil, signal, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tasks.clean.plan import plan_cleaning
from tasks.clean.removal import remove_items
shutil.rmtree = lambda path: os.kill(os.getpid(), signal.SIGKILL)
plan = plan_cleaning(Path(sys.argv[1]), Path(sys.argv[2]), age=timedelta(days=30), keep_runs=1, time=datetime.now(UTC))
list(remove_items(plan.removable, cutoff=plan.cutoff))
"""


def test_killed_cleaning_leaves_nothing_that_looks_whole(world: Any, age: Callable[[Path, float], Path]) -> None:
    before = world.add_reviews("any")
    command = [sys.executable, "-c", KILLED, str(world.data), str(world.artifacts)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL

    assert not (world.data / before.folder).exists()
    (left,) = (world.data / ".work").iterdir()
    # A run makes it again, and the next cleaning removes what is left.
    assert world.add_reviews("any", days=1).files == before.files
    age(left, 60)
    assert world.clean() == {f".work/{left.name}"}
    assert (world.data / before.folder).exists()


def test_what_is_used_between_plan_and_removal_stays(world: Any) -> None:
    reviews = world.add_reviews("any")
    plan = world.plan()
    os.utime(world.data / reviews.folder / "manifest.json")
    removed = list(remove_items(plan.removable, cutoff=plan.cutoff))
    assert reviews.folder not in {item.name for item in removed}
    assert (world.data / reviews.folder / "train.parquet").exists()


def test_what_is_gone_meanwhile_is_no_error(world: Any) -> None:
    reviews = world.add_reviews("any")
    plan = world.plan()
    world.clean()
    assert not [it for it in remove_items(plan.removable, cutoff=plan.cutoff) if it.name == reviews.folder]


def test_output_that_was_removed_is_made_again(world: Any) -> None:
    before = world.add_encoding("words", world.add_reviews("any"))
    world.clean()
    after = world.add_encoding("words", world.add_reviews("any"))
    assert (before.fingerprint, before.files) == (after.fingerprint, after.files)

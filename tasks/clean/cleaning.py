"""Clean the folders of data and artifacts, one cleaning at a time."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tasks.clean.inventory import Item
from tasks.clean.plan import plan_cleaning
from tasks.clean.removal import hold_roots, remove_items
from tasks.promote.champion import hold_champion


class Cleaned(NamedTuple):
    """What was removed, or would be, and what only stays because something unknown is in it."""

    removed: list[Item]
    unknown: list[Item]


def clean_folders(
    data_dir: Path,
    artifacts_dir: Path,
    *,
    age: timedelta,
    keep_runs: int,
    dry_run: bool = False,
    on_wait: Callable[[], None] = lambda: None,
) -> Cleaned:
    """Remove what has not been used for `age` and nothing needs; in a dry run, only find it.

    Calls `on_wait` if the champion is being changed. Raises UserError when the champion's history or one of the newest
    runs cannot be read.
    """
    with contextlib.ExitStack() as stack:
        if not dry_run:
            stack.enter_context(hold_roots(data_dir, artifacts_dir))
            stack.enter_context(hold_champion(artifacts_dir, on_wait=on_wait))
        plan = plan_cleaning(data_dir, artifacts_dir, age=age, keep_runs=keep_runs, time=datetime.now(UTC))
        removed = plan.removable if dry_run else list(remove_items(plan.removable, cutoff=plan.cutoff))
    return Cleaned(removed, plan.unknown)

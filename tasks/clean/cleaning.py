"""Clean the folders of data and artifacts, one cleaning at a time."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tasks.clean.inventory import Item
from tasks.clean.plan import Plan, measure_folders, measure_items, plan_cleaning
from tasks.clean.removal import hold_roots, remove_items
from tasks.clean.shadow import Shadow, open_shadow
from tasks.clean.stored_removal import remove_stored
from tasks.promote.champion import hold_champion


class Cleaned(NamedTuple):
    """What was removed, or would be, what stays only because something unknown is in it, and the bytes left over."""

    removed: list[Item]
    unknown: list[Item]
    num_bytes: int


def clean_folders(
    data_dir: Path,
    artifacts_dir: Path,
    *,
    age: timedelta | None,
    keep_runs: int,
    budget: int | None = None,
    dry_run: bool = False,
    on_wait: Callable[[], None] = lambda: None,
) -> Cleaned:
    """Remove what has not been used for `age` and nothing needs, and more if `budget` bytes are exceeded.

    In a dry run, only find it. Calls `on_wait` if the champion is being changed. Raises UserError when the champion's
    history or one of the newest runs cannot be read.
    """
    with contextlib.ExitStack() as stack:
        if not dry_run:
            stack.enter_context(hold_roots(data_dir, artifacts_dir))
            stack.enter_context(hold_champion(artifacts_dir, on_wait=on_wait))
        shadows = [stack.enter_context(open_shadow(root, keep_runs=keep_runs)) for root in (data_dir, artifacts_dir)]
        seen = [shadow.folder for shadow in shadows]
        plan = plan_cleaning(*seen, age=age, keep_runs=keep_runs, time=datetime.now(UTC), budget=budget)
        removed = plan.removable if dry_run else list(remove(plan, shadows))
        left = measure_folders(*seen) - (measure_items(removed) if dry_run else 0)
    return Cleaned(removed, plan.unknown, left)


def remove(plan: Plan, shadows: Iterable[Shadow]) -> Iterator[Item]:
    """Remove what was planned, from disks and from object stores; yields what was removed."""
    stored = {shadow.folder: shadow for shadow in shadows if shadow.store}
    for item in plan.removable:
        if item.root in stored:
            yield from remove_stored([item], stored[item.root], cutoff=plan.cutoff)
        else:
            yield from remove_items([item], cutoff=plan.cutoff)

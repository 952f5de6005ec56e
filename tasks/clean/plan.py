"""What cleaning removes: whatever is old, not in use, and referred to by neither a champion nor a newest run."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from tasks.clean.inventory import (
    ARTIFACT_PLACES,
    DATA_PLACES,
    RUN_PLACES,
    Item,
    find_events,
    find_leftovers,
    find_locks,
    find_outputs,
    find_runs,
    measure_size,
)
from tasks.clean.references import find_referred, gather_references
from tasks.store.layout import LATEST
from tasks.store.usage import find_process_starts, is_held


class Plan(NamedTuple):
    """What can be removed, and what stays only because it contains something unknown.

    Everything used at or after `cutoff`, in seconds since the epoch, stays.
    """

    cutoff: float
    removable: list[Item]
    unknown: list[Item]


class Inventory(NamedTuple):
    """Everything in the two root folders that this project made; `runs` are those of each kind, oldest first."""

    artifacts_dir: Path
    runs: list[list[Item]]
    outputs: list[Item]
    others: list[Item]


def take_inventory(data_dir: Path, artifacts_dir: Path) -> Inventory:
    """Find everything in the two root folders."""
    roots = (data_dir, artifacts_dir)
    return Inventory(
        artifacts_dir,
        [find_runs(artifacts_dir, place) for place in RUN_PLACES],
        [*find_outputs(data_dir, DATA_PLACES), *find_outputs(artifacts_dir, ARTIFACT_PLACES)],
        [*chain.from_iterable(map(find_leftovers, roots)), *chain.from_iterable(map(find_locks, roots))],
    )


def plan_cleaning(
    data_dir: Path,
    artifacts_dir: Path,
    *,
    age: timedelta | None,
    keep_runs: int,
    time: datetime,
    budget: int | None = None,
) -> Plan:
    """Choose what has not been used for `age` before `time` and is not needed, and more if `budget` bytes are exceeded.

    Everything used since the start of a process that is still running counts as in use. Raises UserError when the
    champion's history or one of the newest runs cannot be read.
    """
    starts = [start for root in (data_dir, artifacts_dir) for start in find_process_starts(root)]
    latest = min([time.timestamp(), *starts])
    inventory = take_inventory(data_dir, artifacts_dir)
    cutoff = -math.inf if age is None else min(latest, (time - age).timestamp())
    old = choose(inventory, cutoff=cutoff, keep_runs=keep_runs)
    fine, unknown = [item for item in old if not item.unknown], [item for item in old if item.unknown]
    if budget is not None:
        surplus = measure_folders(data_dir, artifacts_dir) - measure_items(fine) - budget
        fine += choose_oldest(inventory, fine, surplus=surplus, cutoff=latest, keep_runs=keep_runs)
    return Plan(latest, fine, unknown)


def choose(inventory: Inventory, *, cutoff: float, keep_runs: int) -> list[Item]:
    """Choose what was last used before `cutoff` and neither a champion nor one of the newest runs needs."""
    newest = [run for place in inventory.runs for run in choose_newest(place, keep_runs)]
    recent = [item for item in inventory.outputs if item.last_used >= cutoff]
    stays = find_referred(inventory.outputs, recent, gather_references(inventory.artifacts_dir, newest))
    stays |= {run.path for run in newest}
    candidates = [
        *chain.from_iterable(inventory.runs),
        *inventory.outputs,
        *choose_events(inventory.artifacts_dir, stays),
        *inventory.others,
    ]
    return [item for item in candidates if item.path not in stays and item.last_used < cutoff and not is_in_use(item)]


def choose_oldest(
    inventory: Inventory, taken: Sequence[Item], *, surplus: int, cutoff: float, keep_runs: int
) -> list[Item]:
    """Choose more to remove, what was used longest ago first, until `surplus` bytes are gone.

    If that is not enough, fewer of the newest runs keep what they refer to, and in the end only one. What champions
    need stays.
    """
    paths = {item.path for item in taken}
    chosen: list[Item] = []
    while surplus > 0 and keep_runs > 0:
        found = [
            item
            for item in choose(inventory, cutoff=cutoff, keep_runs=keep_runs)
            if item.path not in paths and not item.unknown
        ]
        for item in sorted(found, key=lambda item: item.last_used):
            if surplus > 0:
                chosen.append(item)
                paths.add(item.path)
                surplus -= item.num_bytes
        keep_runs -= 1
    return chosen


def measure_folders(*folders: Path) -> int:
    """Add up the sizes of all files in folders, in bytes."""
    return sum(measure_size(folder) for folder in folders if folder.exists())


def measure_items(items: Iterable[Item]) -> int:
    """Add up the sizes of items, in bytes."""
    return sum(item.num_bytes for item in items)


def choose_newest(runs: Iterable[Item], keep_runs: int) -> list[Item]:
    """Choose the newest complete runs, and the one that `latest` points to."""
    whole = [run for run in runs if not run.path.name.startswith(".")]
    latest = {(run.path.parent / LATEST).resolve() for run in whole}
    return [run for run in whole if run in whole[-keep_runs:] or run.path.resolve() in latest]


def choose_events(artifacts_dir: Path, stays: Iterable[Path]) -> list[Item]:
    """Choose the TensorBoard logs whose models do not stay."""
    fingerprints = {path.name for path in stays}
    return [item for item in find_events(artifacts_dir) if item.fingerprint not in fingerprints]


def is_in_use(item: Item) -> bool:
    """Tell whether a process holds one of an item's locks."""
    return any(is_held(lock) for lock in item.locks)

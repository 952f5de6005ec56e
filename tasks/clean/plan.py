"""What cleaning removes: whatever is old, not in use, and referred to by neither a champion nor a newest run."""

from collections.abc import Iterable
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


def plan_cleaning(data_dir: Path, artifacts_dir: Path, *, age: timedelta, keep_runs: int, time: datetime) -> Plan:
    """Choose what has not been used for `age` before `time` and is not needed.

    Everything used since the start of a process that is still running counts as in use. Raises UserError when the
    champion's history or one of the newest runs cannot be read.
    """
    starts = [start for root in (data_dir, artifacts_dir) for start in find_process_starts(root)]
    cutoff = min([(time - age).timestamp(), *starts])
    runs = [find_runs(artifacts_dir, place) for place in RUN_PLACES]
    newest = [run for place in runs for run in choose_newest(place, keep_runs)]
    outputs = [*find_outputs(data_dir, DATA_PLACES), *find_outputs(artifacts_dir, ARTIFACT_PLACES)]
    recent = [item for item in outputs if item.last_used >= cutoff]
    stays = find_referred(outputs, recent, gather_references(artifacts_dir, newest))
    stays |= {run.path for run in newest}
    candidates = [
        *chain.from_iterable(runs),
        *outputs,
        *choose_events(artifacts_dir, stays),
        *chain.from_iterable(find_leftovers(root) for root in (data_dir, artifacts_dir)),
        *chain.from_iterable(find_locks(root) for root in (data_dir, artifacts_dir)),
    ]
    old = [item for item in candidates if item.path not in stays and item.last_used < cutoff and not is_in_use(item)]
    return Plan(cutoff, [item for item in old if not item.unknown], [item for item in old if item.unknown])


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

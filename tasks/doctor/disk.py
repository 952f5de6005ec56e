"""Checks of this machine's disk: free space, the champion's files, and what cleaning would remove."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from tasks.clean.cleaning import clean_folders
from tasks.clean.inventory import read_start, walk_files
from tasks.clean.render import count, format_size
from tasks.doctor.findings import Finding, look
from tasks.evaluate.bundle import read_facts
from tasks.promote.champion import check_as_promoted
from tasks.promote.link import find_champion
from tasks.promote.shared import receive_champion
from tasks.store.layout import CHAMPION, LATEST, RUNS

# There should be room for this many runs like the newest one.
RUNS_AHEAD: Final = 10


def check_space(data_dir: Path, artifacts_dir: Path) -> Iterator[Finding]:
    """Compare the free space with what the newest run wrote."""
    written = measure_newest_run(data_dir, artifacts_dir)
    for root in (data_dir, artifacts_dir):
        free = shutil.disk_usage(find_existing(root)).free
        message = f"{format_size(free)} free in {root}"
        if written:
            message += f"; the newest run wrote {format_size(written)}"
        if free < RUNS_AHEAD * written:
            yield look("disk", f"{message}; expected room for {RUNS_AHEAD} more. Make room with: bakeoff clean.")
        else:
            yield Finding("disk", message)


def measure_newest_run(data_dir: Path, artifacts_dir: Path) -> int:
    """Add up the sizes of all files written since the newest run started, in bytes; 0 without a run."""
    try:
        started = read_start((artifacts_dir / RUNS / LATEST).resolve(strict=True).name)
    except (FileNotFoundError, ValueError):
        return 0
    found = [path.lstat() for root in (data_dir, artifacts_dir) if root.exists() for path in walk_files(root)]
    return sum(it.st_size for it in found if it.st_mtime >= started)


def find_existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next(it for it in (path, *path.parents) if it.exists())


def check_champion(artifacts_dir: Path) -> Iterator[Finding]:
    """Check every file of the champion against its hash. Raises UserError when one differs or is missing."""
    receive_champion(artifacts_dir)
    champion = find_champion(artifacts_dir / CHAMPION)
    if champion is None:
        yield Finding("champion", "there is none; the first run whose model passes the gate makes one")
    else:
        facts = read_facts(champion)
        check_as_promoted(artifacts_dir / CHAMPION, champion.name)
        yield Finding("champion", f"{facts.variant}, trained on {facts.dataset.name}; all files match their hashes")


def check_leftovers(data_dir: Path, artifacts_dir: Path, *, age: timedelta, keep_runs: int) -> Iterator[Finding]:
    """Say what cleaning would remove."""
    removable = clean_folders(data_dir, artifacts_dir, age=age, keep_runs=keep_runs, dry_run=True).removed
    size = format_size(sum(item.num_bytes for item in removable))
    yield Finding("cleaning", f"bakeoff clean would remove {count(len(removable), 'item')}, {size}")

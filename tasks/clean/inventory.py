"""What the two root folders contain: every folder that this project made, and nothing else.

A folder counts as the project's own only if its place, its name and all files in it are known. A folder with anything
else in it, such as a person's notes, is left in place; symbolic links are never followed.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from tasks.store.layout import (
    AUDITS,
    CHALLENGES,
    COMPARISONS,
    CURVES,
    DEVICES,
    DRIFT,
    ENCODERS,
    ENCODINGS,
    EVENTS,
    GROWTHS,
    LABEL_ERRORS,
    LESSONS,
    MEASUREMENTS,
    MODELS,
    PROBE_RUNS,
    REGIONS,
    REVIEWS,
    RUNS,
    RUNTIME,
    TEXT_VECTORS,
    UNLABELLED,
    VECTORS,
)
from tasks.store.outputs import COMPLETE, WORK_FOLDER, Manifest, read_manifest
from tasks.store.sums import SUMS
from tasks.store.usage import LOCK_FOLDER

FINGERPRINT: Final = re.compile(r"(?:.+-)?([0-9a-f]{16})")
RUN_ID: Final = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
WORK_NAME: Final = re.compile(r"[a-z]+-[0-9a-f]{16}")
LOCK_NAME: Final = re.compile(r"(?:[a-z]+-[0-9a-f]{16})\.lock")
# A temporary file that is left when a process is killed while it replaces a file.
TEMPORARY: Final = re.compile(r"\.[\w.-]+\.\d+")
EVENT_FILE: Final = re.compile(r"events\.out\.tfevents\..+")
MANIFESTS: Final = (COMPLETE, "training.json")
RUN_FILES: Final = frozenset(
    {
        "config.json",
        "curve.csv",
        "curve.json",
        "label_errors.csv",
        "label_errors.json",
        "leaderboard.csv",
        "leaderboard.json",
        "metrics.json",
        "probe.csv",
        "probe.json",
        "report.html",
        "summary.md",
        SUMS,
    }
)


class Place(NamedTuple):
    """Where outputs of one kind are kept, relative to their root, and the kind that starts the names of their locks."""

    title: str
    pattern: str
    lock: str


DATA_PLACES: Final = (
    Place("reviews", f"{REVIEWS}/*", "reviews"),
    Place("encoding", f"{ENCODINGS}/*", "encoding"),
    Place("unlabelled texts", f"{UNLABELLED}/*", "unlabelled"),
    Place("word vectors", f"{VECTORS}/*", "vectors"),
    Place("encoder", f"{ENCODERS}/*", "encoder"),
    Place("embeddings of regions", f"{REGIONS}/*", "regions"),
    Place("text vectors", f"{TEXT_VECTORS}/*", "text-vectors"),
    Place("further test set", f"{CHALLENGES}/*", "challenge"),
    Place("chart runtime", f"{RUNTIME}/*", "runtime"),
)
ARTIFACT_PLACES: Final = (
    Place("model", f"{MODELS}/*/*", "training"),
    Place("lessons", f"{LESSONS}/*", "lessons"),
    Place("answers to a further test set", f"{CHALLENGES}/*", "answers"),
    Place("comparison", f"{COMPARISONS}/*", "comparison"),
    Place("audit of labels", f"{AUDITS}/*", "audit"),
    Place("drift", f"{DRIFT}/*", "drift"),
    Place("memory measurement", f"{MEASUREMENTS}/*", "memory"),
    Place("measured growth", f"{GROWTHS}/*", "curve"),
    Place("choice of a device", f"{DEVICES}/*", "device"),
    # The names in version 0.1.
    Place("memory measurement", "probes/*", "probe"),
)
EVENT_PLACE: Final = Place("TensorBoard log", f"{EVENTS}/*/*", "training")
RUN_PLACES: Final = (
    Place("run", f"{RUNS}/*", ""),
    Place("probe", f"{PROBE_RUNS}/*", ""),
    Place("list of label errors", f"{LABEL_ERRORS}/*", ""),
    Place("learning curve", f"{CURVES}/*", ""),
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A folder or lock file that this project made.

    `locks` are the files of the locks that are held while it is made or read; `last_used` is in seconds since the
    epoch; `unknown` names a file in the folder that does not belong there.
    """

    title: str
    root: Path
    path: Path
    locks: tuple[Path, ...]
    last_used: float
    num_bytes: int
    manifests: tuple[Manifest[dict[str, Any]], ...] = ()
    unknown: str | None = None

    @property
    def name(self) -> str:
        """The path relative to the root."""
        return str(self.path.relative_to(self.root))

    @property
    def fingerprint(self) -> str:
        """The fingerprint in the folder's name; empty where there is none."""
        match = FINGERPRINT.fullmatch(self.path.name)
        return match[1] if match else ""


def find_outputs(root: Path, places: Iterable[Place]) -> Iterator[Item]:
    """Find the outputs in a root; a file is known if the manifest of any output in the same place lists its name."""
    for place in places:
        folders = [path for path in find_folders(root, place.pattern) if FINGERPRINT.fullmatch(path.name)]
        manifests = {folder: read_manifests(folder) for folder in folders}
        known = {name for found in manifests.values() for manifest in found for name in manifest.files}
        for folder in folders:
            yield describe_output(root, folder, place, manifests[folder], known)


def describe_output(
    root: Path, folder: Path, place: Place, manifests: tuple[Manifest[dict[str, Any]], ...], known: set[str]
) -> Item:
    """Describe an output and the locks that are held while it is made."""
    locks = {f"{place.lock}-{folder.name[-16:]}", *(f"{it.kind}-{it.fingerprint}" for it in manifests)}
    return Item(
        title=place.title,
        root=root,
        path=folder,
        locks=tuple(root / LOCK_FOLDER / f"{name}.lock" for name in sorted(locks)),
        last_used=find_last_use(folder),
        num_bytes=measure_size(folder),
        manifests=manifests,
        unknown=find_unknown(folder, known | set(MANIFESTS)),
    )


def find_events(artifacts_dir: Path) -> Iterator[Item]:
    """Find the TensorBoard logs, one folder per training."""
    for folder in find_folders(artifacts_dir, EVENT_PLACE.pattern):
        if FINGERPRINT.fullmatch(folder.name):
            yield Item(
                title=EVENT_PLACE.title,
                root=artifacts_dir,
                path=folder,
                locks=(artifacts_dir / LOCK_FOLDER / f"{EVENT_PLACE.lock}-{folder.name}.lock",),
                last_used=find_last_use(folder),
                num_bytes=measure_size(folder),
                unknown=find_unknown(folder, [name for name in list_files(folder) if EVENT_FILE.fullmatch(name)]),
            )


def find_runs(artifacts_dir: Path, place: Place) -> list[Item]:
    """Find the results of runs, oldest first, including unfinished ones of runs that were killed."""
    runs = [
        Item(
            title=place.title,
            root=artifacts_dir,
            path=folder,
            locks=(),
            last_used=find_last_use(folder),
            num_bytes=measure_size(folder),
            unknown=find_unknown(folder, RUN_FILES),
        )
        for folder in find_folders(artifacts_dir, place.pattern)
        if RUN_ID.fullmatch(folder.name.removeprefix("."))
    ]
    return sorted(runs, key=lambda run: run.path.name)


def read_start(run: str) -> float:
    """Read when a run started, in seconds since the epoch, from its name such as 20260102-030405-abcdef12.

    Raises ValueError for another name.
    """
    return datetime.strptime(run[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).timestamp()


def find_leftovers(root: Path) -> Iterator[Item]:
    """Find what interrupted work has left: checkpoints, unfinished outputs, and folders that were being removed."""
    for folder in find_folders(root, f"{WORK_FOLDER}/*"):
        if WORK_NAME.fullmatch(folder.name):
            yield Item(
                title="interrupted work",
                root=root,
                path=folder,
                locks=(root / LOCK_FOLDER / f"{folder.name}.lock",),
                last_used=find_last_use(folder),
                num_bytes=measure_size(folder),
            )


def find_locks(root: Path) -> Iterator[Item]:
    """Find lock files, except the champion's lock, which is always needed."""
    if is_real_folder(root / LOCK_FOLDER):
        for path in sorted((root / LOCK_FOLDER).iterdir()):
            if LOCK_NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                yield Item(
                    title="lock file",
                    root=root,
                    path=path,
                    locks=(path,),
                    last_used=find_last_use(path),
                    num_bytes=measure_size(path),
                )


def find_last_use(path: Path) -> float:
    """Return the time of the last use in seconds since the epoch: that of the newest manifest, or else file."""
    manifests = [path / name for name in MANIFESTS if (path / name).is_file()]
    times = [it.lstat().st_mtime for it in manifests or walk_files(path)]
    return max(times, default=path.lstat().st_mtime)


def measure_size(path: Path) -> int:
    """Return the size of a file, or of all files in a folder, in bytes."""
    return sum(it.lstat().st_size for it in walk_files(path))


def walk_files(path: Path) -> list[Path]:
    """List a file itself, or all files below a folder; links are listed but not followed."""
    if not is_real_folder(path):
        return [path]
    return [Path(folder, name) for folder, _, names in os.walk(path) for name in names]


def find_folders(root: Path, pattern: str) -> list[Path]:
    """Find folders by a pattern such as models/*/*, without following symbolic links below the root."""
    found = [root]
    for part in pattern.split("/"):
        inside = [path for folder in found for path in ([folder / part] if part != "*" else list_folders(folder))]
        found = [path for path in inside if is_real_folder(path)]
    return sorted(found)


def list_folders(folder: Path) -> list[Path]:
    """List the content of a folder; empty if the folder has been removed in the meantime."""
    with contextlib.suppress(FileNotFoundError):
        return list(folder.iterdir())
    return []


def is_real_folder(path: Path) -> bool:
    """Tell whether a path is a folder and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def list_files(folder: Path) -> dict[str, os.stat_result]:
    """List the plain files of a folder by name."""
    with os.scandir(folder) as entries:
        return {it.name: it.stat(follow_symlinks=False) for it in entries if it.is_file(follow_symlinks=False)}


def find_unknown(folder: Path, known: Iterable[str]) -> str | None:
    """Return the name of something in a folder that is not a plain file with a known name, or None."""
    files, names = list_files(folder), set(known)
    unknown = (
        path.name
        for path in sorted(folder.iterdir())
        if path.name not in files or (path.name not in names and not TEMPORARY.fullmatch(path.name))
    )
    return next(unknown, None)


def read_manifests(folder: Path) -> tuple[Manifest[dict[str, Any]], ...]:
    """Read the manifests of an output; missing and damaged ones are left out."""
    found = []
    for name in MANIFESTS:
        with contextlib.suppress(OSError, ValueError):
            found.append(read_manifest(folder / name, dict))
    return tuple(found)

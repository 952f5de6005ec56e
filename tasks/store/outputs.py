"""Where outputs are kept, what identifies them, and how they are made complete.

An output is a set of files in one folder, described by a manifest that is written last: files with a manifest are
complete. The fingerprint covers everything that decides the output (settings, hashes of the inputs, code, library
versions, seed), so an intact output with the same fingerprint can be reused by any run. Each output is made under a
file lock in a working folder and moved into place file by file, each move being atomic.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, cast

from filelock import FileLock
from pydantic import BaseModel, ConfigDict
from typing_extensions import TypeVar

from tasks.store.contract import Store, open_store
from tasks.store.durable import write_atomically
from tasks.store.fingerprint import describe_difference, find_differences, fingerprint, hash_json
from tasks.store.usage import LOCK_FOLDER, release

# The type of the facts in a manifest; the default, plain JSON, is for readers that do not use them.
FactsT = TypeVar("FactsT", default=dict[str, Any])

WORK_FOLDER = ".work"
COMPLETE = "manifest.json"
REUSED = "reused: same fingerprint"
BEATEN = "made, but used as another machine had made it first"
# How many earlier outputs a new one is compared with, to say why it was made.
MOST_COMPARED = 30


class FileRecord(BaseModel):
    """The hash and size that a file must have to count as intact."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    num_bytes: int


class Manifest(BaseModel, Generic[FactsT]):
    """The small record that tasks exchange in place of the data; `folder` is relative to its root.

    `facts` is the description that the function that made the output returned, as a frozen model of its room.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    name: str
    fingerprint: str
    folder: str
    decided_by: dict[str, Any]
    facts: FactsT
    files: dict[str, FileRecord]
    created: str
    # None in manifests of version 0.2 and older.
    checksum: str | None = None

    @property
    def content_hash(self) -> str:
        """One hash over all files, which is equal exactly when every byte is equal."""
        return hash_json({name: record.sha256 for name, record in sorted(self.files.items())})


@dataclass(frozen=True, kw_only=True)
class Output(Generic[FactsT]):
    """A planned output: where it goes and everything that decides it.

    `folder` may contain "{fingerprint}". `family` is the folder of earlier outputs of the same kind, which show what
    has changed since; both are relative to `root`. `facts_type` is the model of the facts in its manifest.
    """

    root: Path
    kind: str
    name: str
    family: str
    folder: str
    decided_by: dict[str, Any]
    facts_type: type[FactsT]
    manifest_name: str = COMPLETE

    @property
    def path(self) -> Path:
        """The folder of the published files."""
        return self.root / self.relative_path

    @property
    def relative_path(self) -> str:
        """The same, relative to the root."""
        return self.folder.format(fingerprint=self.fingerprint)

    @property
    def fingerprint(self) -> str:
        """The hash of everything that decides this output, in 16 hexadecimal digits."""
        return fingerprint({"kind": self.kind, **self.decided_by})

    @property
    def work_folder(self) -> Path:
        """Where the output is made; it survives a kill, so that work with checkpoints can resume."""
        return self.root / WORK_FOLDER / f"{self.kind}-{self.fingerprint}"


# An output, and the function that makes its files in a given folder and returns its facts.
Plan = tuple[Output[FactsT], Callable[[Path], FactsT]]


@dataclass(frozen=True)
class Produced(Generic[FactsT]):
    """A complete output, whether it was reused, and the reason."""

    manifest: Manifest[FactsT]
    reused: bool
    reason: str


def produce(
    output: Output[FactsT], make: Callable[[Path], FactsT], *, on_wait: Callable[[], None] = lambda: None
) -> Produced[FactsT]:
    """Reuse the output if it is intact; otherwise `make` it in a working folder and publish it.

    `make` writes files into the folder that it is given and returns the facts of the manifest. If two processes need
    the same output, on this machine or another one, only the first makes it; the second calls `on_wait`, waits, and
    reuses it.
    """
    store, name = open_store(output.root), f"{output.kind}-{output.fingerprint}"
    store.announce()
    with locked(output.root, name, on_wait=on_wait):
        found = find(output, store)
        if isinstance(found, Produced):
            return found
        with store.claim(name, on_wait=on_wait) as has_waited:
            if has_waited and isinstance(again := find(output, store), Produced):
                return again
            return make_output(output, make, store, reason=found)


def find(output: Output[FactsT], store: Store) -> Produced[FactsT] | str:
    """Return the output if it is there and intact, or else the reason why it must be made."""
    is_kept = store.fetch(output.relative_path, output.manifest_name)
    if reason := why_not_reusable(output):
        return reason
    # Left by a process that was killed between its last two steps.
    shutil.rmtree(output.work_folder, ignore_errors=True)
    if not is_kept:
        store.publish(output.relative_path, output.manifest_name)
    store.mark_used(output.relative_path, output.manifest_name)
    return Produced(read_manifest(output.path / output.manifest_name, output.facts_type), True, REUSED)


def make_output(
    output: Output[FactsT], make: Callable[[Path], FactsT], store: Store, *, reason: str
) -> Produced[FactsT]:
    """Make the output and publish it; if another machine was faster, its output is the result."""
    output.work_folder.mkdir(parents=True, exist_ok=True)
    delete_files(output.work_folder)
    try:
        with store.keep_scratch(str(output.work_folder.relative_to(output.root))):
            manifest = publish(output, make(output.work_folder))
            if store.publish(output.relative_path, output.manifest_name):
                return Produced(manifest, False, reason)
    except BaseException:
        delete_files(output.work_folder)
        raise
    return Produced(read_manifest(output.path / output.manifest_name, output.facts_type), True, BEATEN)


def delete_files(work_folder: Path) -> None:
    """Delete the files of an interrupted attempt; keep subfolders (checkpoints), so that the next one can resume."""
    for path in work_folder.glob("*"):
        if path.is_file():
            path.unlink()


def publish(output: Output[FactsT], facts: FactsT) -> Manifest[FactsT]:
    """Move the files of the working folder into place, the manifest last; subfolders are scratch and are deleted."""
    work = output.work_folder
    files = {path.name: record_file(path) for path in sorted(work.iterdir()) if path.is_file()}
    manifest = manifest_of(output.facts_type)(
        kind=output.kind,
        name=output.name,
        fingerprint=output.fingerprint,
        folder=output.relative_path,
        decided_by=output.decided_by,
        facts=facts,
        files=files,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    manifest = manifest.model_copy(update={"checksum": sum_up(json.loads(manifest.model_dump_json()))})
    output.path.mkdir(parents=True, exist_ok=True)
    for stale in {output.manifest_name, COMPLETE}:
        (output.path / stale).unlink(missing_ok=True)
    for name in files:
        os.replace(work / name, output.path / name)
    write_atomically(output.path / output.manifest_name, manifest.model_dump_json(indent=2) + "\n")
    shutil.rmtree(work)
    return manifest


def why_not_reusable(output: Output[Any]) -> str | None:
    """Return the reason why the output must be made, or None when it exists and is intact."""
    path = output.path / output.manifest_name
    if not path.exists():
        return f"made: {explain_change(output)}"
    try:
        manifest = read_manifest(path, output.facts_type)
    except ValueError:
        return f"re-made: {path.name} could not be read"
    if manifest.fingerprint != output.fingerprint:
        return f"re-made: {describe_difference(manifest.decided_by, output.decided_by)}"
    for name, record in manifest.files.items():
        if not (output.path / name).is_file():
            return f"re-made: {name} is missing"
        if record_file(output.path / name) != record:
            return f"re-made: {name} does not match its hash"
    return None


def explain_change(output: Output[Any]) -> str:
    """Describe what differs from the most similar earlier output of the family: "encoding.length 120 -> 200".

    Only those used last are compared, so that this does not take longer from night to night.
    """
    earlier = []
    for text in open_store(output.root).list_manifests(output.family, output.manifest_name, most=MOST_COMPARED):
        with contextlib.suppress(ValueError):
            manifest = parse_manifest(text, dict)
            if manifest.name == output.name and manifest.kind == output.kind:
                earlier.append(manifest.decided_by)
    if not earlier:
        return "nothing to reuse"
    return describe_difference(
        min(earlier, key=lambda it: len(find_differences(it, output.decided_by))), output.decided_by
    )


@contextlib.contextmanager
def locked(root: Path, name: str, *, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a lock between processes; calls `on_wait` if it must wait. The system frees the lock if its holder dies.

    The lock's file is removed in the end.
    """
    folder = root / LOCK_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock")
    try:
        lock.acquire(blocking=False)
    except TimeoutError:
        on_wait()
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        release(lock)


def record_file(path: Path) -> FileRecord:
    """Hash a file without reading it into memory."""
    with path.open("rb") as file:
        return FileRecord(sha256=hashlib.file_digest(file, "sha256").hexdigest(), num_bytes=path.stat().st_size)


def read_manifest(path: Path, facts_type: type[FactsT]) -> Manifest[FactsT]:
    """Read a manifest; raises ValueError when it is not one, was changed, or has facts that do not fit the type."""
    return parse_manifest(path.read_text(encoding="utf-8"), facts_type)


def parse_manifest(text: str, facts_type: type[FactsT]) -> Manifest[FactsT]:
    """Read the text of a manifest, as `read_manifest` does."""
    manifest = manifest_of(facts_type).model_validate_json(text)
    if manifest.checksum is not None and manifest.checksum != sum_up(json.loads(text)):
        raise ValueError("the manifest was changed: it does not match its checksum")
    return manifest


def sum_up(content: dict[str, Any]) -> str:
    """Hash what a manifest says, except for its checksum."""
    return hash_json({name: value for name, value in content.items() if name != "checksum"})


def manifest_of(facts_type: type[FactsT]) -> type[Manifest[FactsT]]:
    """Return the model of a manifest with facts of a type: manifest_of(dict) for plain JSON."""
    return cast("type[Manifest[FactsT]]", Manifest[facts_type])  # type: ignore[valid-type]  # chosen at run time

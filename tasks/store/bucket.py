"""A root in an object store: its folder on this machine is a copy, fetched from and published to an address.

<folder>/<manifest>              the manifest of an output, created last and only once
<folder>/<sha256>/<file>         the files that it lists, each under its hash, so that none is ever changed
<folder>/<file>.used             empty: when it was written, the output was used
runs/<run id>/<file>             the files of a run, its SHA256SUMS last
runs/latest                      a pointer: its content is the name of what it leads to
.locks/<name>.lease              leases, and those of processes that use the root
.work/<output>/checkpoint/       checkpoints of work in progress
"""

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Final
from uuid import uuid4

from tasks.store.checkpoints import keep_checkpoints
from tasks.store.contract import Pointer
from tasks.store.durable import write_atomically
from tasks.store.leases import Lease, hold_lease, identify_machine, name_lease
from tasks.store.objects import ABSENT, Objects, open_objects
from tasks.store.usage import PROCESS_PREFIX, announce_process, mark_used

USED: Final = ".used"
# The file of a folder that is written last, because the others are checked against it.
LAST_FILES: Final = ("SHA256SUMS",)

logger: Final = logging.getLogger(__name__)


class DamagedError(Exception):
    """An object is missing, or does not match its hash."""


class Bucket:
    """The store whose root is an address."""

    def __init__(self, root: Path, address: str) -> None:
        self.root = root
        self.address = address
        self.lease: Lease | None = None

    @cached_property
    def objects(self) -> Objects:
        """The objects below the address."""
        return open_objects(self.address)

    @cached_property
    def machine(self) -> str:
        """What tells this copy from those on other machines."""
        return identify_machine(self.root)

    def announce(self) -> None:
        """Hold a lock for processes of this machine and a lease for others, until this process ends."""
        announce_process(self.root)
        if self.lease is None:
            self.lease = Lease(self.objects, name_lease(f"{PROCESS_PREFIX}{uuid4().hex[:16]}"), self.machine)
            self.lease.take()

    def fetch(self, folder: str, manifest: str) -> bool:
        """Fetch the files of an output that are not here, and its manifest last."""
        found = self.objects.get(f"{folder}/{manifest}")
        if found is None:
            return False
        try:
            self.fetch_files(folder, list_files(found.content))
        except (DamagedError, ValueError) as error:
            logger.warning("%s/%s/%s cannot be used: %s", self.address, folder, manifest, error)
            return False
        here = self.root / folder / manifest
        if not here.exists() or here.read_bytes() != found.content:
            write_atomically(here, found.content.decode())
        return True

    def fetch_files(self, folder: str, files: Mapping[str, str]) -> None:
        """Fetch files, by their hashes, unless they are here; raises DamagedError for one that cannot be had."""
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        for name, sha256 in files.items():
            path = self.root / folder / name
            if path.is_file() and hash_file(path) == sha256:
                continue
            key = name_object(folder, name, sha256)
            unfinished = path.with_name(f".{name}.{uuid4().hex[:8]}")
            try:
                if not self.objects.download(key, unfinished):
                    raise DamagedError(f"{name} is missing")
                if hash_file(unfinished) != sha256:
                    # What does not match the hash in its key is of no use to anybody.
                    self.objects.delete([key])
                    raise DamagedError(f"{name} does not match its hash")
                os.replace(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)

    def publish(self, folder: str, manifest: str) -> bool:
        """Upload the files of an output, and then create its manifest.

        Another manifest gives way if it is of another output or not all of its files are there.
        """
        content = (self.root / folder / manifest).read_bytes()
        self.publish_files(folder, list_files(content))
        key, version = f"{folder}/{manifest}", self.objects.put(f"{folder}/{manifest}", content, over=ABSENT)
        while version is None:
            there = self.objects.get(key)
            if there and identify(there.content) == identify(content) and self.is_whole(folder, there.content):
                return not self.fetch(folder, manifest)
            version = self.objects.put(key, content, over=there.version if there else ABSENT)
        return True

    def publish_files(self, folder: str, files: Mapping[str, str]) -> None:
        """Upload files under their hashes, unless they are there."""
        for name, sha256 in files.items():
            path, key = self.root / folder / name, name_object(folder, name, sha256)
            if self.objects.measure(key) != path.stat().st_size:
                self.objects.upload(path, key)

    def is_whole(self, folder: str, content: bytes) -> bool:
        """Tell whether all files of a manifest are there."""
        try:
            files = list_files(content)
        except ValueError:
            return False
        return all(
            self.objects.measure(name_object(folder, name, sha256)) is not None for name, sha256 in files.items()
        )

    def mark_used(self, folder: str, manifest: str) -> None:
        """Write an empty object, whose time is that of the last use, and touch the manifest on this machine."""
        self.objects.put(f"{folder}/{manifest}{USED}", b"")
        mark_used(self.root / folder / manifest)

    def claim(self, name: str, *, on_wait: Callable[[], None]) -> AbstractContextManager[bool]:
        """Hold a lease."""
        return hold_lease(self.objects, name, self.machine, on_wait=on_wait)

    def keep_scratch(self, folder: str) -> AbstractContextManager[None]:
        """Keep checkpoints beside the outputs."""
        return keep_checkpoints(self.objects, self.root, folder)

    def list_manifests(self, family: str, manifest: str, *, most: int) -> Iterable[str]:
        """Read the manifests that were written last."""
        found = [it for it in self.objects.list(family) if it.key.endswith(f"/{manifest}")]
        found = [it for it in found if it.key.count("/") == family.count("/") + 2]
        for it in sorted(found, key=lambda it: it.modified, reverse=True)[:most]:
            if content := self.objects.get(it.key):
                yield content.content.decode("utf-8", "replace")

    def publish_folder(self, folder: str) -> None:
        """Upload all files, those that the others are checked against last."""
        paths = sorted((self.root / folder).iterdir(), key=lambda path: (path.name in LAST_FILES, path.name))
        for path in paths:
            if path.is_file():
                self.objects.upload(path, f"{folder}/{path.name}")

    def fetch_folder(self, folder: str) -> None:
        """Fetch the files that are not here, those that the others are checked against last."""
        found = sorted(self.objects.list(folder), key=lambda it: Path(it.key).name in LAST_FILES)
        for it in found:
            path = self.root / it.key
            if path.parent == self.root / folder and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                unfinished = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
                if self.objects.download(it.key, unfinished):
                    os.replace(unfinished, path)

    def get_pointer(self, name: str) -> Pointer | None:
        """Read an object whose content is a name."""
        found = self.objects.get(name)
        return Pointer(found.content.decode(), found.version) if found else None

    def swap_pointer(self, name: str, value: str, *, over: Pointer | None) -> bool:
        """Replace the version that was seen, and no other."""
        version = over.version if over else None
        return self.objects.put(name, value.encode(), over=version or ABSENT) is not None


def list_files(content: bytes) -> dict[str, str]:
    """List the files of a manifest with their hashes; raises ValueError for a manifest that cannot be read."""
    manifest = json.loads(content)
    try:
        files = {name: str(record["sha256"]) for name, record in manifest["files"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("it is no manifest") from error
    if any(Path(name).name != name for name in files):
        raise ValueError("it names a file outside of its folder")
    return files


def identify(content: bytes) -> str | None:
    """Return the fingerprint in a manifest; None if it cannot be read."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(content)["fingerprint"])
    return None


def name_object(folder: str, name: str, sha256: str) -> str:
    """Name the object of a file of an output."""
    return f"{folder}/{sha256}/{name}"


def hash_file(path: Path) -> str:
    """Hash a file without reading it into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

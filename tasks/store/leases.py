"""Leases: locks in an object store, which a process renews while it lives and others take over when it does not.

A lease is an object that only one can create. Its holder writes it anew every 20 seconds. Whoever sees the same version
for 90 seconds by its own clock takes it over, by replacing exactly that version, so clocks need not agree. A lease can
be lost while its holder cannot reach the store, so what must not be done twice needs more than a lease: manifests are
create-only, and the champion's pointer is swapped only from the version that was seen.
"""

import atexit
import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from tasks.errors import UserError
from tasks.store.durable import write_atomically
from tasks.store.objects import ABSENT, Found, Objects, Version, open_objects
from tasks.store.usage import LOCK_FOLDER

ENDING: Final = ".lease"
RENEWAL_SECONDS: Final = 20.0
STALE_SECONDS: Final = 90.0
POLL_SECONDS: Final = 2.0
HASTY_SECONDS: Final = 10.0
# In the copy of a root, what tells its machine from others.
MACHINE_FILE: Final = "machine"

logger: Final = logging.getLogger(__name__)


class Lease:
    """A lease that this process holds; it is renewed until it is released."""

    def __init__(self, objects: Objects, key: str, machine: str) -> None:
        self.objects = objects
        # A renewal must not take longer than it is good for, and the end of a process must not wait for a lost store.
        self.hasty = open_objects(objects.address, retry_seconds=HASTY_SECONDS)
        self.key = key
        self.record = {
            "holder": uuid4().hex,
            "machine": machine,
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self.version: Version | None = None
        self.ended = threading.Event()
        self.renewal = threading.Thread(target=self.renew, name=f"lease {key}", daemon=True)

    def spell(self) -> bytes:
        """Write the record so that no two versions are alike."""
        return json.dumps({**self.record, "renewed": uuid4().hex[:8]}).encode()

    def take(self, over: Version | None = None) -> bool:
        """Take the lease if nobody has it, or over a version that is stale; returns whether it is held then."""
        self.version = self.objects.put(self.key, self.spell(), over=over or ABSENT)
        if self.version is not None:
            HELD.add(self)
            self.renewal.start()
        return self.version is not None

    def renew(self) -> None:
        """Write the lease anew from time to time; a store that cannot be reached is tried again."""
        while not self.ended.wait(RENEWAL_SECONDS):
            try:
                renewed = self.hasty.put(self.key, self.spell(), over=self.version)
            except UserError as error:
                logger.warning("the lease %s could not be renewed: %s", self.key, error)
                continue
            if renewed is None:
                logger.warning("the lease %s was taken over by another machine, because it was stale", self.key)
                return
            self.version = renewed

    def release(self) -> None:
        """Give the lease back, unless another has taken it over."""
        self.ended.set()
        self.renewal.join()
        HELD.discard(self)
        with contextlib.suppress(UserError):
            there = self.hasty.get(self.key)
            if there and read_record(there).get("holder") == self.record["holder"]:
                self.hasty.delete([self.key])


# The leases of this process.
HELD: Final[set[Lease]] = set()


@atexit.register
def release_all() -> None:
    """Give all leases of this process back."""
    for lease in list(HELD):
        lease.release()


def read_record(found: Found) -> dict[str, str]:
    """Read who holds a lease; empty if that cannot be read."""
    with contextlib.suppress(ValueError):
        record = json.loads(found.content)
        if isinstance(record, dict):
            return record
    return {}


def name_lease(name: str) -> str:
    """Name the object of a lease: name_lease("training-0123") -> ".locks/training-0123.lease"."""
    return f"{LOCK_FOLDER}/{name}{ENDING}"


def identify_machine(root: Path) -> str:
    """Return what tells the copy of a root from those on other machines; it is chosen once."""
    path = root / LOCK_FOLDER / MACHINE_FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, uuid4().hex)
    return path.read_text(encoding="utf-8")


@contextlib.contextmanager
def hold_lease(objects: Objects, name: str, machine: str, *, on_wait: Callable[[], None]) -> Iterator[bool]:
    """Hold a lease; calls `on_wait` if it must wait, and yields whether it had to.

    The caller holds the lock of that name on its machine, so a lease of the same machine is that of a dead process.
    """
    lease = Lease(objects, name_lease(name), machine)
    seen, since, is_told = None, time.monotonic(), False
    while not lease.take():
        there = objects.get(lease.key)
        if there is None:
            continue
        if there.version != seen:
            seen, since = there.version, time.monotonic()
        is_dead = read_record(there).get("machine") == machine or time.monotonic() - since > STALE_SECONDS
        if is_dead and lease.take(there.version):
            break
        if not is_told:
            on_wait()
            is_told = True
        time.sleep(POLL_SECONDS)
    try:
        yield is_told
    finally:
        lease.release()

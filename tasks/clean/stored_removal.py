"""Remove items from an object store: under their leases, the manifests first, so that nothing is ever half there."""

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from tasks.clean.inventory import MANIFESTS, Item
from tasks.clean.removal import hold_all
from tasks.clean.shadow import Shadow
from tasks.store.bucket import USED, Bucket
from tasks.store.leases import Lease, name_lease
from tasks.store.objects import Listed
from tasks.store.usage import LOCK_FOLDER


def remove_stored(items: Iterable[Item], shadow: Shadow, *, cutoff: float) -> Iterator[Item]:
    """Remove items one by one and yield those removed; an item in use, or used since `cutoff`, stays."""
    for item in items:
        if shadow.store and remove_objects(item, shadow.store, cutoff=cutoff):
            remove_copy(item, shadow)
            yield item


def remove_objects(item: Item, store: Bucket, *, cutoff: float) -> bool:
    """Remove the objects of an item; returns whether that was done."""
    if item.path in item.locks:
        return remove_lease(item, store)
    with hold_leases(item, store) as held:
        found = list(store.objects.list(item.name))
        if not held or find_last_use(found) >= cutoff:
            return False
        is_manifest = {it.key: it.key.removeprefix(f"{item.name}/") in MANIFESTS for it in found}
        store.objects.delete(sorted(is_manifest, key=lambda key: not is_manifest[key]))
    return True


def remove_lease(item: Item, store: Bucket) -> bool:
    """Remove the lease of a process that is gone, unless it was written since; returns whether that was done."""
    key = name_lease(item.path.stem)
    found = [it for it in store.objects.list(LOCK_FOLDER) if it.key == key]
    if any(it.modified.timestamp() > item.last_used for it in found):
        return False
    store.objects.delete([key])
    return True


def find_last_use(objects: Iterable[Listed]) -> float:
    """Return the time of the last use in seconds since the epoch: of a manifest, or else of the newest object."""
    manifests = [it for it in objects if it.key.removesuffix(USED).rpartition("/")[2] in MANIFESTS]
    return max((it.modified.timestamp() for it in manifests or objects), default=0.0)


@contextlib.contextmanager
def hold_leases(item: Item, store: Bucket) -> Iterator[bool]:
    """Hold all leases of an item, or none if somebody has one, dead or alive; yields whether they are held."""
    with contextlib.ExitStack() as stack:
        yield all(take_lease(stack, name_lease(lock.stem), store) for lock in item.locks)


def take_lease(stack: contextlib.ExitStack, key: str, store: Bucket) -> bool:
    """Take a lease until the stack is unwound; returns whether it is held."""
    lease = Lease(store.objects, key, store.machine)
    if not lease.take():
        return False
    stack.callback(lease.release)
    return True


def remove_copy(item: Item, shadow: Shadow) -> None:
    """Remove the copy on this machine, unless it is in use, and what the shadow shows of the item."""
    own = shadow.root / item.path.relative_to(shadow.folder)
    locks = [shadow.root / lock.relative_to(shadow.folder) for lock in item.locks]
    with hold_all(lock for lock in locks if lock.parent.is_dir()) as held:
        if held:
            delete(own)
    delete(item.path)


def delete(path: Path) -> None:
    """Delete a folder or a file, if it is there."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)

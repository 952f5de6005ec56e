"""The champion in an object store: received into the folder on this machine, and changed for all machines in one step.

champion/
    current                        the last change as JSON: its number, its line of the history, and the bundle's files
    history/000001.json            the changes before it, one object each
    bundles/<name>/<sha256>/<file>

A change is made when `current` is swapped, and only from the version that was received; whoever comes too late is told,
and has changed nothing. The object holds all that belongs to the change, so that none of it can be lost. It is added to
the history afterwards, at the latest by the next change.
"""

from pathlib import Path
from typing import Final, NamedTuple

from tasks.errors import UserError
from tasks.evaluate.bundle import CURRENT, MANIFESTS
from tasks.promote.history import COPY, HISTORY, Entry, read_bytes, read_history, write_bytes, write_hash
from tasks.promote.link import BUNDLES, find_champion, name_current, point_current
from tasks.store.bucket import Bucket, DamagedError, hash_file
from tasks.store.contract import Pointer, open_store
from tasks.store.facts import Document
from tasks.store.layout import CHAMPION
from tasks.store.objects import Version
from tasks.store.outputs import locked
from tasks.store.sums import SUMS

POINTER: Final = f"{CHAMPION}/{CURRENT}"
CHANGES: Final = f"{CHAMPION}/history"
# The lock under which the copy on this machine is written.
COPYING: Final = "champion-copy"
# The version that this process has received last, by root.
RECEIVED: Final[dict[Path, Version | None]] = {}


class ChampionChange(Document):
    """A change of the champion; `files` has the hashes of the bundle's files, by name."""

    number: int
    entry: Entry
    files: dict[str, str]


class Received(NamedTuple):
    """The last change of the champion, and what is wrong with the champion's files; None where there is none."""

    change: ChampionChange | None
    damage: UserError | None = None


def receive_model(folder: Path) -> None:
    """Bring a model that is in an object store to this machine: the champion, or an output of a run."""
    if folder.name == CHAMPION:
        receive_champion(folder.parent)
    else:
        receive_output(folder.parent, folder)


def receive_output(root: Path, folder: Path) -> None:
    """Bring the files of a model that a run has made and evaluated to this machine."""
    store = open_store(root)
    if isinstance(store, Bucket) and folder.is_relative_to(root):
        for manifest in MANIFESTS:
            store.fetch(folder.relative_to(root).as_posix(), manifest)


def receive_champion(root: Path) -> None:
    """Bring the champion and its history to this machine, unless this process has received this version before."""
    store = open_store(root)
    if not isinstance(store, Bucket):
        return
    pointer = store.get_pointer(POINTER)
    version = pointer.version if pointer else None
    if root not in RECEIVED or RECEIVED[root] != version:
        if damage := receive(store, pointer).damage:
            raise damage
        RECEIVED[root] = version


def receive(store: Bucket, pointer: Pointer | None) -> Received:
    """Make the folder on this machine what the store has; raises UserError when a change cannot be read."""
    folder = store.root / CHAMPION
    change = read_change(pointer, store) if pointer else None
    with locked(store.root, COPYING):
        if change is None:
            (folder / CURRENT).unlink(missing_ok=True)
            write_history(folder, [])
            return Received(None)
        damage = fetch_bundle(store, change)
        write_history(folder, [it.entry for it in list_changes(store, change)])
        if name_current(folder) != change.entry.bundle:
            point_current(folder, change.entry.bundle)
    return Received(change, damage)


def read_change(pointer: Pointer, store: Bucket) -> ChampionChange:
    """Read the last change; raises UserError when it is damaged."""
    try:
        return ChampionChange.model_validate_json(pointer.value)
    except ValueError as error:
        raise UserError(
            f"{store.address}/{POINTER} cannot be read; expected the last change of the champion as JSON. Restore an "
            "earlier version of the object, or copy the last one of its history there."
        ) from error


def fetch_bundle(store: Bucket, change: ChampionChange) -> UserError | None:
    """Fetch the files of a champion; returns what is to be said if one is missing or damaged."""
    try:
        store.fetch_files(name_folder(change), change.files)
    except DamagedError as error:
        return UserError(
            f"the champion in {store.address}/{name_folder(change)} cannot be used: {error}; expected it as it was "
            "promoted. Promote it again, or another: python flows/promote.py --to <bundle>."
        )
    return None


def name_folder(change: ChampionChange) -> str:
    """Name the folder of a champion's copy, relative to the root."""
    return f"{CHAMPION}/{BUNDLES}/{change.entry.bundle}"


def list_changes(store: Bucket, last: ChampionChange) -> list[ChampionChange]:
    """List all changes, oldest first; the files of those before the last never change, so each is fetched once."""
    store.fetch_folder(CHANGES)
    earlier = [store.root / name_change(number) for number in range(1, last.number)]
    return [*(ChampionChange.read(path) for path in earlier), last]


def name_change(number: int) -> str:
    """Name the object of a change: name_change(1) -> "champion/history/000001.json"."""
    return f"{CHANGES}/{number:06d}.json"


def write_history(folder: Path, entries: list[Entry]) -> None:
    """Write the history as the folder of a disk has it; nothing if it is that already."""
    content = "".join(f"{entry.model_dump_json()}\n" for entry in entries).encode("utf-8", "surrogateescape")
    if (read_bytes(folder / HISTORY) or b"") == content:
        return
    folder.mkdir(parents=True, exist_ok=True)
    if not entries:
        for name in (HISTORY, COPY, SUMS):
            (folder / name).unlink(missing_ok=True)
        return
    write_bytes(folder / COPY, content)
    write_hash(folder, content)
    write_bytes(folder / HISTORY, content)


def send(store: Bucket, seen: Pointer | None, before: ChampionChange | None) -> None:
    """Make what was changed on this machine the champion of all machines.

    Raises UserError, after the folder has been made what the store has again, when another machine was first.
    """
    folder = store.root / CHAMPION
    champion, history = find_champion(folder), read_history(folder)
    if champion is None or not history:
        return
    files = {path.name: hash_file(path) for path in sorted(champion.iterdir()) if path.is_file()}
    after = ChampionChange(number=len(history), entry=history[-1], files=files)
    if after == before:
        return
    store.publish_files(name_folder(after), files)
    if before and before.number < after.number:
        add_to_history(store, before)
    if not store.swap_pointer(POINTER, after.model_dump_json(), over=seen):
        receive(store, store.get_pointer(POINTER))
        raise UserError(
            f"the champion in {store.address} was changed by another machine in the meantime; expected it as it was. "
            "Nothing has been changed. Look at it, and run the same command again."
        )


def add_to_history(store: Bucket, change: ChampionChange) -> None:
    """Keep a change that is about to be followed by another one."""
    store.objects.put(name_change(change.number), change.model_dump_json().encode())


def read_changes(root: Path) -> list[ChampionChange]:
    """Read all changes, oldest first; none if there are none, or the root is not in an object store."""
    store = open_store(root)
    if not isinstance(store, Bucket) or (pointer := store.get_pointer(POINTER)) is None:
        return []
    return list_changes(store, read_change(pointer, store))


def receive_bundle(root: Path, name: str) -> None:
    """Bring an earlier champion to this machine, if there is one of that name."""
    store, found = open_store(root), {change.entry.bundle: change for change in read_changes(root)}
    if isinstance(store, Bucket) and name in found and (damage := fetch_bundle(store, found[name])):
        raise damage

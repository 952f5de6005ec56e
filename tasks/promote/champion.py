"""Where the champion is stored and how it changes: copies of bundles, a link to the one in use, and a history.

champion/
    bundles/<variant>-<fingerprint>-<answers>/   complete copies, checked against their hashes
    current                                      a relative link to one of them; swapping it changes the champion
    history.jsonl                                a line per change, oldest first; see history.py

If a process is killed at any moment, the champion is the old one or the new one, and the history has no partial line: a
change is noted in pending.json before the link is swapped, and moved into the history afterwards. The next process that
holds the champion settles what the killed one left. In an object store, other machines see a change when it is whole;
see shared.py.
"""

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from tasks.errors import UserError
from tasks.evaluate.bundle import CURRENT, identify_bundle
from tasks.promote.history import (
    HISTORY,
    Action,
    Entry,
    append_once,
    list_standing,
    read_content,
    read_history,
    repair,
)
from tasks.promote.identity import identify, list_files
from tasks.promote.link import BUNDLES, find_champion, name_current, point_current
from tasks.promote.shared import POINTER, RECEIVED, receive, receive_bundle, send
from tasks.store.bucket import Bucket
from tasks.store.contract import Store, open_store
from tasks.store.durable import flush, write_atomically
from tasks.store.layout import CHAMPION
from tasks.store.outputs import locked

PENDING: Final = "pending.json"

logger: Final = logging.getLogger(__name__)


@contextlib.contextmanager
def hold_champion(artifacts_dir: Path, *, on_wait: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Keep other processes from changing the champion; yields its folder, which need not exist yet."""
    folder = artifacts_dir / CHAMPION
    store = open_store(artifacts_dir)
    with locked(artifacts_dir, CHAMPION, on_wait=on_wait), store.claim(CHAMPION, on_wait=on_wait), shared(store):
        if folder.is_dir():
            settle(folder)
        yield folder


@contextlib.contextmanager
def shared(store: Store) -> Iterator[None]:
    """Receive the champion of an object store, and make what was changed in the block the champion of all machines.

    Raises UserError when another machine has changed it in the meantime, and then changes nothing.
    """
    if not isinstance(store, Bucket):
        yield
        return
    RECEIVED.pop(store.root, None)
    pointer = store.get_pointer(POINTER)
    (store.root / CHAMPION / PENDING).unlink(missing_ok=True)
    # A champion that is damaged can be replaced.
    before = receive(store, pointer).change
    yield
    send(store, pointer, before)


def check_current(folder: Path) -> None:
    """Check the champion of a folder, if it is one of champions; raises UserError as `check_as_promoted` does."""
    link = folder / CURRENT
    if link.is_symlink() and link.readlink().parts[:-1] == (BUNDLES,):
        check_as_promoted(folder, link.readlink().name)


def promote(folder: Path, bundle: Path, *, run: str | None, reasons: Sequence[str]) -> Entry:
    """Copy a bundle and make it the champion; returns the line of the history.

    The caller must hold the champion. Raises UserError when the bundle is incomplete or damaged, or the history is.
    """
    identity = identify(bundle)
    read_content(folder)
    if not is_as_promoted(folder, identity.name):
        install(bundle, folder / BUNDLES / identity.name)
    return change_champion(
        folder, identity.name, action="promoted", run=run, dataset=identity.dataset, reasons=list(reasons)
    )


def roll_back(folder: Path) -> Entry:
    """Make the previous champion the champion again; returns the line of the history.

    A second call goes back one further. The caller must hold the champion. Raises UserError when there is no previous
    champion, or when its copy is incomplete or damaged.
    """
    standing = list_standing(read_history(folder))
    if len(standing) < 2:  # noqa: PLR2004
        raise UserError(
            f"there is nothing to roll back to in {str(folder)!r}; expected a previous champion. "
            "Name a bundle instead: --to <bundle>."
        )
    receive_bundle(folder.parent, standing[-2])
    identity = identify(folder / BUNDLES / standing[-2])
    check_as_promoted(folder, standing[-2])
    reasons = [f"Rolled back by hand from {standing[-1]}."]
    return change_champion(
        folder, standing[-2], action="rolled back", run=None, dataset=identity.dataset, reasons=reasons
    )


def install(bundle: Path, target: Path) -> None:
    """Copy a bundle so that the target is complete or missing; a damaged target is repaired file by file."""
    work = target.with_name(f".{target.name}")
    work.mkdir(parents=True)
    try:
        for name in list_files(bundle):
            shutil.copyfile(bundle / name, work / name)
            flush(work / name)
        flush(work)
        identify(work)
        if target.exists():
            for path in work.iterdir():
                os.replace(path, target / path.name)
        else:
            os.replace(work, target)
        flush(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def change_champion(
    folder: Path, name: str, *, action: Action, run: str | None, dataset: str, reasons: list[str]
) -> Entry:
    """Note the change, swap the link, and move the note into the history.

    Once the link is swapped, the change is made, and an error is no reason to try it again: a second rollback would go
    back one further. The next process that holds the champion then moves the note.
    """
    find_champion(folder)
    entry = Entry(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        action=action,
        bundle=name,
        previous=name_current(folder),
        run=run,
        dataset=dataset,
        reasons=reasons,
        manifests=identify_bundle(folder / BUNDLES / name),
    )
    write_atomically(folder / PENDING, entry.model_dump_json())
    try:
        point_current(folder, name)
        settle(folder)
    except OSError as error:
        if name_current(folder) != name:
            raise
        logger.warning("the champion has changed, but its history is not written yet: %s", error.strerror)
    return entry


def settle(folder: Path) -> None:
    """Finish or drop a pending change, repair what is damaged, and remove what a killed process left.

    What cannot be repaired stays as it is: whoever reads it is told.
    """
    for scratch in [*folder.glob(".*"), *(folder / BUNDLES).glob(".*")]:
        if scratch.is_dir() and not scratch.is_symlink():
            shutil.rmtree(scratch)
        else:
            scratch.unlink()
    with contextlib.suppress(UserError):
        settle_pending(folder)
        if restore_link(folder):
            logger.warning("the link to the champion was missing and has been restored from its history")


def settle_pending(folder: Path) -> None:
    """Repair the history, and move the note of a change into it, or drop the note if the change was not made.

    Raises UserError when the history cannot be repaired.
    """
    pending = folder / PENDING
    if repair(folder) and not pending.exists():
        logger.warning("the history of the champion was damaged and has been repaired")
    if not pending.exists():
        return
    entry = read_pending(pending)
    champion = find_champion(folder)
    if entry and champion and champion.name == entry.bundle:
        append_once(folder, entry.model_dump_json())
    pending.unlink()


def restore_link(folder: Path) -> bool:
    """Link to the champion that the history names last, if there is no link; returns whether that was done."""
    if os.path.lexists(folder / CURRENT):
        return False
    history = read_history(folder)
    if not history or not is_as_promoted(folder, history[-1].bundle):
        return False
    point_current(folder, history[-1].bundle)
    return True


def is_as_promoted(folder: Path, name: str) -> bool:
    """Tell whether the copy of a champion is complete, undamaged, and the one that was promoted."""
    try:
        check_as_promoted(folder, name)
    except UserError:
        return False
    return True


def check_as_promoted(folder: Path, name: str) -> None:
    """Check the copy of a champion against its hashes, and its manifests against those in the history.

    Raises UserError when one differs, or the history is damaged.
    """
    bundle = folder / BUNDLES / name
    list_files(bundle)
    recorded = [entry.manifests for entry in read_history(folder) if entry.bundle == name and entry.manifests]
    if recorded and recorded[-1] != identify_bundle(bundle):
        raise UserError(
            f"the champion in {str(bundle)!r} was changed: its manifests do not match their hashes in {HISTORY}; "
            "expected them as they were promoted. Promote it again, or another: python flows/promote.py --to <bundle>."
        )


def read_pending(path: Path) -> Entry | None:
    """Read the note of a change; None if it is damaged, for then the change it announces has not been made.

    The note reaches the disk before the link is swapped.
    """
    try:
        return Entry.model_validate_json(path.read_bytes())
    except ValidationError:
        return None

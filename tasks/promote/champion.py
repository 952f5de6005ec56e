"""Where the champion is stored and how it changes: copies of bundles, a link to the one in use, and a history.

champion/
    bundles/<variant>-<fingerprint>-<answers>/   complete copies, checked against their hashes
    current                                      a relative link to one of them; swapping it changes the champion
    history.jsonl                                a line per change, oldest first

If a process is killed at any moment, the champion is the old one or the new one, and the history has no partial line: a
change is noted in pending.json before the link is swapped, and moved into the history afterwards. The next process that
holds the champion settles what the killed one left.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.errors import UserError
from tasks.evaluate.bundle import CURRENT
from tasks.promote.identity import identify, is_intact, list_files
from tasks.store.durable import flush, write_atomically
from tasks.store.layout import CHAMPION
from tasks.store.outputs import locked

BUNDLES: Final = "bundles"
HISTORY: Final = "history.jsonl"
PENDING: Final = "pending.json"

Action = Literal["promoted", "rolled back"]


class Entry(BaseModel):
    """A line of the history: what became champion in whose place, when and why; `run` is None for a change by hand."""

    model_config = ConfigDict(frozen=True)

    time: str
    action: Action
    bundle: str
    previous: str | None
    run: str | None
    dataset: str
    reasons: list[str]


@contextlib.contextmanager
def hold_champion(artifacts_dir: Path, *, on_wait: Callable[[], None] = lambda: None) -> Iterator[Path]:
    """Keep other processes from changing the champion; yields its folder, which need not exist yet."""
    folder = artifacts_dir / CHAMPION
    with locked(artifacts_dir, CHAMPION, on_wait=on_wait):
        if folder.is_dir():
            settle(folder)
        yield folder


def find_champion(folder: Path) -> Path | None:
    """Return the folder of the current bundle, which may be damaged; None when there is no champion yet.

    Raises UserError when a folder is in the link's place, because it could not be swapped.
    """
    link = folder / CURRENT
    if not os.path.lexists(link):
        return None
    if not link.is_symlink():
        raise UserError(
            f"{str(link)!r} is a folder, perhaps because a copy followed the link; expected a link. Move it into "
            f"{BUNDLES} and link to it: ln -s {BUNDLES}/<its name> {CURRENT}."
        )
    return link.parent / link.readlink()


def promote(folder: Path, bundle: Path, *, run: str | None, reasons: Sequence[str]) -> Entry:
    """Copy a bundle and make it the champion; returns the line of the history.

    The caller must hold the champion. Raises UserError when the bundle is incomplete or damaged.
    """
    identity = identify(bundle)
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
    identity = identify(folder / BUNDLES / standing[-2])
    reasons = [f"Rolled back by hand from {standing[-1]}."]
    return change_champion(
        folder, standing[-2], action="rolled back", run=None, dataset=identity.dataset, reasons=reasons
    )


def install(bundle: Path, target: Path) -> None:
    """Copy a bundle so that the target is complete or missing; a damaged target is repaired file by file."""
    if is_intact(target):
        return
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
    """Note the change, swap the link, and move the note into the history."""
    champion = find_champion(folder)
    entry = Entry(
        time=datetime.now(UTC).isoformat(timespec="milliseconds"),
        action=action,
        bundle=name,
        previous=champion.name if champion else None,
        run=run,
        dataset=dataset,
        reasons=reasons,
    )
    write_atomically(folder / PENDING, entry.model_dump_json())
    point_current(folder, name)
    settle(folder)
    return entry


def point_current(folder: Path, name: str) -> None:
    """Swap the link in one step; it is relative, so that the folder can be moved."""
    temporary = folder / f".{CURRENT}"
    temporary.symlink_to(f"{BUNDLES}/{name}")
    os.replace(temporary, folder / CURRENT)
    flush(folder)


def settle(folder: Path) -> None:
    """Finish or drop a pending change, and remove what a killed process left."""
    for scratch in [*folder.glob(".*"), *(folder / BUNDLES).glob(".*")]:
        if scratch.is_dir() and not scratch.is_symlink():
            shutil.rmtree(scratch)
        else:
            scratch.unlink()
    pending = folder / PENDING
    if not pending.exists():
        return
    entry = read_pending(pending)
    champion = find_champion(folder)
    history = read_lines(folder)
    line = entry.model_dump_json() if entry else None
    if entry and line and champion and champion.name == entry.bundle and history[-1:] != [line]:
        write_atomically(folder / HISTORY, "\n".join([*history, line]) + "\n")
    pending.unlink()


def read_pending(path: Path) -> Entry | None:
    """Read the note of a change; None if it is damaged, for then the change it announces has not been made.

    The note reaches the disk before the link is swapped.
    """
    try:
        return Entry.model_validate_json(path.read_bytes())
    except ValidationError:
        return None


def read_lines(folder: Path) -> list[str]:
    """Read the lines of the history without parsing them; bytes that are not UTF-8 survive being written again."""
    path = folder / HISTORY
    text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    return [line for line in text.split("\n") if line]


def read_history(folder: Path) -> list[Entry]:
    """Read the history, oldest first; raises UserError when a line cannot be read."""
    return [read_entry(line, number, folder) for number, line in enumerate(read_lines(folder), start=1)]


def read_entry(line: str, number: int, folder: Path) -> Entry:
    """Read a line of the history."""
    try:
        return Entry.model_validate_json(line.encode("utf-8", "surrogateescape"))
    except ValidationError as error:
        raise UserError(
            f"line {number} of {str(folder / HISTORY)!r} cannot be read; expected a change of the champion as JSON. "
            "Delete the line."
        ) from error


def list_standing(history: Sequence[Entry]) -> list[str]:
    """List the bundles that rolling back goes through, the current one last.

    After a, b and c were promoted and c rolled back: a, b. If d is promoted then: a, b, d.
    """
    standing: list[str] = []
    for entry in history:
        if entry.action == "rolled back":
            while standing and standing[-1] != entry.bundle:
                standing.pop()
        if standing[-1:] != [entry.bundle]:
            standing.append(entry.bundle)
    return standing


def find_withdrawal(history: Sequence[Entry], name: str) -> Entry | None:
    """Find the change by which a person took a bundle out of use; None if nobody did, or if it was promoted again."""
    for entry in reversed(history):
        if entry.bundle == name:
            return None
        if entry.previous == name:
            return entry if entry.run is None else None
    return None

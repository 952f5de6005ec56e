"""The history of the champion: a line per change, kept twice and with a hash that is kept apart from both.

champion/
    history.jsonl        a line per change, oldest first
    history.copy.jsonl   the same again
    SHA256SUMS           the hash of both

What two of the three agree on is the history, so damage to one of them does no harm, and whoever holds the champion
next repairs it. The three are written one after the other, in an order in which two agree at any moment.
"""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.errors import UserError
from tasks.store.durable import write_atomically
from tasks.store.sums import SUMS, read_sums, write_sums

HISTORY: Final = "history.jsonl"
COPY: Final = "history.copy.jsonl"

Action = Literal["promoted", "rolled back"]

logger: Final = logging.getLogger(__name__)


class Entry(BaseModel):
    """A line of the history: what became champion in whose place, when and why; `run` is None for a change by hand.

    `manifests` has the hashes of the bundle's manifests, which contain those of all its files; None in lines of version
    0.2 and older.
    """

    model_config = ConfigDict(frozen=True)

    time: str
    action: Action
    bundle: str
    previous: str | None
    run: str | None
    dataset: str
    reasons: list[str]
    manifests: dict[str, str] | None = None


def read_content(folder: Path) -> bytes:
    """Read the history, which may be empty; raises UserError when it is damaged and cannot be repaired."""
    history, copy, recorded = read_bytes(folder / HISTORY) or b"", read_bytes(folder / COPY), read_sums(folder)
    if recorded.get(HISTORY) == hash_bytes(history):
        return history
    if copy is not None and (copy == history or recorded.get(HISTORY) == hash_bytes(copy)):
        return copy
    if copy is None and not recorded:
        # That of version 0.2 and older.
        return history
    raise UserError(
        f"the history of the champion in {str(folder)!r} is damaged: expected two of {HISTORY}, {COPY} and {SUMS} to "
        f"agree. Restore them from a backup, or, to keep {HISTORY} as it is, delete the other two."
    )


def append_once(folder: Path, line: str) -> None:
    """Add a line at the end unless it is there; raises UserError when the history is damaged."""
    before = read_content(folder)
    lines = split_lines(before)
    if lines[-1:] == [line]:
        return
    after = "\n".join([*lines, line]).encode("utf-8", "surrogateescape") + b"\n"
    if read_sums(folder).get(HISTORY) != hash_bytes(before):
        write_hash(folder, before)
    write_bytes(folder / COPY, after)
    write_hash(folder, after)
    write_bytes(folder / HISTORY, after)


def repair(folder: Path) -> bool:
    """Make the history, its copy and the hash agree; returns whether anything differed.

    A history of version 0.2 and older stays as it is until its next line. Raises UserError when the history is damaged
    and cannot be repaired.
    """
    content = read_content(folder)
    if not (folder / COPY).exists() and not (folder / SUMS).exists():
        return False
    is_hash_right = read_sums(folder).get(HISTORY) == hash_bytes(content)
    if not is_hash_right:
        write_hash(folder, content)
    damaged = [name for name in (HISTORY, COPY) if read_bytes(folder / name) != content]
    for name in damaged:
        write_bytes(folder / name, content)
    return bool(damaged) or not is_hash_right


def write_hash(folder: Path, content: bytes) -> None:
    """Write the hash of the history and its copy."""
    write_sums(folder, dict.fromkeys((HISTORY, COPY), hash_bytes(content)))


def hash_bytes(content: bytes) -> str:
    """Hash bytes as `sha256sum` does."""
    return hashlib.sha256(content).hexdigest()


def read_bytes(path: Path) -> bytes | None:
    """Read a file; None if there is none."""
    return path.read_bytes() if path.exists() else None


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step; bytes that are not UTF-8 survive."""
    write_atomically(path, content.decode("utf-8", "surrogateescape"))


def split_lines(content: bytes) -> list[str]:
    """Split the history into lines without parsing them; bytes that are not UTF-8 survive being written again."""
    return [line for line in content.decode("utf-8", "surrogateescape").split("\n") if line]


def read_history(folder: Path) -> list[Entry]:
    """Read the history, oldest first; raises UserError when it is damaged or a line cannot be read."""
    lines = split_lines(read_content(folder))
    return [read_entry(line, number, folder) for number, line in enumerate(lines, start=1)]


def read_entry(line: str, number: int, folder: Path) -> Entry:
    """Read a line of the history."""
    try:
        return Entry.model_validate_json(line.encode("utf-8", "surrogateescape"))
    except ValidationError as error:
        raise UserError(
            f"line {number} of {str(folder / HISTORY)!r} cannot be read; expected a change of the champion as JSON. "
            f"Delete the line, and {COPY} and {SUMS} beside it if they exist."
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

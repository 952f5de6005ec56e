"""The runs that work on this machine, so that a run whose process is gone can be told from one that is busy.

Prefect's server knows a run's last state, but not whether its process lives. Here each run has a record in a file, and
its process holds a lock beside it, which the system releases when the process ends, however it ends. A record whose
lock is free belongs to a run that is over: it has ended in good order, or it has died.
"""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from prefect.settings import get_current_settings
from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.formatting.redaction import drop_login
from tasks.store.usage import release, try_lock

FOLDER: Final = "sequence-bakeoff"
MOST_DAYS: Final = 30
SECONDS_PER_DAY: Final = 86_400
ALERT_SECONDS: Final = 10.0
# The locks of this process, held until it ends.
HELD: Final[dict[str, FileLock]] = {}


class RunRecord(BaseModel):
    """A run, the server that knows it, the machine on which its process works, and whether its end was alerted."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    api: str
    host: str
    is_alerted: bool = False


def find_folder() -> Path:
    """Return where the records of this machine's runs are: in Prefect's home, where they do not depend on settings."""
    return get_current_settings().home / FOLDER


def announce(run_id: str, name: str, *, folder: Path) -> None:
    """Record a run of this process, which holds the run's lock from here on until it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    HELD[run_id] = FileLock(find_lock(folder, run_id))
    HELD[run_id].acquire()
    write_record(folder, RunRecord(id=run_id, name=name, api=name_server(), host=socket.gethostname()))


def name_server() -> str:
    """Return the address of the server, without a login."""
    return drop_login(str(get_current_settings().api.url))


def note_alert(run_id: str, *, folder: Path) -> None:
    """Note that the alert of a run's end was sent, if the run is recorded.

    A record that cannot say so would let it be sent again, and is removed.
    """
    try:
        record = read_record(find_record(folder, run_id))
        write_record(folder, record.model_copy(update={"is_alerted": True}))
    except (OSError, ValidationError):
        forget(run_id, folder=folder)


@contextlib.contextmanager
def hold_alert(run_id: str, *, folder: Path) -> Iterator[bool]:
    """Give whether the alert of a run's end is still to be sent; within this block nobody else sends it.

    A run's own process holds its lock already. Without a record, or if somebody holds the lock for longer than an alert
    takes, it is still to be sent.
    """
    with contextlib.ExitStack() as stack:
        if run_id not in HELD and find_record(folder, run_id).exists():
            with contextlib.suppress(OSError, Timeout):
                lock = FileLock(find_lock(folder, run_id))
                lock.acquire(timeout=ALERT_SECONDS)
                stack.callback(release, lock)
        yield not is_alerted(run_id, folder=folder)


def is_alerted(run_id: str, *, folder: Path) -> bool:
    """Tell whether a run's record says that its alert was sent."""
    with contextlib.suppress(OSError, ValidationError):
        return read_record(find_record(folder, run_id)).is_alerted
    return False


@contextlib.contextmanager
def hold_ended_runs(folder: Path) -> Iterator[list[RunRecord]]:
    """Give the records of this machine's runs whose process is gone; nobody else is given them within this block."""
    with contextlib.ExitStack() as stack:
        ended = [
            record.id
            for record in read_records(folder)
            if record.host == socket.gethostname() and stack.enter_context(try_lock(find_lock(folder, record.id)))
        ]
        # Another process may have settled or alerted one a moment ago, so they are read again.
        yield [record for record in read_records(folder) if record.id in ended]


def forget(run_id: str, *, folder: Path) -> None:
    """Remove a run's record and its lock, which this process holds."""
    find_record(folder, run_id).unlink(missing_ok=True)
    find_lock(folder, run_id).unlink(missing_ok=True)


def forget_old(folder: Path) -> None:
    """Remove what has lain here for longer than anybody wants an alert of it, whether it can be read or not.

    That is what killed processes have left, and the records of runs whose server was never asked again.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - MOST_DAYS * SECONDS_PER_DAY:
                with try_lock(path.with_suffix(".lock")) as is_free:
                    if is_free:
                        path.unlink(missing_ok=True)


def read_records(folder: Path) -> Iterator[RunRecord]:
    """Read all records; what is not one is left alone."""
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):
            yield read_record(path)


def read_record(path: Path) -> RunRecord:
    """Read one record."""
    return RunRecord.model_validate_json(path.read_bytes())


def write_record(folder: Path, record: RunRecord) -> None:
    """Write one record in one step."""
    draft = folder / f".{record.id}"
    try:
        draft.write_text(record.model_dump_json(), encoding="utf-8")
        os.replace(draft, find_record(folder, record.id))
    finally:
        draft.unlink(missing_ok=True)


def find_record(folder: Path, run_id: str) -> Path:
    """Return where a run's record is."""
    return folder / f"{run_id}.json"


def find_lock(folder: Path, run_id: str) -> Path:
    """Return where a run's lock is."""
    return folder / f"{run_id}.lock"

"""What may go wrong in the middle of a run that was due, and in which state the run must end."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple

from machines import kill_tree
from night import DUE_IN, Night

HOUR: Final = timedelta(hours=1)
RESTART_SECONDS: Final = 5
LOCK_SECONDS: Final = 60
FULL_SECONDS: Final = 100
AWAY_SECONDS: Final = 120


class Fault(NamedTuple):
    """What happens, to a run of how many epochs, and in which state the run must end."""

    harm: Callable[[Night], object]
    ends: tuple[str, ...] = ("CRASHED",)
    epochs: int = 1_000
    moves_clock: bool = False
    # Whether the next run is planned before the fault and not after it.
    is_planned: bool = False


def kill_run(night: Night) -> None:
    """Kill the process of the flow, but not those that it has started."""
    night.find_flow_process().kill()


def kill_parent(night: Night) -> None:
    assert night.parent
    kill_tree(night.parent)
    night.start()


def end_parent(night: Night) -> None:
    """Ask `serve` or the worker to end, with the run under it."""
    assert night.parent
    night.parent.terminate()
    night.parent.wait()
    night.start()


def kill_server(night: Night, *, seconds: float = RESTART_SECONDS) -> None:
    """Kill the server, and start it again after a while."""
    assert night.server
    kill_tree(night.server)
    time.sleep(seconds)
    night.start()


def kill_everything(night: Night) -> None:
    """Kill everything at once, as a power cut does, and start it again when the next run is overdue."""
    night.kill_left()
    if night.postgres:
        night.postgres.kill()
    for process in (night.server, night.parent):
        assert process
        process.wait()
    time.sleep(2 * DUE_IN.total_seconds())
    night.start()


def cancel_dead(night: Night) -> None:
    """Press Cancel on a run that has died with its parent."""
    (run,) = night.find_runs("RUNNING")
    assert night.parent
    kill_tree(night.parent)
    night.site.call(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "CANCELLING"}})
    night.start()


def lock_database(night: Night) -> None:
    """Keep others from writing to SQLite's file."""
    with contextlib.closing(sqlite3.connect(night.sqlite, isolation_level=None, timeout=60)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        time.sleep(LOCK_SECONDS)
        connection.execute("ROLLBACK")


def fill_disk(night: Night) -> None:
    """Leave no space on the disk of the server's database for a while; what ends by that is started again."""
    filler = night.disk / "filler"
    deadline = time.monotonic() + FULL_SECONDS
    with filler.open("wb", buffering=0) as file:
        while time.monotonic() < deadline:
            try:
                file.write(bytes(1 << 20))
            except OSError:
                time.sleep(0.5)
    filler.unlink()
    print(f"      started again: {', '.join(night.start()) or 'nothing'}", flush=True)


FAULTS: Final = {
    "run-killed": Fault(kill_run),
    "parent-killed": Fault(kill_parent),
    "parent-terminated": Fault(end_parent, ends=("CRASHED", "CANCELLED", "COMPLETED")),
    "server-killed": Fault(kill_server, ends=("COMPLETED",), epochs=20),
    "all-killed": Fault(kill_everything, is_planned=True),
    "cancelled-dead": Fault(cancel_dead, ends=("CANCELLED",)),
    "clock-forward": Fault(lambda night: night.clock.move(HOUR), ("COMPLETED",), 20, moves_clock=True, is_planned=True),
    "clock-back": Fault(lambda night: night.clock.move(-HOUR), ("COMPLETED",), 20, moves_clock=True, is_planned=True),
    "server-away": Fault(lambda night: kill_server(night, seconds=AWAY_SECONDS), ("COMPLETED",), epochs=120),
    "server-away-at-end": Fault(lambda night: kill_server(night, seconds=AWAY_SECONDS), ("COMPLETED",), epochs=10),
    "database-locked": Fault(lock_database, ends=("COMPLETED",), epochs=40),
    "disk-full": Fault(fill_disk, ends=("COMPLETED",), epochs=60),
}

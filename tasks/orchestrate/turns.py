"""Let one run of a deployment work at a time, and let each run first report those that have died.

A limit that Prefect's server counts outlives the run that took it: after a power cut it would refuse every later run.
A file lock is released by the system when its process ends, however it ends.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from prefect import runtime
from prefect.client.schemas import State
from prefect.logging import get_run_logger
from prefect.states import Cancelled

from tasks.errors import disk_errors_explained
from tasks.orchestrate.registry import announce, find_folder, note_alert
from tasks.orchestrate.settling import settle_dead_runs
from tasks.store.scratch import use_own_folder
from tasks.store.usage import try_lock

Result = TypeVar("Result")


def work_in_turn(work: Callable[[], Result], *, locks: Path) -> Result | State[Any]:
    """Do the work of the flow run that calls this, unless another run of its deployment holds the lock in this folder.

    In that case, returns a Cancelled state. A run without a deployment has nobody to take turns with.
    """
    announce_run()
    deployment = runtime.deployment.id
    if deployment is None:
        return work()
    # A worker or `serve` has started this process for the run alone.
    use_own_folder()
    with contextlib.ExitStack() as stack:
        with disk_errors_explained(locks):
            locks.mkdir(parents=True, exist_ok=True)
            is_free = stack.enter_context(try_lock(locks / f"deployment-{deployment}.lock"))
        if is_free:
            return work()
    # It ends in good order, so nobody has to be told that it died.
    note_alert(str(runtime.flow_run.id), folder=find_folder())
    return Cancelled(message="Another run of this deployment is still working; start this one again when it has ended.")


def announce_run() -> None:
    """Report the runs of this machine that have died, and record the run that calls this.

    A full disk under Prefect's home is no reason not to work, only not to be missed.
    """
    for line in settle_dead_runs():
        get_run_logger().warning("a run had died and is settled: %s", line)
    try:
        announce(str(runtime.flow_run.id), runtime.flow_run.name, folder=find_folder())
    except OSError as error:
        get_run_logger().warning("should this run die, nobody will be told: it has no record (%s)", error.strerror)

"""Settle the runs that have died: a run whose process is gone cannot report its own end to the server.

After a power cut such a run would be `Running` for ever. Whoever finds it (the next run on this machine, `serve` or the
worker) reports it as Crashed, or as Cancelled if that was asked for, and sends the alert.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import State
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from tasks.orchestrate.alerts import OF_STATES, alert
from tasks.orchestrate.registry import (
    RunRecord,
    find_folder,
    find_record,
    forget,
    forget_old,
    hold_ended_runs,
    name_server,
    note_alert,
)

REASON: Final = "Its process on {host} ended without reporting a result: it was killed, or the machine stopped."

SETTLE_SECONDS: Final = 30.0
JOIN_SECONDS: Final = 10.0
# So long is known that a run's alert was sent: who started the run may be about to send it as well.
KEPT_SECONDS: Final = 600.0

logger: Final = logging.getLogger(__name__)


def settle_dead_runs() -> list[str]:
    """Report every run of this machine that has died, and send its alert; returns a line for each.

    A server that does not answer is a warning: the next one to look finds the same runs.
    """
    try:
        forget_old(find_folder())
        with hold_ended_runs(find_folder()) as ended:
            return settle(ended) if ended else []
    except (httpx.HTTPError, OSError) as error:
        logger.warning("runs that have died could not be reported: %s", type(error).__name__)
        return []


def settle(ended: Iterable[RunRecord]) -> list[str]:
    """Report those of the runs that are over which have died, and forget the others that this server knows."""
    settled: list[str] = []
    with get_client(sync_client=True) as client:
        for record in ended:
            found = find_run(client, record)
            lines = report_end(client, record, found) if found else []
            if not lines and (found or record.api == name_server()) and not is_kept(record):
                forget(record.id, folder=find_folder())
            settled += lines
    return settled


def find_unsettled() -> list[RunRecord]:
    """Find the runs of this machine that have died and are without a final state or without an alert; changes nothing.

    Raises httpx.HTTPError when the server does not answer.
    """
    with hold_ended_runs(find_folder()) as ended, get_client(sync_client=True) as client:
        return [record for record in ended if (run := find_run(client, record)) and needs_report(record, run)]


@contextlib.contextmanager
def settling() -> Iterator[None]:
    """Settle dead runs before this block, beside it, and when it ends."""
    report_settled()
    stopped = threading.Event()
    thread = threading.Thread(target=settle_until, args=(stopped,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        # What is cut off between an alert and the note of it would be sent again.
        thread.join(JOIN_SECONDS)
        report_settled()


def settle_until(stopped: threading.Event) -> None:
    """Settle dead runs every half minute until the event is set."""
    while not stopped.wait(SETTLE_SECONDS):
        report_settled()


def report_settled() -> None:
    """Settle dead runs and log a warning for each."""
    for line in settle_dead_runs():
        logger.warning("a run had died and is settled: %s", line)


def find_run(client: SyncPrefectClient, record: RunRecord) -> FlowRun | None:
    """Read a run from the server, if this server knows it."""
    try:
        return client.read_flow_run(UUID(record.id))
    except ObjectNotFound:
        return None


def is_kept(record: RunRecord) -> bool:
    """Tell whether somebody may still ask whether the alert of a run was sent."""
    return record.is_alerted and time.time() - find_record(find_folder(), record.id).stat().st_mtime < KEPT_SECONDS


def report_end(client: SyncPrefectClient, record: RunRecord, run: FlowRun) -> list[str]:
    """Give a run its final state if it has none, and send the alert unless it was sent; returns what was reported."""
    state = choose_state(record, run.state)
    if state is None or not needs_report(record, run):
        return []
    if run.state != state:
        client.set_flow_run_state(record.id, state, force=True)
    if not record.is_alerted:
        alert(OF_STATES[state.type.value], state.message or "", flow_run=run)
        note_alert(record.id, folder=find_folder())
    return [f"{record.name}: {state.name}. {state.message}"]


def needs_report(record: RunRecord, run: FlowRun) -> bool:
    """Tell whether a run that is over lacks its final state or its alert."""
    state = choose_state(record, run.state)
    return state is not None and not (record.is_alerted and run.state == state)


def choose_state(record: RunRecord, state: State | None) -> State | None:
    """Choose the final state of a run that is over; None if it needs no report: it completed, or is to start again."""
    if state and state.is_final() and state.type.value in OF_STATES:
        return state
    if state and (state.is_completed() or state.is_scheduled() or state.is_paused()):
        return None
    reason = REASON.format(host=record.host)
    return Cancelled(message=reason) if state and state.is_cancelling() else Crashed(message=reason)

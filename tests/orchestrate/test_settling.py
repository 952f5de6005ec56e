"""Runs whose process is gone, on a real server: they get a final state and an alert, and nothing else is touched."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas import State
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings
from prefect.states import Cancelling, Completed, Crashed, Failed, Running, Scheduled

from flows.predict import predict
from tasks.orchestrate import registry, settling
from tasks.orchestrate.alerts import alert_of_end
from tasks.orchestrate.registry import (
    RunRecord,
    announce,
    find_folder,
    find_lock,
    find_record,
    hold_alert,
    read_record,
    write_record,
)
from tasks.orchestrate.settling import REASON, settle_dead_runs

if TYPE_CHECKING:
    from conftest import WebhookReceiver

AddRun = Callable[..., str]
HOLD_LOCK = """
import sys
from pathlib import Path
from tasks.orchestrate.registry import announce
announce(sys.argv[1], "busy", folder=Path(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def client(
    prefect_api: str, tmp_path: Path, receiver: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A client of the server; records lie in a home of their own, and alerts go to the receiver."""
    monkeypatch.setenv("BAKEOFF_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    receiver.received.clear()
    with temporary_settings({PREFECT_API_URL: prefect_api, PREFECT_HOME: tmp_path}):
        find_folder().mkdir()
        with get_client(sync_client=True) as client:
            yield client


@pytest.fixture
def _much_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is about to send an alert that was sent."""
    monkeypatch.setattr(settling, "KEPT_SECONDS", 0.0)


@pytest.fixture
def add_run(client: SyncPrefectClient) -> AddRun:
    """Creates a run in a state, and the record of it that a dead process has left; returns its id."""

    def add(state: State[Any], **changes: Any) -> str:
        run = client.create_flow_run(predict, parameters={"config": {"dataset": "sample"}}, state=Running())
        client.set_flow_run_state(run.id, state, force=True)
        record = {"id": str(run.id), "name": run.name, "api": PREFECT_API_URL.value(), "host": socket.gethostname()}
        write_record(find_folder(), RunRecord(**(record | changes)))
        return str(run.id)

    return add


def read_state(client: SyncPrefectClient, run_id: str) -> State[Any]:
    state = client.read_flow_run(UUID(run_id)).state
    assert state
    return state


@pytest.mark.usefixtures("_much_later")
@pytest.mark.parametrize(("state", "settled"), [(Running(), "CRASHED"), (Cancelling(), "CANCELLED")])
def test_dead_run_gets_its_final_state_and_alert(
    state: State[Any], settled: str, client: SyncPrefectClient, add_run: AddRun, receiver: "WebhookReceiver"
) -> None:
    run_id = add_run(state)
    (line,) = settle_dead_runs()
    found = read_state(client, run_id)
    assert found.type.value == settled
    assert found.message == REASON.format(host=socket.gethostname())
    assert line.endswith(f"{found.name}. {found.message}")
    body = receiver.events()[f"run-{settled.lower()}"]
    assert body["run"]["id"] == run_id
    assert (body["message"], body["dataset"]) == (found.message, "sample")
    assert settle_dead_runs() == []
    assert not list(find_folder().iterdir())
    assert len(receiver.received) == 1


@pytest.mark.parametrize("state", [Completed(), Scheduled()])
def test_run_that_needs_no_report_is_forgotten(
    state: State[Any], client: SyncPrefectClient, add_run: AddRun, receiver: "WebhookReceiver"
) -> None:
    run_id = add_run(state)
    assert settle_dead_runs() == []
    assert read_state(client, run_id).type == state.type
    assert not receiver.received
    assert not list(find_folder().iterdir())


def test_end_that_was_reported_without_its_alert_is_alerted(
    client: SyncPrefectClient, add_run: AddRun, receiver: "WebhookReceiver"
) -> None:
    run_id = add_run(Crashed(message="killed by the system"))
    assert len(settle_dead_runs()) == 1
    assert read_state(client, run_id).message == "killed by the system"
    assert receiver.events()["run-crashed"]["message"] == "killed by the system"


ENDS = (Running(), Failed(message="no data"), Crashed(message="killed"), Cancelling(message="stop"))


@pytest.mark.parametrize("state", ENDS[1:])
def test_alert_of_the_run_itself_is_not_sent_again(
    state: State[Any], client: SyncPrefectClient, add_run: AddRun, receiver: "WebhookReceiver"
) -> None:
    run_id = add_run(state)
    alert_of_end(predict, client.read_flow_run(UUID(run_id)), state)
    settle_dead_runs()
    assert read_state(client, run_id).is_final()
    assert len(receiver.received) == 1


@pytest.mark.parametrize("state", ENDS)
def test_alert_is_not_sent_again_by_who_started_the_run(
    state: State[Any], client: SyncPrefectClient, add_run: AddRun, receiver: "WebhookReceiver"
) -> None:
    run_id = add_run(state)
    assert len(settle_dead_runs()) == 1
    # Between a run's death and this, `serve` or a worker has imported the flow.
    alert_of_end(predict, client.read_flow_run(UUID(run_id)), Crashed(message="killed"))
    assert settle_dead_runs() == []
    assert len(receiver.received) == 1


def test_alert_that_is_being_sent_is_left_to_its_sender(
    client: SyncPrefectClient, add_run: AddRun, receiver: "WebhookReceiver"
) -> None:
    run_id = add_run(Crashed(message="killed"))
    with hold_alert(run_id, folder=find_folder()) as is_due:
        assert is_due
        assert settle_dead_runs() == []
    assert not receiver.received
    assert len(settle_dead_runs()) == 1
    assert read_state(client, run_id).is_crashed()


def test_alert_is_sent_once_though_the_disk_is_full(
    add_run: AddRun, receiver: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch
) -> None:
    add_run(Running())

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(registry, "write_record", fail)
    assert len(settle_dead_runs()) == 1
    assert settle_dead_runs() == []
    assert len(receiver.received) == 1


def test_busy_run_is_left_alone(client: SyncPrefectClient, add_run: AddRun) -> None:
    run_id = add_run(Running())
    command = [sys.executable, "-c", HOLD_LOCK, run_id, str(find_folder())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        assert settle_dead_runs() == []
        assert read_state(client, run_id).is_running()
        process.kill()
    assert len(settle_dead_runs()) == 1
    assert read_state(client, run_id).is_crashed()


def test_run_of_this_process_is_left_alone(client: SyncPrefectClient) -> None:
    run = client.create_flow_run(predict, parameters={}, state=Running())
    announce(str(run.id), run.name, folder=find_folder())
    assert settle_dead_runs() == []
    assert read_state(client, str(run.id)).is_running()


def test_run_of_another_machine_is_left_alone(client: SyncPrefectClient, add_run: AddRun) -> None:
    run_id = add_run(Running(), host="elsewhere")
    assert settle_dead_runs() == []
    assert read_state(client, run_id).is_running()
    assert find_record(find_folder(), run_id).exists()


@pytest.mark.parametrize(("api", "stays"), [(None, False), ("http://127.0.0.1:9/api", True)])
@pytest.mark.usefixtures("client")
def test_run_that_the_server_does_not_know_waits_for_its_own_server(api: str | None, stays: bool) -> None:  # noqa: FBT001
    record = RunRecord(id=str(uuid4()), name="lost", api=api or PREFECT_API_URL.value(), host=socket.gethostname())
    write_record(find_folder(), record)
    assert settle_dead_runs() == []
    assert find_record(find_folder(), record.id).exists() == stays


def test_server_that_is_away_is_a_warning_and_nothing_is_lost(
    client: SyncPrefectClient, add_run: AddRun, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = add_run(Running())
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert settle_dead_runs() == []
    assert "could not be reported" in caplog.text
    assert len(settle_dead_runs()) == 1
    assert read_state(client, run_id).is_crashed()


@pytest.mark.parametrize("content", ["", "{", '{"id": "1"}', "\x00" * 40])
def test_damaged_record_harms_nobody(content: str, client: SyncPrefectClient, add_run: AddRun) -> None:
    run_id = add_run(Running())
    find_record(find_folder(), "damaged").write_text(content)
    assert len(settle_dead_runs()) == 1
    assert read_state(client, run_id).is_crashed()
    assert not find_lock(find_folder(), run_id).exists()


@pytest.mark.usefixtures("client")
def test_what_is_older_than_a_month_is_removed_unless_its_process_lives() -> None:
    folder, month = find_folder(), 31 * 86_400
    lost = RunRecord(id=str(uuid4()), name="lost", api="http://127.0.0.1:9/api", host=socket.gethostname())
    write_record(folder, lost)
    (folder / "damaged.json").write_text("{")
    (folder / f".{uuid4()}").write_text("half")
    (folder / f"{uuid4()}.lock").touch()
    busy = str(uuid4())
    announce(busy, "busy", folder=folder)
    for path in folder.iterdir():
        then = path.stat().st_mtime - month
        os.utime(path, (then, then))
    write_record(folder, RunRecord(id=str(uuid4()), name="new", api="http://127.0.0.1:9/api", host="elsewhere"))
    settle_dead_runs()
    records = {read_record(path).name for path in folder.glob("*.json")}
    assert records == {"busy", "new"}
    assert [path.stem for path in folder.iterdir() if path.suffix != ".json"] == [busy]

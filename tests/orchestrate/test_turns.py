"""Runs of one deployment take turns; a run that has to give way is over in good order."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from prefect import flow
from prefect.client.schemas import State
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from tasks.errors import UserError
from tasks.orchestrate import turns
from tasks.orchestrate.registry import find_folder, read_records
from tasks.orchestrate.turns import work_in_turn
from tasks.store.usage import try_lock

DEPLOYMENT = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture(autouse=True)
def server(prefect_api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    # Logs are sent when the process ends, and by then the server is gone.
    quiet = {PREFECT_LOGGING_TO_API_ENABLED: False}
    with temporary_settings({PREFECT_API_URL: prefect_api, PREFECT_HOME: tmp_path / "prefect", **quiet}):
        yield


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run in this test belongs to a deployment, although this process was not started for it."""
    monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", DEPLOYMENT)
    monkeypatch.setattr(turns, "use_own_folder", lambda: None)


def run(locks: Path) -> State[Any]:
    @flow
    def work() -> Any:
        return work_in_turn(lambda: "done", locks=locks)

    state: State[Any] = work(return_state=True)
    return state


@pytest.mark.usefixtures("deployed")
def test_run_gives_way_to_another_of_its_deployment_and_has_not_died(tmp_path: Path) -> None:
    with try_lock(tmp_path / f"deployment-{DEPLOYMENT}.lock"):
        state = run(tmp_path)
    assert state.is_cancelled()
    assert "Another run of this deployment is still working" in (state.message or "")
    (record,) = read_records(find_folder())
    assert record.is_alerted, "or else it would be reported as one that has died"


@pytest.mark.usefixtures("deployed")
def test_run_works_when_it_is_its_turn(tmp_path: Path) -> None:
    assert run(tmp_path / "new").is_completed()
    assert run(tmp_path / "new").is_completed()


def test_run_without_a_deployment_takes_no_turns(tmp_path: Path) -> None:
    with try_lock(tmp_path / f"deployment-{DEPLOYMENT}.lock"):
        assert run(tmp_path).is_completed()


def fill_disk(*_arguments: Any, **_options: Any) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_run_that_cannot_be_recorded_works_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "announce", fill_disk)
    assert run(tmp_path).is_completed()


@pytest.mark.usefixtures("deployed")
def test_full_disk_of_the_locks_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "try_lock", fill_disk)
    state = run(tmp_path)
    assert state.is_failed()
    with pytest.raises(UserError, match=r"^the disk is full under .*again; it resumes where it stopped\.$"):
        state.result()

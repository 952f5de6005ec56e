"""Passwords and control characters stay out of every exit: logs, tracebacks, errors, results, records, requests."""

import json
import logging
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, NoReturn

import pytest
from prefect.context import refresh_global_settings_context
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from tasks.compare.results import Entrant, FailedModel
from tasks.compare.run import attempt
from tasks.errors import TrainingError, UserError
from tasks.orchestrate.alerts import alert
from tasks.orchestrate.discretion import log_discreetly
from tasks.orchestrate.login import find_server
from tasks.orchestrate.registry import HELD, announce
from tasks.process.child import make_portable

if TYPE_CHECKING:
    from conftest import WebhookReceiver

SECRET = "s3cret-of-the-test"  # noqa: S105
URL = f"http://me:{SECRET}@127.0.0.1:9/api"


@pytest.fixture(autouse=True)
def settings_of_the_environment() -> Iterator[None]:
    """Prefect reads its settings again once the environment is what it was."""
    yield
    refresh_global_settings_context()


@pytest.fixture(autouse=True)
def discreet(settings_of_the_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: ARG001
    """The password is in the environment, and logging as it is in a flow."""
    monkeypatch.setenv("PREFECT_API_URL", URL)
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", SECRET)
    factory, hook = logging.getLogRecordFactory(), sys.excepthook
    log_discreetly()
    yield
    logging.setLogRecordFactory(factory)
    sys.excepthook = hook


def fail() -> NoReturn:
    raise ValueError(f"Client error for url '{URL}' \x1b[2J")


@pytest.mark.parametrize("name", ["prefect.engine", "prefect", "tasks.x", "uvicorn.error", "elsewhere"])
def test_log_shows_neither_password_nor_control_characters(name: str, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger(name)
    caplog.handler.setFormatter(logging.Formatter("%(message)s"))
    logger.addHandler(caplog.handler)
    try:
        fail()
    except ValueError:
        logger.exception("View at %s with \x1b[31m%s", URL, SECRET)
    logger.removeHandler(caplog.handler)
    assert SECRET not in caplog.text
    assert "\x1b" not in caplog.text
    assert r"View at http://***@127.0.0.1:9/api with \x1b[31m***" in caplog.text
    assert "ValueError: Client error for url 'http://***@127.0.0.1:9/api'" in caplog.text


def test_message_that_cannot_be_formatted_is_left_to_logging() -> None:
    record = logging.getLogRecordFactory()("x", logging.INFO, "f.py", 1, "%d", ("no number",), None)
    with pytest.raises(TypeError):
        record.getMessage()


def test_last_traceback_shows_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback (most recent call last):\n")
    assert SECRET not in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("kind", [UserError, TrainingError])
def test_errors_are_one_line_without_a_password(kind: type[Exception]) -> None:
    error = kind(f"no server at {URL};\n  label 'a\u202eb' \x00")
    assert str(error) == r"no server at http://***@127.0.0.1:9/api; label 'a\u202eb' \x00"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  made here


def test_very_long_message_keeps_its_beginning_and_its_remedy() -> None:
    message = str(UserError(f"the label {'x' * 100_000} is none; expected a name. Choose another."))
    assert message.startswith("the label xxx")
    assert message.endswith("xxx is none; expected a name. Choose another.")
    assert len(message) < 4_000
    assert str(UserError(message)) == message


def test_error_of_a_child_shows_no_password() -> None:
    try:
        fail()
    except ValueError as error:
        portable = make_portable(error)
    assert SECRET not in str(portable) + "".join(portable.__notes__)


def test_reason_of_a_failed_model_shows_no_password() -> None:
    entrant = Entrant(variant="lstm", group="seed", encoding="words-10k-120", seed=1)
    result = attempt(entrant, fail, fail)
    assert isinstance(result, FailedModel)
    assert result.reason == r"ValueError: Client error for url 'http://***@127.0.0.1:9/api' \x1b[2J"


def test_request_to_the_webhook_contains_no_password(
    receiver: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    flow_run = SimpleNamespace(id="1", name="night", parameters={})
    with temporary_settings({PREFECT_API_URL: URL}):
        alert("run-crashed", f"Client error for url '{URL}'; told {receiver.url}", flow_run=flow_run)
    body = receiver.events()["run-crashed"]
    assert SECRET not in json.dumps(body)
    assert "only-in-the-address" not in json.dumps(body)
    assert body["links"]["run"] == "http://127.0.0.1:9/runs/flow-run/1"


def test_record_of_a_run_contains_no_password(tmp_path: Path) -> None:
    with temporary_settings({PREFECT_API_URL: URL, PREFECT_HOME: tmp_path}):
        announce("1", "night", folder=tmp_path)
    HELD.pop("1").release()
    assert json.loads((tmp_path / "1.json").read_text())["api"] == "http://127.0.0.1:9/api"


def test_login_in_the_address_moves_to_prefects_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://me:s3%2Fcret@127.0.0.1:9/api")
    with temporary_settings({PREFECT_API_URL: "http://me:s3%2Fcret@127.0.0.1:9/api"}):
        assert find_server() == "http://127.0.0.1:9/api"
    assert os.environ["PREFECT_API_URL"] == "http://127.0.0.1:9/api"
    assert os.environ["PREFECT_API_AUTH_STRING"] == "me:s3/cret"


def test_address_without_a_login_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert find_server() == "http://127.0.0.1:9/api"
    with temporary_settings({PREFECT_API_URL: None}):
        assert find_server() is None
    assert os.environ["PREFECT_API_AUTH_STRING"] == SECRET

"""The webhook is told over a real connection; whatever it does, the caller goes on and the address stays secret."""

import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tasks.orchestrate import webhook
from tasks.orchestrate.webhook import VARIABLE, call_webhook

if TYPE_CHECKING:
    from conftest import WebhookReceiver

SECRET = "only-in-the-address"  # noqa: S105
BODY = {"event": "run-failed", "message": "Größe"}


@pytest.fixture
def listening(receiver: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch) -> "WebhookReceiver":
    """The receiver, with the environment leading to it."""
    monkeypatch.setenv(VARIABLE, receiver.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    receiver.received.clear()
    receiver.status = 200
    return receiver


def test_body_arrives_as_json(listening: "WebhookReceiver") -> None:
    assert call_webhook(BODY)
    assert listening.received == [(f"/{SECRET}", "application/json", BODY)]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_refusal_is_one_warning_without_the_address(
    listening: "WebhookReceiver", status: int, caplog: pytest.LogCaptureFixture
) -> None:
    listening.status = status
    with caplog.at_level(logging.DEBUG):
        assert not call_webhook(BODY)
    assert len(listening.received) == 1
    assert "could not be reached" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "url",
    [f"http://127.0.0.1:9/{SECRET}", f"http://[{SECRET}", f"file:///{SECRET}", SECRET, f"http://{SECRET}.invalid/"],
)
def test_bad_address_is_one_warning_without_it(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(VARIABLE, url)
    monkeypatch.setenv("no_proxy", "*")
    with caplog.at_level(logging.DEBUG):
        assert not call_webhook(BODY)
    assert "could not be reached" in caplog.text
    assert SECRET not in caplog.text


def test_host_that_is_not_found_in_time_is_given_up(
    listening: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    late, connect = threading.Event(), socket.create_connection

    def hang(*arguments: Any, **options: Any) -> socket.socket:
        if late.wait(20):
            raise OSError
        return connect(*arguments, **options)

    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(socket, "create_connection", hang)
    # Were the look-up waited for, the request would arrive in the end.
    assert not call_webhook(BODY)
    assert not listening.received
    late.set()
    assert "could not be reached" in caplog.text


def test_silence_ends_with_the_timeout(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}")
        assert not call_webhook(BODY)
    assert "could not be reached" in caplog.text


def test_without_an_address_nothing_is_sent_or_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not call_webhook(BODY)
    assert not [record for record in caplog.records if record.name == webhook.__name__]

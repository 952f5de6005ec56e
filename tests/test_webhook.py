"""The webhook is told over a real connection; whatever it does, the caller goes on and the address stays secret."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tasks import webhook
from tasks.webhook import VARIABLE, call_webhook

SECRET = "only-in-the-address"  # noqa: S105
BODY = {"event": "run-failed", "message": "Größe"}


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent and answers as its server is told to."""

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, self.headers["Content-Type"], json.loads(content)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.status = [], 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{server.server_port}/{SECRET}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield server
    server.shutdown()
    server.server_close()


def test_body_arrives_as_json(receiver: Any) -> None:
    assert call_webhook(BODY)
    assert receiver.received == [(f"/{SECRET}", "application/json", BODY)]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_refusal_is_one_warning_without_the_address(
    receiver: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = status
    with caplog.at_level(logging.DEBUG):
        assert not call_webhook(BODY)
    assert len(receiver.received) == 1
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


def test_silence_ends_with_the_timeout(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT_SECONDS", 0.3)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}")
        started = time.monotonic()
        assert not call_webhook(BODY)
        assert time.monotonic() - started < 60, "a silent host must not hold up the run"
    assert "could not be reached" in caplog.text


def test_without_an_address_nothing_is_sent_or_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not call_webhook(BODY)
    assert not caplog.text

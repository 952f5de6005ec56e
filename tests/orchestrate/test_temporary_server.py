"""Who may use the temporary server, and whether a configured one answers."""

import base64
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NoReturn

import httpx
import pytest

from tasks.errors import UserError
from tasks.orchestrate.temporary_server import TemporaryServer, check_server

URL = "https://prefect.example.org/api"
# Reading runs, creating a flow, and deleting a variable, as a page of another site might.
REQUESTS = [
    ("POST", "/flow_runs/filter", {}),
    ("POST", "/flows/", {"name": "n"}),
    ("DELETE", "/variables/name/v", None),
]


def ask(api: str, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.request(method, api + path, json=body, headers=headers, trust_env=False)


def encode(password: str) -> str:
    """The header of a login, in the form in which Prefect's client sends it."""
    return f"Basic {base64.b64encode(password.encode()).decode()}"


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_temporary_server_answers_to_its_password_only(prefect_api: str, method: str, path: str, body: Any) -> None:
    own = os.environ["PREFECT_API_AUTH_STRING"]
    assert len(own) > 30
    assert ask(prefect_api, method, path, body).status_code == 401
    assert ask(prefect_api, method, path, body, Authorization=encode("admin:pass")).status_code == 401
    assert ask(prefect_api, method, path, body, Authorization=encode(own)).status_code in {200, 201, 404}


def test_temporary_server_answers_under_its_own_name_only(prefect_api: str) -> None:
    port = httpx.URL(prefect_api).port
    for name, status in (("127.0.0.1", 200), ("localhost", 200), ("rebound.example.org", 400)):
        assert ask(prefect_api, "GET", "/health", Host=f"{name}:{port}").status_code == status


def test_no_other_site_may_read_what_the_temporary_server_answers(prefect_api: str) -> None:
    own = prefect_api.removesuffix("/api")
    allowed = {
        origin: ask(prefect_api, "GET", "/health", Origin=origin).headers.get("Access-Control-Allow-Origin")
        for origin in (own, "https://example.org", "null", "http://127.0.0.1:1")
    }
    assert allowed == {own: own, "https://example.org": None, "null": None, "http://127.0.0.1:1": None}
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "DELETE"}
    assert ask(prefect_api, "OPTIONS", "/flows/filter", **asked).status_code == 400


def test_port_is_taken_before_the_temporary_server_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = []

    def start(*_arguments: Any, pass_fds: list[int], **_options: Any) -> NoReturn:
        with socket.socket(fileno=os.dup(pass_fds[0])) as own, socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with pytest.raises(OSError, match="in use"):
                other.bind(own.getsockname())
            refused.append(own.getsockname())
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", start)
    with pytest.raises(BlockingIOError):
        TemporaryServer()
    assert refused


def fail_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str, timeout: float, **_options: Any) -> NoReturn:
        assert url == f"{URL}/health"
        assert timeout > 0
        raise error

    monkeypatch.setattr(httpx, "get", fail)


def test_server_with_an_unknown_certificate_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    fail_with(error, monkeypatch)
    check_server(URL)


@pytest.mark.parametrize("url", ["prefect.example.org/api", "http://127.0.0.1:no-number/api", "http://[/api", ""])
def test_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(UserError, match="no Prefect server answers at "):
        check_server(url)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("none"), OSError()]
)
def test_silence_is_told_with_the_address(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(error, monkeypatch)
    with pytest.raises(UserError, match=f"no Prefect server answers at {URL}"):
        check_server(URL)


@pytest.fixture
def answering(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that gives every request the same status and content."""
    status, content = request.param

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@pytest.mark.parametrize("answering", [(200, b"true"), (401, b""), (403, b""), (503, b"away")], indirect=True)
def test_server_that_may_be_prefects_answers(answering: str) -> None:
    check_server(answering)


@pytest.mark.parametrize("answering", [(200, b"<html>"), (200, b'{"ok": true}'), (404, b"true")], indirect=True)
def test_other_server_is_not_taken_for_prefects(answering: str) -> None:
    with pytest.raises(UserError, match=r"not the API of a Prefect server; expected an address that ends in /api"):
        check_server(answering)


def test_page_of_prefects_server_is_not_taken_for_its_api(prefect_api: str) -> None:
    with pytest.raises(UserError, match="ends in /api"):
        check_server(prefect_api.removesuffix("/api"))

"""The server, its deployments and the webhook, each in good order and not."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tasks.doctor.services import check_deployments, check_services, check_version, check_webhook
from tasks.errors import UserError
from tasks.orchestrate.inspection import DeploymentFacts, ServerFacts

if TYPE_CHECKING:
    from conftest import WebhookReceiver

SOON = datetime.now(UTC) + timedelta(days=1)
LONG_AGO = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("is_scheduled", "is_served", "next_due", "message", "is_fine"),
    [
        (True, True, SOON, f"due {SOON:%Y-%m-%d %H:%M} UTC", True),
        (True, False, SOON, f"due {SOON:%Y-%m-%d %H:%M} UTC, but nobody serves it.", False),
        (False, False, None, "not scheduled", True),
        (True, True, LONG_AGO, "was due 2026-01-02 03:04 UTC and has not started", False),
    ],
)
def test_deployment_is_served_and_on_time(
    is_scheduled: bool,  # noqa: FBT001
    is_served: bool,  # noqa: FBT001
    next_due: datetime | None,
    message: str,
    is_fine: bool,  # noqa: FBT001
) -> None:
    facts = DeploymentFacts("train-all/nightly", is_scheduled, is_served, next_due)
    (finding,) = check_deployments([facts])
    assert (finding.name, finding.is_fine) == ("train-all/nightly", is_fine)
    assert finding.message.startswith(message)


def test_no_deployment_is_told() -> None:
    (finding,) = check_deployments([])
    assert not finding.is_fine
    assert "bakeoff serve" in finding.message


@pytest.mark.parametrize(("version", "is_fine"), [("3.9.0", True), ("3.8.8", False), ("4.0.0", False)])
def test_server_of_another_version_is_told(version: str, is_fine: bool) -> None:  # noqa: FBT001
    finding = check_version(ServerFacts("http://127.0.0.1:4200/api", version, "3.9.1", []))
    assert finding.is_fine == is_fine
    assert f"Prefect {version}" in finding.message


def test_real_server_is_asked(prefect_api: str) -> None:
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        findings = list(check_services(fix=False))
    assert findings[0].message.startswith(f"{prefect_api}/ answers, Prefect 3.")
    assert findings[0].is_fine


def test_missing_server_is_told() -> None:
    with temporary_settings({PREFECT_API_URL: None}):
        (finding,) = check_services(fix=False)
    assert not finding.is_fine
    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(UserError, match="no Prefect server answers"),
    ):
        list(check_services(fix=False))


@pytest.fixture
def stranger(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that gives every request the same status and a word."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param)
            self.end_headers()
            self.wfile.write(b"hello")

        do_POST = do_GET  # noqa: N815  http.server's name

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


@pytest.mark.parametrize("stranger", [401], indirect=True)
def test_server_that_does_not_serve_this_client_is_told_in_a_line(
    stranger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with temporary_settings({PREFECT_API_URL: stranger}):
        (finding,) = check_services(fix=False)
    assert not finding.is_fine
    assert finding.message == f"{stranger} does not serve this client: status 401. Look at the server's log."


@pytest.mark.parametrize("stranger", [200], indirect=True)
def test_server_that_is_not_prefects_is_told(stranger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with temporary_settings({PREFECT_API_URL: stranger}), pytest.raises(UserError, match="ends in /api"):
        list(check_services(fix=False))


def test_webhook_is_tested_on_request(receiver: "WebhookReceiver", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("BAKEOFF_WEBHOOK_URL", raising=False)
    (finding,) = check_webhook(send_test=True)
    assert "none is configured" in finding.message
    monkeypatch.setenv("BAKEOFF_WEBHOOK_URL", receiver.url)
    (finding,) = check_webhook(send_test=False)
    assert finding.is_fine
    assert not receiver.received
    (finding,) = check_webhook(send_test=True)
    assert finding.is_fine
    assert receiver.events()["test"]["message"] == "A test of the webhook."
    receiver.status = 500
    (finding,) = check_webhook(send_test=True)
    assert not finding.is_fine
    assert receiver.url not in finding.message

"""Whether a configured server answers; the temporary one itself is started by the tests of flows."""

import ssl
import urllib.request
from email.message import Message
from http.client import BadStatusLine
from typing import NoReturn
from urllib.error import HTTPError, URLError

import pytest

from tasks.errors import UserError
from tasks.orchestrate.temporary_server import check_server

URL = "https://prefect.example.org/api"


def fail_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str, timeout: float) -> NoReturn:
        assert url == f"{URL}/health"
        assert timeout > 0
        raise error

    monkeypatch.setattr(urllib.request, "urlopen", fail)


@pytest.mark.parametrize(
    "error",
    [HTTPError(URL, 401, "no password", Message(), None), URLError(ssl.SSLCertVerificationError("self-signed"))],
    ids=["password", "certificate"],
)
def test_server_that_wants_to_be_asked_otherwise_answers(error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(error, monkeypatch)
    check_server(URL)


@pytest.mark.parametrize("url", ["prefect.example.org/api", "http://127.0.0.1:no-number/api", ""])
def test_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(UserError, match=f"no Prefect server answers at {url}, "):
        check_server(url)


@pytest.mark.parametrize(
    "error", [URLError(ConnectionRefusedError()), URLError("no such host"), TimeoutError(), BadStatusLine("")]
)
def test_silence_is_told_with_the_address(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(error, monkeypatch)
    with pytest.raises(UserError, match=f"no Prefect server answers at {URL}"):
        check_server(URL)

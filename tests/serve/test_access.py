"""On a loopback address, this machine alone is answered; elsewhere, who has the token; another site's page nowhere."""

import pytest
from starlette.exceptions import HTTPException

from tasks.errors import UserError
from tasks.serve.access import Access, strip_port

TOKEN = "0123456789abcdef"  # noqa: S105
LOCAL = {"host": "127.0.0.1:8000"}


def decide(monkeypatch: pytest.MonkeyPatch, address: str, *hosts: str, token: str = "") -> Access:
    monkeypatch.setenv("BAKEOFF_TOKEN", token)
    return Access.decide(address, hosts, host=address)


def tell_status(access: Access, headers: dict[str, str], path: str = "/predict") -> int:
    try:
        access.check(headers, path)
    except HTTPException as error:
        return error.status_code
    return 200


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "localhost.", "[::1]:8000", "[::1]"])
def test_names_of_this_machine_are_answered(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell_status(decide(monkeypatch, "127.0.0.1"), {"host": host}) == 200


@pytest.mark.parametrize("host", ["evil.example:8000", "127.0.0.1.evil.example", "localhost@evil", "[::2]:80", "", "["])
def test_other_names_are_refused_on_a_loopback_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    access = decide(monkeypatch, "127.0.0.1")
    assert tell_status(access, {"host": host}) == 400
    assert tell_status(access, {"host": host}, "/healthz") == 400


def test_names_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    access = decide(monkeypatch, "127.0.0.1", "Model.example")
    assert tell_status(access, {"host": "model.example:80"}) == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9000", "http://127.0.0.1"])
@pytest.mark.parametrize("address", ["127.0.0.1", "192.0.2.1"])
def test_pages_of_other_sites_are_refused(address: str, origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    access = decide(monkeypatch, address, token=TOKEN)
    assert tell_status(access, {**LOCAL, "origin": origin, "authorization": f"Bearer {TOKEN}"}) == 403


def test_own_pages_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell_status(decide(monkeypatch, "127.0.0.1"), {**LOCAL, "origin": "http://127.0.0.1:8000"}) == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::"])  # noqa: S104
def test_other_addresses_need_a_token(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        UserError, match=r"BAKEOFF_TOKEN is not set; expected a token .* Make one: .*openssl rand -hex 20"
    ):
        decide(monkeypatch, address)
    access = decide(monkeypatch, address, token=TOKEN)
    assert tell_status(access, {"host": "any.example", "authorization": f"Bearer {TOKEN}"}) == 200
    assert tell_status(access, {"host": "any.example"}) == 401


def test_names_are_checked_elsewhere_if_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    access = decide(monkeypatch, "192.0.2.1", "model.example", token=TOKEN)
    login = {"authorization": f"Bearer {TOKEN}"}
    assert tell_status(access, {"host": "model.example", **login}) == 200
    assert tell_status(access, {"host": "192.0.2.1:8000", **login}) == 200
    assert tell_status(access, {"host": "evil.example", **login}) == 400


@pytest.mark.parametrize(
    "header",
    [
        "",
        TOKEN,
        f"Basic {TOKEN}",
        f"Digest {TOKEN}",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        "Bearer é",
    ],
)
def test_wrong_tokens_are_refused_also_on_a_loopback_address(header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    access = decide(monkeypatch, "127.0.0.1", token=TOKEN)
    assert tell_status(access, {**LOCAL, "authorization": header}) == 401
    assert tell_status(access, {**LOCAL, "authorization": header}, "/healthz") == 200
    assert tell_status(access, {**LOCAL, "authorization": f"bearer {TOKEN}"}) == 200


@pytest.mark.parametrize("token", ["0123456789", "0123456789 abcdef", "0123456789abcdé", "0123456789abcdef\n"])
def test_tokens_that_are_weak_or_cannot_be_sent_are_refused(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="the token in BAKEOFF_TOKEN is too short or has characters") as raised:
        decide(monkeypatch, "127.0.0.1", token=token)
    assert token not in str(raised.value)


def test_port_is_no_part_of_a_name() -> None:
    assert [strip_port(it) for it in ("a:80", "[::1]:80", "A.", "")] == ["a", "[::1]", "a", ""]

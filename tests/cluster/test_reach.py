"""Whether a scheduler can be reached."""

import socket
from typing import Any

import pytest

from tasks.cluster import reach
from tasks.cluster.reach import check_address, check_scheduler
from tasks.errors import UserError


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tls://scheduler.example.org:1", "tcp://[::1]:8786"])
def test_addresses_of_schedulers_are_kept(address: str) -> None:
    assert check_address(address) == check_address(f"{address}/") == address


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("127.0.0.1:8786", "is not the address of a scheduler; expected one such as tcp://"),
        ("tcp://127.0.0.1", "is not the address"),
        ("tcp://127.0.0.1:x", "is not the address"),
        ("tcp://:8786", "is not the address"),
        ("tcp://user@host:8786", "is not the address"),
        ("tcp://host:8786/path", "is not the address"),
        ("", "is not the address"),
        ("http://127.0.0.1:8787", "unknown scheme 'http'; expected tcp or tls"),
        ("tcl://127.0.0.1:8786", "Did you mean"),
    ],
)
def test_other_addresses_are_refused(address: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_address(address)


def test_address_where_nothing_answers_is_refused_in_one_line() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UserError, match=f"no scheduler answers at {address}: .*bakeoff cluster"):
            check_scheduler(address)


def test_missing_dask_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r'pip install -e "\.\[dask\]"'):
        check_scheduler("tcp://127.0.0.1:8786")


def test_open_port_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(reach, "check_certificates", lambda: asked.append("certificates"))
        port = server.getsockname()[1]
        check_scheduler(f"tcp://127.0.0.1:{port}")
        assert asked == []
        check_scheduler(f"tls://127.0.0.1:{port}")
        assert asked == ["certificates"]

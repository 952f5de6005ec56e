"""An address is taken before the model is loaded, and listened on afterwards; connections must be used."""

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from tasks.errors import UserError
from tasks.serve import protocol, server

REQUEST = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"


def test_address_is_taken_at_once_but_nobody_can_connect_yet() -> None:
    with server.bind("127.0.0.1", 0) as own:
        assert server.describe_address(own) == f"http://127.0.0.1:{own.getsockname()[1]}"
        assert not own.getsockopt(server.socket.SOL_SOCKET, server.socket.SO_ACCEPTCONN)


def test_process_that_listens_first_has_the_address() -> None:
    """Two servers may take an address at the same time, while both load their models."""
    with server.bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with server.bind("127.0.0.1", port) as second:
            first.listen()
            with pytest.raises(UserError, match=f"--port {port} of --host '127.0.0.1' cannot be used: Address already"):
                server.run(FastAPI(), second, timeout=1, on_ready=lambda: pytest.fail("it listens"))


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "no-such-host.invalid"])
def test_name_that_leads_nowhere_is_one_line(host: str) -> None:
    with pytest.raises(UserError, match=r"cannot be found: .*; expected an address of this machine"):
        server.bind(host, 0)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where a server waits a twentieth of a second for a head, and takes longer to answer."""
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    app, ready = FastAPI(), threading.Event()

    @app.get("/slow")
    async def answer() -> str:
        await asyncio.sleep(0.3)
        return "done"

    with server.bind("127.0.0.1", 0) as own:
        port = own.getsockname()[1]
        started = server.make_server(app, timeout=1, on_ready=ready.set)
        thread = threading.Thread(target=started.run, kwargs={"sockets": [own]})
        thread.start()
        ready.wait(60)
        yield port
        started.should_exit = True
        thread.join()


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost:", REQUEST + b"GET / HT"])
def test_connection_without_a_whole_request_is_closed(head: bytes, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(4_096), b""))
    assert answer.endswith(b'"done"' if REQUEST in head else b"")
    assert bool(answer) == (REQUEST in head)


def test_request_that_takes_long_is_answered(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(REQUEST)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200 OK")

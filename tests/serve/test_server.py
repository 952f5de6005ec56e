"""An address is taken before the model is loaded, and listened on afterwards."""

import pytest
from fastapi import FastAPI

from tasks.errors import UserError
from tasks.serve import server


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

"""The server's process: its socket, its start, and its end, at which every request in progress is answered."""

import math
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from tasks.errors import UserError
from tasks.serve.protocol import ImpatientProtocol

# Beyond the time that a request may take.
GRACE_SECONDS: Final = 5


class Server(uvicorn.Server):
    """A server that says when it listens."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so; raises UserError when another process has begun to listen on the address."""
        try:
            await super().startup(sockets)
        except OSError as error:
            host, port = (sockets or [])[0].getsockname()[:2]
            raise describe_taken(host, port, error) from error
        if self.started:
            self.on_ready()


def bind(host: str, port: int) -> socket.socket:
    """Take an address without listening yet; raises UserError when it is not one of this machine's or is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        own = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no name of a machine"
        raise UserError(f"--host {host!r} cannot be found: {reason}; expected an address of this machine.") from error
    try:
        # A server that was killed leaves connections behind, which would keep the port for a minute.
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        own.bind(address)
    except OSError as error:
        own.close()
        raise describe_taken(host, port, error) from error
    return own


def describe_taken(host: str, port: int, error: OSError) -> UserError:
    """Describe an address that cannot be listened on."""
    return UserError(
        f"--port {port} of --host {host!r} cannot be used: {error.strerror}; expected a free port of this machine. "
        "Choose another, or --port 0 for any."
    )


def describe_address(own: socket.socket) -> str:
    """Give the address of the server that listens on a socket."""
    address, port = own.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def run(app: FastAPI, own: socket.socket, *, timeout: float, on_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; then take no more requests, and return when those in progress are answered.

    After `timeout` seconds and a few more, those that are left are cut off.
    """
    server = make_server(app, timeout=timeout, on_ready=on_ready)
    try:
        server.run(sockets=[own])
    except (KeyboardInterrupt, SystemExit):
        # uvicorn sends itself the signal that has ended it again.
        if not server.started:
            raise


def make_server(app: FastAPI, *, timeout: float, on_ready: Callable[[], None]) -> Server:
    """Set a server up."""
    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        log_config=None,
        # Its warnings are about requests that are none; anybody could fill the log with them.
        log_level="error",
        access_log=False,
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=math.ceil(timeout) + GRACE_SECONDS,
    )
    return Server(config, on_ready=on_ready)

"""A Prefect server for a single run, for when none is configured; run as a module, this file is that server.

The server that Prefect itself would start is in the run's process group and outlives a killed run: Ctrl-C stops it
before the run can be marked as stopped, and SIGTERM leaves it behind. This server has its own session and ends when the
pipe to its parent closes, however the parent died.

Pages of other sites can send requests to a server on this machine. This one answers only to a password that nobody else
knows, under its own name, and lets no other site read its answers.
"""

import atexit
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from http import HTTPStatus
from typing import Final

import httpx

from tasks.errors import UserError
from tasks.orchestrate.database import READY, make_tables
from tasks.orchestrate.discretion import log_discreetly
from tasks.orchestrate.login import find_server
from tasks.process.quiet_imports import garbage_left_alone

HOST: Final = "127.0.0.1"
NAMES: Final = (HOST, "localhost")
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 8.0
STDIN: Final = 0
GRACE_SECONDS: Final = 3
HEALTH_SECONDS: Final = 5
REMEDY: Final = "Start one with: prefect server start, and set PREFECT_API_URL to http://127.0.0.1:4200/api."
# This server is for one run and its page in the UI; scheduling deployments is left to a permanent server.
WITHOUT_SCHEDULES: Final = {
    f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in ("SCHEDULER", "LATE_RUNS", "FOREMAN")
}


class TemporaryServer:
    """Starts in the background, and is stopped at exit after Prefect has sent it the last logs.

    Its password is random unless PREFECT_SERVER_API_AUTH_STRING is set.
    """

    def __init__(self) -> None:
        from prefect.settings import get_current_settings

        chosen = get_current_settings().server.api.auth_string
        self.password = chosen.get_secret_value() if chosen else secrets.token_urlsafe()
        # The server inherits the socket, so that nobody else can take the port before it listens.
        with socket.create_server((HOST, 0)) as own:
            port = own.getsockname()[1]
            self.url = f"http://{HOST}:{port}/api"
            self.process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-m", __name__, str(own.fileno())],
                stdin=subprocess.PIPE,
                stdout=sys.stderr,
                env={**os.environ, **WITHOUT_SCHEDULES, **READY, **self.describe_access(port)},
                pass_fds=[own.fileno()],
                start_new_session=True,
            )
        # Registered before Prefect's own exit handlers and therefore called after them.
        atexit.register(self.stop)

    def describe_access(self, port: int) -> dict[str, str]:
        """Return the settings that say who may use the server."""
        return {
            "PREFECT_SERVER_API_AUTH_STRING": self.password,
            "PREFECT_SERVER_UI_API_URL": self.url,
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{name}:{port}" for name in NAMES),
        }

    def wait_until_ready(self) -> None:
        """Wait until the server answers; raises UserError when it does not start."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise UserError(
                    f"Prefect's temporary server did not start; expected enough disk space under PREFECT_HOME and "
                    f"a database that answers, if PREFECT_SERVER_DATABASE_CONNECTION_URL names one. {REMEDY}"
                )
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether the server answers requests."""
        try:
            return httpx.get(f"{self.url}/health", timeout=HEALTH_SECONDS, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Close the pipe that keeps the server alive, and wait until it has ended."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_unless_configured() -> TemporaryServer | None:
    """Start a server and point Prefect to it; returns None if the user has configured one, which must answer."""
    if url := find_server():
        check_server(url)
        return None
    server = TemporaryServer()
    point_prefect_to(server)
    return server


def point_prefect_to(server: TemporaryServer) -> None:
    """Make Prefect use a server, in this process and in those that it starts."""
    from prefect.context import refresh_global_settings_context

    os.environ["PREFECT_API_URL"] = server.url
    os.environ["PREFECT_API_AUTH_STRING"] = server.password
    # An outside proxy cannot reach the loopback address.
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), HOST]))
    refresh_global_settings_context()


def check_server(url: str) -> None:
    """Raise UserError unless Prefect's API answers at the address; if it asks for a login or a certificate, it counts.

    Prefect's client has the settings for those.
    """
    try:
        answer = httpx.get(f"{url.rstrip('/')}/health", timeout=HEALTH_SECONDS, follow_redirects=True)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        if comes_from_encryption(error):
            return
        raise UserError(
            f"no Prefect server answers at {url}, the address in PREFECT_API_URL; expected a running server. {REMEDY}"
        ) from error
    if is_stranger(answer, url):
        raise UserError(
            f"what answers at {url}, the address in PREFECT_API_URL, is not the API of a Prefect server; expected an "
            f"address that ends in /api. {REMEDY}"
        )


def comes_from_encryption(error: BaseException) -> bool:
    """Tell whether an error or one of its causes is about certificates."""
    cause = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLError) or (cause is not None and comes_from_encryption(cause))


def is_stranger(answer: httpx.Response, url: str) -> bool:
    """Tell whether an answer to the question for its health is not that of Prefect's API, which says `true`.

    A refusal may come from a login, and a server's error from a proxy in front of it. Prefect Cloud has no such answer.
    """
    from prefect.settings import get_current_settings

    if url.startswith(get_current_settings().cloud.api_url):
        return False
    return answer.status_code == HTTPStatus.NOT_FOUND or (answer.is_success and answer.text.strip() != "true")


def serve(own: socket.socket) -> None:
    """Serve Prefect's API on a socket until standard input ends, to requests that name this machine as their host."""
    log_discreetly()
    with garbage_left_alone():
        import uvicorn
        from prefect.server.api.server import create_app
        from starlette.middleware.trustedhost import TrustedHostMiddleware

    threading.Thread(target=stop_with_parent, daemon=True).start()
    make_tables()
    application = create_app(final=True)
    # Without this, another site could reach the server under a name of its own that leads to this machine.
    application.add_middleware(TrustedHostMiddleware, allowed_hosts=NAMES)
    settings = uvicorn.Config(application, log_level="error", timeout_graceful_shutdown=GRACE_SECONDS)
    uvicorn.Server(settings).run(sockets=[own])


def stop_with_parent() -> None:
    """Ask the server to stop when the parent has ended, and exit if it does not stop in time."""
    # Not through `sys.stdin`, whose lock would be held when the interpreter ends.
    while os.read(STDIN, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS + 2)
    os._exit(0)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))

"""A Prefect server for a single run, for when none is configured; run as a module, this file is that server.

The server that Prefect itself would start is in the run's process group and outlives a killed run: Ctrl-C stops it
before the run can be marked as stopped, and SIGTERM leaves it behind. This server has its own session and ends when the
pipe to its parent closes, however the parent died.
"""

import atexit
import contextlib
import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Final

from tasks.errors import UserError
from tasks.process.quiet_imports import garbage_left_alone

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 8.0
GRACE_SECONDS: Final = 3
HEALTH_SECONDS: Final = 5
REMEDY: Final = "Start one with: prefect server start, and set PREFECT_API_URL to http://127.0.0.1:4200/api."
# This server is for one run and its page in the UI; scheduling deployments is left to a permanent server.
WITHOUT_SCHEDULES: Final = {
    f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in ("SCHEDULER", "LATE_RUNS", "FOREMAN")
}


class TemporaryServer:
    """Starts in the background, and is stopped at exit after Prefect has sent it the last logs."""

    def __init__(self) -> None:
        # Registered before Prefect's own exit handlers and therefore called after them.
        atexit.register(self.stop)
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        self.url = f"http://{HOST}:{port}/api"
        self.process = subprocess.Popen(  # noqa: S603  our own module
            [sys.executable, "-m", __name__, str(port)],
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            env={**os.environ, **WITHOUT_SCHEDULES, "PREFECT_SERVER_UI_API_URL": self.url},
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        """Wait until the server answers; raises UserError when it does not start."""
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise UserError(
                    f"Prefect's temporary server did not start; expected enough disk space under PREFECT_HOME. {REMEDY}"
                )
            time.sleep(0.05)

    def answers(self) -> bool:
        """Tell whether the server answers requests."""
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with contextlib.suppress(OSError), direct.open(f"{self.url}/health", timeout=5):
            return True
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
    from prefect.context import refresh_global_settings_context
    from prefect.settings import get_current_settings

    if url := get_current_settings().api.url:
        check_server(url)
        return None
    server = TemporaryServer()
    os.environ["PREFECT_API_URL"] = server.url
    # An outside proxy cannot reach the loopback address.
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), HOST]))
    refresh_global_settings_context()
    return server


def check_server(url: str) -> None:
    """Raise UserError unless a server answers at the address; one that asks for a login or a certificate counts.

    Prefect's client has the settings for those.
    """
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=HEALTH_SECONDS):  # noqa: S310  the user's own
            return
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError, http.client.HTTPException) as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLError):
            return
        raise UserError(
            f"no Prefect server answers at {url}, the address in PREFECT_API_URL; expected a running server. {REMEDY}"
        ) from error


def serve(port: int) -> None:
    """Serve Prefect's API until standard input ends."""
    with garbage_left_alone():
        import uvicorn
        from prefect.server.api.server import create_app

    threading.Thread(target=stop_with_parent, daemon=True).start()
    application = create_app(final=True)
    uvicorn.run(application, host=HOST, port=port, log_level="error", timeout_graceful_shutdown=GRACE_SECONDS)


def stop_with_parent() -> None:
    """Ask the server to stop when the parent has ended, and exit if it does not stop in time."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS + 2)
    os._exit(0)


if __name__ == "__main__":
    serve(int(sys.argv[1]))

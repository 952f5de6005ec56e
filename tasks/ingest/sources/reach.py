"""Find out within seconds whether a host can be reached."""

import contextlib
import socket
import threading
import urllib.request
from typing import Final
from urllib.parse import urlsplit

PROBE_SECONDS: Final = 5.0
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def find_entrance(url: str) -> tuple[str, int]:
    """Return the host and port that a request goes to first: those of a proxy if there is one, otherwise the URL's."""
    target = urlsplit(url)
    proxy = urllib.request.getproxies().get(target.scheme)
    if proxy and not urllib.request.proxy_bypass(target.hostname or ""):
        target = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return target.hostname or "", target.port or DEFAULT_PORTS.get(target.scheme, 80)


def answers(host: str, port: int) -> bool:
    """Tell whether a host accepts a connection within PROBE_SECONDS, including the look-up of its name."""
    reached = threading.Event()

    def connect() -> None:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=PROBE_SECONDS):
            reached.set()

    prober = threading.Thread(target=connect, daemon=True)
    prober.start()
    prober.join(PROBE_SECONDS)
    return reached.is_set()

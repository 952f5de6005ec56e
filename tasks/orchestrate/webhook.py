"""Tell another system what happened, by one HTTP request that can neither fail nor hold up the run.

The address is a secret: it is in the environment alone, never among the parameters, and never logged.
"""

import json
import logging
import os
import threading
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

VARIABLE: Final = "BAKEOFF_WEBHOOK_URL"
TIMEOUT_SECONDS: Final = 5.0
SUCCESS: Final = range(200, 300)

logger: Final = logging.getLogger(__name__)


class KeepAddress(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for the failure that it is: the request would arrive without its body."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow nowhere."""


def call_webhook(body: Mapping[str, Any]) -> bool:
    """Post the body as JSON to the address in the environment, if there is one; tells whether it was taken.

    Whatever goes wrong is a warning in the log, after at most `TIMEOUT_SECONDS` in all.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        return False
    taken = threading.Event()
    # Finding the host takes as long as the system likes; a thread can be left waiting for it.
    thread = threading.Thread(target=post, args=(url, json.dumps(body).encode(), taken), daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    if not taken.is_set():
        logger.warning("the webhook could not be reached; the run goes on")
    return taken.is_set()


def post(url: str, content: bytes, taken: threading.Event) -> None:
    """Send the request and set the event when it was answered with success."""
    try:
        if not url.startswith(("http://", "https://")):
            return
        request = urllib.request.Request(url, content, {"Content-Type": "application/json"})  # noqa: S310  checked above
        with urllib.request.build_opener(KeepAddress()).open(request, timeout=TIMEOUT_SECONDS) as response:
            if response.status in SUCCESS:
                taken.set()
    except Exception as error:  # noqa: BLE001  no failure here is one of the run's; its text may hold the address
        logger.debug("webhook: %s", type(error).__name__)

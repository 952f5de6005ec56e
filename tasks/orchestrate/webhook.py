"""Notify another system with one HTTP request, which can neither fail a run nor hold it up.

The address is a secret: it is only read from the environment, is never a parameter and is never logged.
"""

import json
import logging
import os
import threading
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from tasks.formatting.redaction import redact
from tasks.formatting.texts import map_texts

VARIABLE: Final = "BAKEOFF_WEBHOOK_URL"
TIMEOUT_SECONDS: Final = 5.0
SUCCESS: Final = range(200, 300)

logger: Final = logging.getLogger(__name__)


class KeepAddress(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as a failure, because the redirected request would arrive without its body."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Follow nowhere."""


def call_webhook(body: Mapping[str, Any]) -> bool:
    """Post the body as JSON to the address in the environment, if there is one; returns whether it was accepted.

    A failure is logged as a warning, after at most `TIMEOUT_SECONDS` in all.
    """
    url = os.environ.get(VARIABLE)
    if not url:
        return False
    taken = threading.Event()
    # Name resolution has no time limit of its own, but a thread can be left waiting for it.
    content = json.dumps(map_texts(redact, dict(body))).encode()
    thread = threading.Thread(target=post, args=(url, content, taken), daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    if not taken.is_set():
        logger.warning("the webhook could not be reached or did not accept the request; the run continues")
    return taken.is_set()


def post(url: str, content: bytes, taken: threading.Event) -> None:
    """Send the request, and set the event if the response is a success."""
    try:
        if not url.startswith(("http://", "https://")):
            return
        request = urllib.request.Request(url, content, {"Content-Type": "application/json"})  # noqa: S310  checked above
        with urllib.request.build_opener(KeepAddress()).open(request, timeout=TIMEOUT_SECONDS) as response:
            if response.status in SUCCESS:
                taken.set()
    except Exception as error:  # noqa: BLE001  no failure here may fail the run, and the error's text may contain the address
        logger.debug("webhook: %s", type(error).__name__)

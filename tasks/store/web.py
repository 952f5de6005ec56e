"""Files of the web: downloaded in a stream, again only after they have changed, and repeated when a server fails."""

import os
import time
from pathlib import Path
from typing import Final

from tasks.errors import UserError
from tasks.formatting.addresses import VARIABLE

ATTEMPTS: Final = 5
FIRST_WAIT: Final = 1.0
TIMEOUT: Final = 60.0
CHUNK_BYTES: Final = 2**20
# The answers after which it pays to ask again.
PASSING: Final = (429, 500, 502, 503, 504)
NOT_MODIFIED: Final = 304
FAILURES: Final = 400


class PassingError(Exception):
    """A failure that may be over in a moment."""


def download(address: str, path: Path, *, known: str | None) -> str | None:
    """Download a file unless its version is the `known` one; returns its version, None if the server tells none.

    Raises UserError when it cannot be read, after several attempts where that may help.
    """
    url = expand_variables(address)
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return request(url, path, known=known, name=address)
        except PassingError as error:
            if attempt == ATTEMPTS:
                raise UserError(
                    f"{address} cannot be read: {error}; expected a file. Check the address, or try again later."
                ) from error
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
    return None


def request(url: str, path: Path, *, known: str | None, name: str) -> str | None:
    """Send one request and write its answer; raises PassingError for a failure that may be over in a moment."""
    import httpx

    headers = {"If-None-Match": known} if known else {}
    try:
        with httpx.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT) as answer:
            if answer.status_code == NOT_MODIFIED:
                return known
            if answer.status_code in PASSING:
                raise PassingError(f"the server answered with status {answer.status_code}")
            if answer.status_code >= FAILURES:
                raise UserError(
                    f"{name} cannot be read: the server answered with status {answer.status_code}; expected a file. "
                    "Check the address."
                )
            with path.open("wb") as file:
                for chunk in answer.iter_bytes(CHUNK_BYTES):
                    file.write(chunk)
            version: str | None = answer.headers.get("ETag")
            return version
    except httpx.TransportError as error:
        raise PassingError(str(error) or type(error).__name__) from error
    except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
        raise UserError(f"{name} cannot be read: {error}; expected a file. Check the address.") from error


def expand_variables(address: str) -> str:
    """Replace $NAME by the environment variable; raises UserError for one that is not set."""
    for name in VARIABLE.findall(address):
        if name not in os.environ:
            raise UserError(
                f"the environment variable {name} is not set; expected it for {address}. Set it and run again."
            )
    return VARIABLE.sub(lambda found: os.environ[found[1]], address)

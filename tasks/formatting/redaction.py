"""Keep passwords out of what others read: logs, errors, artifacts and notifications."""

import os
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "***"
# Settings whose whole value is secret, by the end of their name.
SECRET_SETTINGS: Final = ("_AUTH_STRING", "_API_KEY", "_PASSWORD", "_TOKEN", "WEBHOOK_URL")
# A shorter value could be part of any word, and protects nothing.
MIN_LENGTH: Final = 4
LOGIN: Final = re.compile(r"(?<=://)[^\s/?#]*@")
PARAMETER: Final = re.compile(r"""(?i)([?&](?:password|passwd|pwd|token|secret|api_?key|sig|signature)=)[^&\s"']+""")


def redact(text: str) -> str:
    """Hide the logins and passwords in addresses, and the values of settings that are secret.

    redact("no answer from https://me:pw@example.org/api") -> "no answer from https://***@example.org/api".
    """
    for secret in sorted(list_secrets(), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return PARAMETER.sub(rf"\1{HIDDEN}", LOGIN.sub(f"{HIDDEN}@", text))


def list_secrets() -> set[str]:
    """List the secrets in the environment, as they are written there and decoded.

    A password in an address is found even if it contains characters that should have been encoded.
    """
    found = {secret for name, value in os.environ.items() for secret in find_secrets(name, value)}
    return {form for secret in found for form in (secret, unquote(secret)) if len(form) >= MIN_LENGTH}


def find_secrets(name: str, value: str) -> Iterator[str]:
    """Find what is secret in the value of an environment variable."""
    if name.endswith(SECRET_SETTINGS):
        yield value
    if "://" in value and not any(map(str.isspace, value)):
        login = split_login(value)[0]
        yield login
        yield login.partition(":")[2]


def split_login(url: str) -> tuple[str, str]:
    """Split an address: split_login("https://me:pw@example.org/api") -> ("me:pw", "https://example.org/api").

    The login ends with the last @, so that a password may contain what should have been encoded.
    """
    scheme, separator, rest = url.partition("://")
    login, _, address = rest.rpartition("@")
    return login, f"{scheme}{separator}{address}"


def drop_login(url: str) -> str:
    """Remove the login from an address."""
    return split_login(url)[1]

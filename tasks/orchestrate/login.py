"""Where the configured Prefect server is, and how to log in there, kept apart."""

import os
from urllib.parse import unquote

from tasks.formatting.redaction import split_login


def find_server() -> str | None:
    """Return the address of the configured server, or None.

    A login in the address moves to the setting that Prefect has for it, for this process and those that it starts:
    Prefect logs the address and puts it into messages.
    """
    from prefect.context import refresh_global_settings_context
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    login, address = split_login(url or "")
    if not login:
        return url
    os.environ["PREFECT_API_URL"] = address
    os.environ["PREFECT_API_AUTH_STRING"] = unquote(login)
    refresh_global_settings_context()
    return address

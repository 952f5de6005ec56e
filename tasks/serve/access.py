"""Who may ask: on a loopback address, programs of this machine; elsewhere, whoever has the token.

Pages of other sites can send requests to a server on this machine, also under a name of their own that leads to it. On
a loopback address, only requests that name this machine as their host are answered, and nowhere one that a page of
another site sends.
"""

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Self

from starlette.exceptions import HTTPException

from tasks.errors import UserError
from tasks.serve.secret import REMEDY, VARIABLE, read_token

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
HEALTH: Final = "/healthz"
BEARER: Final = "bearer "


@dataclass(frozen=True, kw_only=True)
class Access:
    """The names under which the server is reached, None for any, and the token that it demands, None for none."""

    hosts: frozenset[str] | None
    token: str | None

    @classmethod
    def decide(cls, address: str, allowed_hosts: tuple[str, ...], *, host: str) -> Self:
        """Decide by the address that is listened on; raises UserError where there should be a token, or a better one.

        `host` is the address as it was asked for.
        """
        token = read_token()
        is_loopback = ipaddress.ip_address(address).is_loopback
        if not (is_loopback or token):
            raise UserError(
                f"others can reach --host {host!r}, but {VARIABLE} is not set; expected a token that requests must "
                f"have. {REMEDY}"
            )
        names = {*LOOPBACK_NAMES, bracket(address), host.lower(), *map(str.lower, allowed_hosts)}
        return cls(hosts=frozenset(names) if is_loopback or allowed_hosts else None, token=token)

    def check(self, headers: Mapping[str, str], path: str) -> None:
        """Raise HTTPException for a request that is not to be answered; the state of health is told without a token."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if self.hosts is not None and strip_port(host) not in self.hosts:
            raise HTTPException(
                HTTPStatus.BAD_REQUEST,
                "the request names another host; expected one of this server's names. Start it with --allowed-hosts to "
                "add one.",
            )
        if origin is not None and origin not in (f"http://{host}", f"https://{host}"):
            raise HTTPException(
                HTTPStatus.FORBIDDEN, "the request comes from a page of another site; expected a program."
            )
        if path != HEALTH and not self.knows(headers):
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED,
                "the request has no valid token; expected the header Authorization: Bearer <token>.",
                {"WWW-Authenticate": "Bearer"},
            )

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Tell whether a request has the token, if one is demanded, in a time that does not depend on the token."""
        if self.token is None:
            return True
        given = headers.get("authorization", "")
        is_bearer = given[: len(BEARER)].lower() == BEARER
        return secrets.compare_digest(given[len(BEARER) :].strip().encode(), self.token.encode()) and is_bearer


def strip_port(host: str) -> str:
    """Take the name from a Host header: strip_port("[::1]:8000") -> "[::1]"."""
    name = host.rpartition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower().removesuffix(".")


def bracket(address: str) -> str:
    """Write an address as in a Host header: bracket("::1") -> "[::1]"."""
    return f"[{address}]" if ":" in address else address

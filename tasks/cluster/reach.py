"""Find out whether a scheduler can be reached, without waiting for Dask's time limits."""

import errno
import os
import socket
from importlib.util import find_spec
from typing import Final
from urllib.parse import urlsplit

from tasks.errors import UserError, did_you_mean

SCHEMES: Final = ("tcp", "tls")
PATIENCE_SECONDS: Final = 5.0
CERTIFICATES: Final = {
    "distributed.comm.tls.ca-file": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "distributed.comm.tls.client.cert": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
    "distributed.comm.tls.client.key": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY",
}


def check_address(address: str) -> str:
    """Return the address of a scheduler, such as tcp://host:8786; raises ValueError if it is not one."""
    try:
        parts = urlsplit(address)
        is_complete = bool(parts.hostname) and parts.port is not None and parts.path in {"", "/"}
    except ValueError:
        is_complete = False
    if not is_complete or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{address!r} is not the address of a scheduler; expected one such as tcp://127.0.0.1:8786.")
    if parts.scheme not in SCHEMES:
        suggestion = did_you_mean(parts.scheme, SCHEMES)
        raise ValueError(f"unknown scheme {parts.scheme!r}; expected {' or '.join(SCHEMES)}.{suggestion}")
    return address.rstrip("/")


def check_dask() -> None:
    """Raise UserError if Dask is not installed."""
    if find_spec("distributed") is None:
        raise UserError(
            "Dask is not installed; expected its package distributed for trainings on a cluster. "
            'Install it with: pip install -e ".[dask]".'
        )


def check_scheduler(address: str) -> None:
    """Raise UserError if Dask is not installed, certificates are missing, or nothing answers at the address."""
    check_dask()
    if is_encrypted(address):
        check_certificates()
    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE_SECONDS):
            pass
    except OSError as error:
        raise UserError(
            f"no scheduler answers at {address}: {describe(error)}; expected a Dask scheduler there. "
            "Start one with: bakeoff cluster, or correct --scheduler."
        ) from error


def check_port(host: str, port: int) -> None:
    """Raise UserError if no scheduler can listen at a port of this machine."""
    try:
        with socket.create_server((host, port)):
            pass
    except OSError as error:
        raise UserError(
            f"--scheduler-port {port} of --scheduler-host {host} cannot be opened: {describe(error)}; expected a free "
            "port of this machine. Choose another, or stop what uses it."
        ) from error


def describe(error: OSError) -> str:
    """Describe why a host cannot be found or a port not be opened, without the place, which is named already."""
    is_of_system = error.errno in errno.errorcode and not isinstance(error, socket.gaierror)
    return os.strerror(error.errno) if is_of_system and error.errno else str(error.strerror or error)


def is_encrypted(address: str) -> bool:
    """Tell whether an address asks for TLS."""
    return address.startswith("tls://")


def check_certificates() -> None:
    """Raise UserError if Dask's configuration does not name the certificates that TLS needs."""
    import dask.config
    import distributed.config  # noqa: F401  it adds the defaults of the settings

    if missing := [variable for key, variable in CERTIFICATES.items() if not dask.config.get(key)]:
        raise UserError(
            f"an address with tls:// needs certificates; expected {', '.join(missing)} in the environment. "
            "Set each to the path of a file."
        )

"""What all tests share: one Prefect server for those that run flows, and no network beyond loopback."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Prefect server with a database of its own."""
    from tasks.temporary_server import TemporaryServer

    home = os.environ.get("PREFECT_HOME")
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    server = TemporaryServer()
    try:
        server.wait_until_ready()
        yield server.url
    finally:
        server.stop()
        if home is None:
            del os.environ["PREFECT_HOME"]
        else:
            os.environ["PREFECT_HOME"] = home

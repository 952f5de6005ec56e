"""The tables of Prefect's database, made by one process at a time: two that make them at once both fail."""

import asyncio
from typing import Final

from tasks.store.outputs import locked

LOCK: Final = "database"
# Tells a server that its tables are there. Kinds of Prefect's blocks, which no flow uses, are left to other servers.
READY: Final = {
    "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
}


def make_tables() -> None:
    """Make the tables of the configured database or bring them up to date; waits for another process that does so."""
    from prefect.server.database import provide_database_interface
    from prefect.settings import get_current_settings

    with locked(get_current_settings().home, LOCK):
        asyncio.run(provide_database_interface().create_db())

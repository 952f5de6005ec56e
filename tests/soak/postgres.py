"""Debian's PostgreSQL on this machine (apt-get install postgresql), for the scripts that need a server of their own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from machines import kill_tree, wait_for
from seaweed import find_port

BINARIES: Final = Path("/usr/lib/postgresql")
# As root, it runs under an account of its own.
ACCOUNT: Final[dict[str, Any]] = {} if os.geteuid() else {"user": "postgres", "group": "postgres", "extra_groups": []}


def find_binaries() -> Path:
    """Return where the programs of the newest version are."""
    return max(BINARIES.glob("*/bin"))


class Postgres:
    """A server whose files are in an empty folder, which is given to its account."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment, self.port = folder, os.environ | environment, find_port()
        self.process: subprocess.Popen[bytes] | None = None
        if ACCOUNT:
            subprocess.run(["chown", "postgres:postgres", str(folder)], check=True)
        if not self.call("initdb", f"--pgdata={folder}/files", "--username=prefect", "--auth=trust"):
            raise RuntimeError("initdb failed")

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://prefect@127.0.0.1:{self.port}/postgres"

    def call(self, name: str, *arguments: str) -> bool:
        """Run one of its programs; tells whether it succeeded."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.folder}
        command = [str(find_binaries() / name), *arguments]
        return subprocess.run(command, check=False, **quiet, **ACCOUNT).returncode == 0

    def start(self, log: Path) -> None:
        """Start it, and wait until it answers; it recovers by itself from whatever ended it."""
        settings = ["-c", "max_wal_size=64MB", "-c", "listen_addresses=127.0.0.1"]
        command = [str(find_binaries() / "postgres"), "-D", f"{self.folder}/files"]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [*command, f"-p{self.port}", f"-k{self.folder}", *settings],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=output,
                **ACCOUNT,
            )
        wait_for(lambda: self.call("pg_isready", "--host=127.0.0.1", f"--port={self.port}"))

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Kill it with all of its processes."""
        if self.process:
            kill_tree(self.process)

    def stop(self) -> None:
        """End it without waiting for its clients."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(2)
            self.process.wait()

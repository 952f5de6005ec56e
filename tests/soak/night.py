"""A machine whose nights may go wrong: a Prefect server on a disk of its own, `serve` or a worker, and what is due."""

import contextlib
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import nights
import psutil
from machines import ROOT
from nights import FINAL, make_site
from postgres import Postgres

sys.path.insert(0, str(ROOT))
from tests.conftest import WebhookReceiver

DEPLOYMENT: Final = "train-all/smoke"
UNFINISHED: Final = ("RUNNING", "CANCELLING", "PENDING")
# The server looks for new schedules every five seconds, and may be busy.
DUE_IN: Final = timedelta(seconds=20)
DAY: Final = timedelta(days=1)
# When the nightly run is due, which would train for long: in a leap year.
NEVER: Final = "0 0 29 2 *"
SERVED: Final = "are being served"
MOST_SECONDS: Final = 600
nights.conftest.PATIENCE_SECONDS = MOST_SECONDS


class Clock:
    """The clock of all processes with its environment, which can be moved; their monotonic clock goes on."""

    def __init__(self, folder: Path) -> None:
        self.file, self.offset = folder / "clock", timedelta()
        self.move(timedelta())

    def move(self, by: timedelta) -> None:
        """Move it within a second for all."""
        self.offset += by
        draft = self.file.with_suffix(".draft")
        draft.write_text(f"{self.offset.total_seconds():+.0f}\n")
        draft.replace(self.file)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def describe_environment(self) -> dict[str, str]:
        """The variables of the processes that follow it."""
        return {
            "LD_PRELOAD": str(find_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
            # Otherwise it ends waits of threads too early, and Python is busy with them.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }


def find_library() -> Path | None:
    """Return where libfaketime is, if it is installed."""
    found = importlib.util.find_spec("libfaketime")
    path = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1" if found and found.origin else None
    return path if path and path.exists() else None


@contextlib.contextmanager
def mounted(folder: Path) -> Iterator[bool]:
    """A small disk at a folder; tells whether there is one, which needs root."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=600m", "tmpfs", str(folder)]
    is_mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Night:
    """Runs come due by `serve` or by a worker, and the server's database is SQLite or PostgreSQL, on `folder`/disk."""

    def __init__(self, folder: Path, by: str, database: str, receiver: WebhookReceiver, *, moves_clock: bool) -> None:
        self.by, self.database, self.receiver = by, database, receiver
        self.disk, self.clock = folder / "disk", Clock(folder)
        self.site = make_site(folder)
        environment = self.clock.describe_environment() if moves_clock else {}
        self.postgres = Postgres(self.disk, environment) if database == "postgresql" else None
        self.sqlite = self.disk / "prefect.db"
        self.site.environment |= environment | {
            "BAKEOFF_WEBHOOK_URL": receiver.url,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": (
                self.postgres.url if self.postgres else f"sqlite+aiosqlite:///{self.sqlite}"
            ),
        }
        self.server: subprocess.Popen[bytes] | None = None
        self.parent: subprocess.Popen[bytes] | None = None

    def start(self) -> list[str]:
        """Start what is not running, as a service manager does; returns what that was."""
        started = []
        if self.postgres and not self.postgres.is_alive():
            self.postgres.start(self.site.folder / "postgres.log")
            started.append("database")
        if self.server is None or self.server.poll() is not None:
            self.server = self.site.start_server()
            started.append("server")
        if self.parent is None or self.parent.poll() is not None:
            self.parent = self.start_serving() if self.by == "serve" else self.start_worker()
            started.append(self.by)
        return started

    def start_serving(self) -> "subprocess.Popen[bytes]":
        """Start `serve`, and wait until it has made the deployments, which removes the schedules of others."""
        num_before = self.site.logs().count(SERVED)
        process = self.site.start_serving(f"--cron={NEVER}")
        self.site.wait_until(lambda: self.site.logs().count(SERVED) > num_before)
        return process

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Start a worker; the first time, deploy before."""
        if self.parent is None:
            self.site.prefect("work-pool", "create", "bakeoff", "--type", "process")
            self.site.prefect("deploy", f"--name={DEPLOYMENT}", "--prefect-file", "flows/prefect.yaml")
        return self.site.start(sys.executable, str(ROOT / "flows/deploy.py"), "worker", cwd=self.site.folder)

    def stop(self) -> None:
        """End all in good order."""
        for process in (self.parent, self.server):
            if process:
                self.site.stop(process)
        if self.postgres:
            self.postgres.stop()

    def kill_left(self) -> int:
        """Kill what is left; returns how many processes that were."""
        left = self.site.find_processes()
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return len(left)

    def schedule(self, due: datetime, config: dict[str, Any]) -> str:
        """Let the deployment be due once, and again a day later; returns the id of the first run."""
        path = f"/deployments/{self.site.deployment(DEPLOYMENT)['id']}/schedules"
        when = {"interval": DAY.total_seconds(), "anchor_date": due.isoformat()}
        (added,) = self.site.call(path, [{"schedule": when, "active": True, "parameters": {"config": config}}])
        found: list[Any] = []
        self.site.wait_until(lambda: found.extend(self.find_due(added["id"])) or found)
        if datetime.fromisoformat(found[0]["expected_start_time"]) > due + DUE_IN:
            raise RuntimeError("the server was too late to plan the run")
        return str(found[0]["id"])

    def find_due(self, schedule: str) -> list[Any]:
        """Find the runs that a schedule has planned, the next one first."""
        planned = self.find_runs("SCHEDULED", sort="EXPECTED_START_TIME_ASC")
        return [run for run in planned if (run["created_by"] or {}).get("id") == schedule]

    def forget_schedules(self) -> None:
        """Remove all schedules, with what they have planned."""
        path = f"/deployments/{self.site.deployment(DEPLOYMENT)['id']}/schedules"
        for schedule in self.site.call(path):
            self.site.call(f"{path}/{schedule['id']}", method="DELETE")

    def find_runs(self, *types: str, sort: str = "ID_DESC") -> list[Any]:
        """Find the runs in states of some types."""
        return list(
            self.site.call("/flow_runs/filter", {"flow_runs": {"state": {"type": {"any_": types}}}, "sort": sort})
        )

    def wait_for_end(self, run_id: str) -> str:
        """Wait until a run has its final state, or for as long as anybody would; returns the type of its state."""
        self.waits_until(lambda: self.site.run(run_id)["state"]["type"] in FINAL)
        return str(self.site.run(run_id)["state"]["type"])

    def waits_until(self, condition: Callable[[], object], seconds: float = MOST_SECONDS) -> bool:
        """Wait until a condition is met, also while the server is away; tells whether it is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if condition():
                    return True
            time.sleep(0.2)
        return False

    def count_alerts(self, run_id: str) -> int:
        """Count what the webhook was sent about a run."""
        return sum(body["run"]["id"] == run_id for _, _, body in list(self.receiver.received))

    def find_flow_process(self) -> psutil.Process:
        """Find the process of the flow run that works, the oldest of its family."""
        return min(self.site.find_children(), key=lambda it: it.create_time())

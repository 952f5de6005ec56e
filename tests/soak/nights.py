"""Run the smoke deployment night after night, and kill each tenth run: what grows, and what is left behind?

By hand, since a night takes about 17 seconds: python tests/soak/nights.py --nights 300. A server and `serve` run all
the time. Each night has one more review than the one before, so that everything is made anew, and cleans to a disk
budget. A run is killed at a random moment; it must be reported as Crashed, and the night after it must be right. Prints
a line for each night and a summary at the end; exits with 1 if a night was not right or something is left behind.
"""

import argparse
import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "flows"))
import conftest
from conftest import Site, find_free_port

# A busy machine may take its time over a night.
conftest.PATIENCE_SECONDS = 1_800
FIRST_LIMIT = 300
BUDGET = "40MB"
# In seconds after the run is under way.
LATEST_KILL = 10.0
RANDOM = random.Random(1)  # noqa: S311  when a run is killed is no secret
MIB = 2**20
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
# The record of the run itself, and its lock, which `serve` removes within half a minute; the record of a run that was
# killed stays for ten minutes.
ALLOWED = {"records": 4, "locks": 1}
COLUMNS = ("night", "state", "seconds", "data MB", "artifacts MB", "home MB", "server MiB", "serve MiB", "left behind")


class Night(NamedTuple):
    """What one night came to: sizes in bytes, memory in bytes, and what was left behind when its run was over."""

    number: int
    state: str
    is_right: bool
    seconds: float
    data: int
    artifacts: int
    home: int
    server: int
    serve: int
    left: tuple[str, ...]

    def describe(self) -> str:
        sizes = [f"{size / 10**6:.1f}" for size in (self.data, self.artifacts, self.home)]
        memory = [f"{size / MIB:.0f}" for size in (self.server, self.serve)]
        left = ", ".join(self.left) or "nothing"
        values = [str(self.number), self.state, f"{self.seconds:.0f}", *sizes, *memory, left]
        return " | ".join(value.rjust(len(name)) for value, name in zip(values, COLUMNS, strict=True))


def make_site(folder: Path) -> Site:
    port = find_free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("BAKEOFF_", "PREFECT_"))}
    (folder / "tmp").mkdir()
    environment = {
        **inherited,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "BAKEOFF_DATA_DIR": str(folder / "data"),
        "BAKEOFF_ARTIFACTS_DIR": str(folder / "artifacts"),
        "TMPDIR": str(folder / "tmp"),
        "no_proxy": "127.0.0.1",
    }
    return Site(folder, port, environment)


def spend_night(site: Site, number: int, *, is_killed: bool, processes: Iterable[psutil.Process]) -> Night:
    """Let the deployment run once, and look at what there is afterwards."""
    started = time.monotonic()
    settings: dict[str, Any] = {
        "dataset": "sample",
        "variants": ["flatten", "conv-max"],
        "baselines": ["majority", "tfidf-linear"],
        "limit": FIRST_LIMIT + number,
        "epochs": 2,
        "disk_budget": BUDGET,
    }
    run_id = site.start_run("train-all/smoke", **settings)
    if is_killed:
        site.wait_for_state(run_id, "RUNNING", *FINAL)
        time.sleep(RANDOM.uniform(0, LATEST_KILL))
        kill_run(site)
    state = site.wait_for_state(run_id, *FINAL)["type"]
    seconds = time.monotonic() - started
    with contextlib.suppress(AssertionError):
        site.wait_until(lambda: not site.find_children())
    memory = [sum_memory(process) for process in processes]
    sizes = [measure(site.folder / name) for name in ("data", "artifacts", "prefect")]
    is_right = state == ("CRASHED" if is_killed else "COMPLETED")
    # The next run, not this one, clears up after a run that was killed.
    left = () if is_killed else tuple(find_left(site))
    return Night(number, state, is_right, seconds, *sizes, *memory, left)


def kill_run(site: Site) -> None:
    """Kill all processes of the run at once."""
    for process in site.find_children():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def sum_memory(process: psutil.Process) -> int:
    """Add up the resident memory of a process and its children."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += member.memory_info().rss
    return total


def measure(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def find_left(site: Site) -> Iterable[str]:
    """Name what a run that has ended should not leave."""
    if children := site.find_children():
        yield f"{len(children)} processes"
    patterns = {
        "locks": ("data/.locks/*", "artifacts/.locks/*", "prefect/sequence-bakeoff/*.lock"),
        "interrupted work": ("data/.work/*", "artifacts/.work/*", "artifacts/runs/.*"),
        "records": ("prefect/sequence-bakeoff/*.json",),
        "temporary files": ("tmp/pymp-*", "tmp/tmp*", "tmp/bakeoff-*/*"),
    }
    for name, places in patterns.items():
        found = [path for place in places for path in site.folder.glob(place)]
        if len(found) > ALLOWED.get(name, 0):
            yield f"{len(found)} {name}"


def summarise(nights: list[Night]) -> str:
    """Compare the first fifth of the nights with the last one."""
    fifth = max(1, len(nights) // 5)
    first, last = nights[:fifth], nights[-fifth:]
    lines = [f"{sum(night.is_right for night in nights)} of {len(nights)} nights were right"]
    for name, unit in (("data", 10**6), ("artifacts", 10**6), ("home", 10**6), ("server", MIB), ("serve", MIB)):
        before, after = (statistics.median(getattr(night, name) for night in part) / unit for part in (first, last))
        lines.append(f"{name}: {before:.1f} -> {after:.1f} {'MB' if unit == 10**6 else 'MiB'}")
    lines.append(f"left behind by the last night: {', '.join(nights[-1].left) or 'nothing'}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=300)
    num_nights = parser.parse_args().nights
    nights: list[Night] = []
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder))
        server, serve = site.start_server(), site.start_serving()
        processes = [psutil.Process(process.pid) for process in (server, serve)]
        print(" | ".join(COLUMNS), flush=True)
        try:
            for number in range(1, num_nights + 1):
                night = spend_night(site, number, is_killed=number % 10 == 0, processes=processes)
                nights.append(night)
                print(night.describe(), flush=True)
        finally:
            site.stop(serve)
            site.stop(server)
        print(summarise(nights))
    return int(not all(night.is_right and not night.left for night in nights))


if __name__ == "__main__":
    sys.exit(main())

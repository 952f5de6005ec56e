"""Time the main job with one training at a time, with several, and on a cluster's workers, in turns.

Each run begins with prepared sequences and ends with the report, or with --whole begins with raw text. Needs
imdb_reviews prepared under TFDS_DATA_DIR. Two cores take about a quarter of an hour for a round of the ten seed
variants with three seeds. Times in which no model is trained are reported beside, since only trainings run side by
side.
"""

import argparse
import contextlib
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from side_by_side import write_json
from whole_run import run_bakeoff

ADDRESS: Final = re.compile(r"workers; .* (tcp\S+)")
ALONE: Final = "--jobs 1"


class Timing(NamedTuple):
    """The seconds of a run from its start to its end, and the sum of its trainings', which may be side by side."""

    seconds: float
    trainings: float


def time_run(data: Path | None, arguments: Sequence[str]) -> Timing:
    """Run the main job with new artifacts, on data that are ready if a folder has some."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if data:
            (folder / "data").symlink_to(data)
        seconds, leaderboard = run_bakeoff(folder, list(arguments))
    rows = leaderboard["variants"]
    return Timing(seconds, sum(row["train_seconds"] * row["seeds"] for row in rows if row["train_seconds"]))


@contextlib.contextmanager
def started_cluster(num_workers: int) -> Iterator[str]:
    """Start workers on this machine, each with its share of the cores; yields the scheduler's address."""
    command = [sys.executable, "-m", "tasks.cli", "cluster", f"--workers={num_workers}", "--scheduler-port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cluster:
        assert cluster.stdout is not None
        try:
            yield next(found[1] for line in cluster.stdout if (found := ADDRESS.search(line)))
        finally:
            cluster.send_signal(signal.SIGINT)


def time_round(ways: Mapping[str, Sequence[str]], arguments: Sequence[str], data: Path | None) -> dict[str, Timing]:
    """Time each way once."""
    found = {}
    for name, flags in ways.items():
        found[name] = time_run(data, [*arguments, *flags])
        print(f"{name}: {found[name].seconds:.0f} s; sum of the trainings {found[name].trainings:.0f} s", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default="seed")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--workers", type=int, default=0, help="also on so many workers of a cluster")
    parser.add_argument("--whole", action="store_true", help="begin with raw text")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    limit = [f"--limit={options.limit}"] if options.limit else []
    arguments = ["--dataset=imdb_reviews", f"--variants={options.variants}", f"--seeds={options.seeds}", *limit]
    ways = {ALONE: ["--jobs=1"], f"--jobs {options.jobs}": [f"--jobs={options.jobs}"]}
    with contextlib.ExitStack() as stack:
        if options.workers:
            address = stack.enter_context(started_cluster(options.workers))
            ways[f"{options.workers} workers"] = [f"--scheduler={address}"]
        data = None
        if not options.whole:
            data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data"
            run_bakeoff(data.parent, [*arguments, "--epochs=1", "--seeds=1"])
        rounds = [time_round(ways, arguments, data) for _ in range(options.rounds)]
    ratios = {name: median(it[ALONE].seconds / it[name].seconds for it in rounds) for name in ways}
    print(f"{platform.machine()}, {os.cpu_count()} cores, {options.variants}, {options.seeds} seeds")
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}x")
    write_json(options.json, rounds=[{name: it._asdict() for name, it in row.items()} for row in rounds], ratios=ratios)


if __name__ == "__main__":
    main()

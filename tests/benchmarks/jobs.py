"""Time the main job with one training at a time and with several, in turns, from prepared sequences to report.

Needs imdb_reviews prepared under TFDS_DATA_DIR. A round of the ten seed variants with one seed takes about five minutes
on two cores.
"""

import argparse
import os
import platform
import tempfile
from pathlib import Path
from statistics import median

from side_by_side import write_json
from whole_run import run_bakeoff


def time_run(data: Path, arguments: list[str], jobs: int) -> float:
    """Run the main job with new artifacts on data that are ready; returns its seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(data)
        return run_bakeoff(folder, [*arguments, f"--jobs={jobs}"])[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default="seed")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    limit = [f"--limit={options.limit}"] if options.limit else []
    arguments = ["--dataset=imdb_reviews", f"--variants={options.variants}", f"--seeds={options.seeds}", *limit]
    with tempfile.TemporaryDirectory() as name:
        run_bakeoff(Path(name), [*arguments, "--epochs=1", "--seeds=1"])
        rounds = [
            tuple(time_run(Path(name) / "data", arguments, jobs) for jobs in (1, options.jobs))
            for _ in range(options.rounds)
        ]
    ratios = [alone / together for alone, together in rounds]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {options.variants}, {options.seeds} seeds")
    for alone, together in rounds:
        print(f"--jobs 1: {alone:.0f} s; --jobs {options.jobs}: {together:.0f} s; {alone / together:.2f}x")
    write_json(options.json, jobs=options.jobs, rounds=rounds, ratio=median(ratios))


if __name__ == "__main__":
    main()

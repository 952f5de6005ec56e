"""What ten times the reviews take: whole runs from a file to the report, in time and memory, stage by stage.

The reviews look like IMDB's (`perturbed.py`). Memory is that of all processes of a run together (PSS), sampled every
second; a stage lasts from the end of the task before to its own end. Needs imdb_reviews under TFDS_DATA_DIR, and 5 KB
of disk per review under --folder. 25,000 and 250,000 reviews take about eight minutes of processor time.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import psutil
from perturbed import write_perturbed
from side_by_side import write_json

ROOT: Final = Path(__file__).parents[2]
FINISHED: Final = re.compile(r"Task run '(?P<task>[^']+)' - Finished in state")
SECONDS: Final = 1.0
MB: Final = 10**6


@dataclass
class Stage:
    """One task of the run: its seconds, the processor time of all processes, and their peak memory."""

    name: str
    seconds: float
    processor_seconds: float
    peak_mb: float


@dataclass
class Meter:
    """Measures a process and everything that it starts."""

    root: psutil.Process
    stages: list[Stage] = field(default_factory=list)
    peak: float = 0.0
    started: float = field(default_factory=time.perf_counter)
    processor: float = 0.0

    def list_processes(self) -> list[psutil.Process]:
        """List the processes that are alive."""
        with suppress(psutil.NoSuchProcess):
            return [self.root, *self.root.children(recursive=True)]
        return []

    def sample(self) -> None:
        """Note the memory that is taken at the moment."""
        total = 0
        for process in self.list_processes():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_full_info().pss
        self.peak = max(self.peak, total / MB)

    def measure_processor(self) -> float:
        """Add up the processor time, also that of children that have ended."""
        total = 0.0
        for process in self.list_processes():
            with suppress(psutil.NoSuchProcess):
                total += sum(process.cpu_times()[:4])
        return max(total, self.processor)

    def finish_stage(self, name: str) -> None:
        """End a stage and begin the next one."""
        ended, processor = time.perf_counter(), self.measure_processor()
        self.stages.append(Stage(name, ended - self.started, processor - self.processor, self.peak))
        print(self.stages[-1], file=sys.stderr, flush=True)
        self.started, self.processor, self.peak = ended, processor, 0.0


@contextmanager
def sampling(meter: Meter) -> Iterator[None]:
    """Sample the memory in a thread."""
    done = threading.Event()

    def sample_until_done() -> None:
        while not done.wait(SECONDS):
            meter.sample()

    thread = threading.Thread(target=sample_until_done)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def measure_run(path: Path, folder: Path, arguments: list[str]) -> list[Stage]:
    """Run the main job on a file as a person does, and measure its stages."""
    folders = [f"--data-dir={folder / 'data'}", f"--artifacts-dir={folder / 'artifacts'}"]
    command = [sys.executable, ROOT / "flows" / "train_all.py", f"--dataset={path}", *folders, *arguments]
    environment = {**os.environ, "PREFECT_HOME": str(folder / "prefect")}
    log = folder / "run.log"
    with (
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process,
        log.open("w") as file,
    ):
        meter = Meter(psutil.Process(process.pid))
        with sampling(meter):
            for line in process.stderr or ():
                file.write(line)
                file.flush()
                if found := FINISHED.search(line):
                    meter.finish_stage(found["task"])
            meter.finish_stage("end")
    if process.returncode:
        raise SystemExit(f"the run of {path} failed; see {log}")
    return meter.stages


def measure(num_reviews: int, folder: Path, arguments: list[str]) -> list[Stage]:
    """Write so many reviews, run the main job on them, and remove them; what an interrupted run has made is reused."""
    folder.mkdir(parents=True, exist_ok=True)
    path, unfinished = folder / "reviews.csv", folder / "unfinished.csv"
    if not path.exists():
        write_perturbed(unfinished, num_reviews)
        unfinished.rename(path)
    stages = measure_run(path, folder, arguments)
    path.unlink()
    shutil.rmtree(folder / "data")
    return stages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, nargs="+", default=[25_000, 250_000])
    parser.add_argument("--memory", default="2GB", help="[%(default)s]")
    parser.add_argument("--epochs", type=int, default=1, help="[%(default)s]")
    parser.add_argument("--folder", type=Path, help="where the files go, and the reports stay [a temporary folder]")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    options = parser.parse_args()
    arguments = ["--variants=average-pool,conv-max", "--baselines=nb-svm", "--jobs=1"]
    arguments += [f"--epochs={options.epochs}", f"--memory={options.memory}"]
    found: dict[int, list[Stage]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for num_reviews in options.reviews:
            found[num_reviews] = measure(num_reviews, (options.folder or Path(scratch)) / str(num_reviews), arguments)
    print(f"{platform.machine()}, {os.cpu_count()} cores; {' '.join(arguments)}")
    for num_reviews, stages in found.items():
        seconds, peak = sum(it.seconds for it in stages), max(it.peak_mb for it in stages)
        print(f"\n{num_reviews:,} reviews: {seconds:,.0f} s, {peak:,.0f} MB")
        for it in stages:
            print(f"{it.name:<32} {it.seconds:8.1f} s {it.processor_seconds:8.1f} CPU s {it.peak_mb:8,.0f} MB")
    write_json(options.json, stages={num: [asdict(it) for it in stages] for num, stages in found.items()})


if __name__ == "__main__":
    main()

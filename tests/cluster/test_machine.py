"""A cluster of processes, as `bakeoff cluster` starts it: the same models, and ends of workers, scheduler and flows."""

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.baseline.baselines import BASELINES
from tasks.baseline.identity import FIT
from tasks.cluster import connection
from tasks.cluster.choice import use_cluster
from tasks.encode.encodings import Encoding
from tasks.encode.sequences import write_encoding
from tasks.errors import UserError
from tasks.process.child import run_apart
from tasks.process.side_by_side import work_side_by_side
from tasks.train.identity import TRAIN
from tasks.train.settings import EpochRecord, FitSettings, Listener
from tasks.train.variants import VARIANTS

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 120
ENCODING = Encoding(name="tiny", kind="words", vocab_size=30, length=6, padding="pre", description="for tests")
EPOCHS = 60
SETTINGS = FitSettings(epochs=EPOCHS, patience=EPOCHS, batch_size=5, learning_rate=0.01, seed=1)
FLOW = """
import sys
from pathlib import Path
from tasks.cluster import connection
from tasks.cluster.choice import use_cluster
from tasks.errors import UserError
from tasks.process.child import run_apart
from tasks.process.side_by_side import work_side_by_side
class Print:
    def on_progress(self, pid): print(pid, flush=True)
with use_cluster(sys.argv[1], roots=[Path(sys.argv[2])], say=lambda _: None):
    work_side_by_side([lambda: run_apart("far:wait", listener=Print())], jobs=1)
"""


class Machine:
    """A process of `bakeoff cluster`, with two workers unless it is started otherwise."""

    def __init__(self, functions: Path, *arguments: str) -> None:
        path = os.pathsep.join([str(functions), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "tasks.cli", "cluster"]
        self.process = subprocess.Popen(
            # As a shell starts what it runs in the background: without Ctrl-C.
            ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *command, *(arguments or ["--scheduler-port=0"])],
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.output = self.process.stdout
        self.address = self.wait_for(r"\d workers.* (tcp\S+)")
        self.family = psutil.Process(self.process.pid).children(recursive=True)

    def wait_for(self, pattern: str) -> str:
        """Wait for a line, and return its first group."""
        return next(found[1] for line in self.output if (found := re.search(pattern, line)))

    @property
    def port(self) -> str:
        return self.address.rpartition(":")[2]

    def send(self, number: int) -> None:
        """Send a signal as a terminal does, to the whole group, or SIGKILL to the command alone."""
        if number == signal.SIGKILL:
            self.process.kill()
        else:
            os.killpg(self.process.pid, number)

    def await_end(self) -> int:
        """Wait until the command and all that it has started are gone; returns its exit status."""
        with self.process:
            status = self.process.wait(PATIENCE_SECONDS)
        assert not psutil.wait_procs(self.family, timeout=PATIENCE_SECONDS)[1]
        return status


@pytest.fixture(scope="module")
def machine(functions: Path) -> Iterator[Machine]:
    started = Machine(functions)
    yield started
    if started.process.poll() is None:
        started.send(signal.SIGINT)
        assert started.await_end() == 0


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def connected(machine: Machine, said: list[str], tmp_path: Path) -> Iterator[None]:
    with use_cluster(machine.address, roots=[tmp_path], say=said.append):
        yield


def find_worker(pid: int) -> psutil.Process:
    """The worker whose child has a process id; the server that forks children is between them."""
    server = psutil.Process(pid).parent()
    assert server
    worker = server.parent()
    assert worker
    return worker


class KillWorker(Listener):
    """Kills the worker that trains when it has done some epochs."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.epochs: list[int] = []

    def on_epoch(self, history: list[EpochRecord]) -> None:
        self.epochs.append(history[-1].epoch)
        if len(self.epochs) == 3:
            workers = psutil.Process(self.machine.process.pid).children()
            next(it for it in workers if any(server.children() for server in it.children())).kill()


def make_model(folder: Path, sequences: Path, reviews: Path, listener: Listener) -> list[bytes]:
    """Train a network and fit a baseline; returns the bytes of their numbers."""
    folder.mkdir()

    def train() -> None:
        run_apart(
            TRAIN,
            variant=VARIANTS["lstm"],
            encoding=ENCODING,
            settings=SETTINGS,
            num_classes=2,
            sequences_folder=sequences,
            folder=folder,
            listener=listener,
            lessons=None,
        )

    def fit() -> None:
        run_apart(
            FIT,
            baseline=BASELINES["nb-svm"],
            reviews_folder=reviews,
            folder=folder,
            label_names=["bad", "good"],
            class_weights=None,
        )

    for future in work_side_by_side([train, fit], jobs=1):
        future.result()
    # The archive of a network also says when it was written.
    with zipfile.ZipFile(folder / "model.keras") as network:
        return [network.read("model.weights.h5"), (folder / "model.npz").read_bytes()]


def test_killed_worker_changes_no_bit_of_a_model_that_is_made_here(
    machine: Machine, few_reviews: Path, tmp_path: Path
) -> None:
    sequences = tmp_path / "sequences"
    sequences.mkdir()
    write_encoding(few_reviews, ENCODING, sequences)
    here = make_model(tmp_path / "here", sequences, few_reviews, Listener())
    killing = KillWorker(machine)
    with use_cluster(machine.address, roots=[tmp_path], say=lambda _: None):
        there = make_model(tmp_path / "there", sequences, few_reviews, killing)
    assert here == there
    assert killing.epochs.count(1) == 1
    assert killing.epochs[-1] == EPOCHS


class KillOnce:
    """Kills something when a child has started for the first time."""

    def __init__(self, kill: Any) -> None:
        self.kill = kill
        self.first: psutil.Process | None = None
        self.num_children = 0

    def on_progress(self, pid: int) -> None:
        self.num_children += 1
        if self.first is None:
            self.first = psutil.Process(pid)
            self.kill(pid)

    def await_first(self) -> None:
        """Wait until the first child is gone."""
        assert not psutil.wait_procs([self.first], timeout=PATIENCE_SECONDS)[1]


@pytest.mark.usefixtures("connected")
def test_work_of_a_killed_worker_is_done_again_and_its_child_is_gone(tmp_path: Path) -> None:
    listener = KillOnce(lambda pid: find_worker(pid).kill())
    [done] = work_side_by_side([lambda: run_apart("far:resume", folder=tmp_path, listener=listener)], jobs=1)
    assert done.result() == "done"
    assert listener.num_children == 2
    listener.await_first()


def test_killed_flow_leaves_no_child(machine: Machine, functions: Path, tmp_path: Path) -> None:
    path = os.pathsep.join([str(functions), os.environ.get("PYTHONPATH", "")])
    flow = subprocess.Popen(
        [sys.executable, "-c", FLOW, machine.address, tmp_path],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    with flow:
        assert flow.stdout is not None
        child = psutil.Process(int(flow.stdout.readline()))
        flow.kill()
    assert not psutil.wait_procs([child], timeout=PATIENCE_SECONDS)[1]


@pytest.mark.usefixtures("connected")
def test_work_goes_on_when_the_scheduler_was_killed_and_is_there_again(
    machine: Machine, functions: Path, tmp_path: Path, said: list[str]
) -> None:
    others: list[Machine] = []

    def restart(_: int) -> None:
        machine.send(signal.SIGKILL)
        machine.await_end()
        others.append(Machine(functions, f"--scheduler-port={machine.port}"))

    listener = KillOnce(restart)
    [done] = work_side_by_side([lambda: run_apart("far:resume", folder=tmp_path, listener=listener)], jobs=1)
    assert done.result() == "done"
    listener.await_first()
    assert "done again" in said[-1]
    others[0].send(signal.SIGTERM)
    assert others[0].await_end() == 0


def test_workers_join_a_scheduler_elsewhere_and_again_when_it_was_away(functions: Path, tmp_path: Path) -> None:
    alone = Machine(functions, "--workers=0", "--scheduler-port=0")
    joining = Machine(functions, "--workers=1", f"--scheduler={alone.address}")
    alone.send(signal.SIGTERM)
    assert alone.await_end() == 0
    assert "no scheduler answers" in joining.wait_for("(waiting for a scheduler .*)")
    again = Machine(functions, "--workers=0", f"--scheduler-port={alone.port}")
    assert joining.wait_for("1 workers of (.*)") == alone.address
    with use_cluster(alone.address, roots=[tmp_path], say=lambda _: None):
        pass
    for machine in (joining, again):
        machine.send(signal.SIGINT)
        assert machine.await_end() == 0


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that does not wait long for a scheduler."""
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 2.0)


def expect_end_without_workers(lonely: Machine, listener: KillOnce, root: Path) -> None:
    """Do work until its scheduler is gone, and end with the line that says so."""
    with use_cluster(lonely.address, roots=[root], say=lambda _: None):
        works = [lambda: run_apart("far:wait", listener=listener)] * 2
        with pytest.raises(UserError, match=r"has had no worker for 3 seconds; .*it resumes where it stopped"):
            work_side_by_side(works, jobs=2)


@pytest.mark.usefixtures("hasty")
def test_run_whose_scheduler_is_gone_for_good_ends_in_one_line(functions: Path, tmp_path: Path) -> None:
    lonely = Machine(functions, "--workers=1", "--scheduler-port=0")
    listener = KillOnce(lambda _: lonely.send(signal.SIGKILL))
    expect_end_without_workers(lonely, listener, tmp_path)
    lonely.await_end()
    listener.await_first()


@pytest.mark.usefixtures("hasty")
def test_run_whose_scheduler_is_connected_but_says_nothing_ends_in_one_line(functions: Path, tmp_path: Path) -> None:
    frozen = Machine(functions, "--workers=1", "--scheduler-port=0")
    listener = KillOnce(lambda _: frozen.process.send_signal(signal.SIGSTOP))
    expect_end_without_workers(frozen, listener, tmp_path)
    frozen.process.send_signal(signal.SIGCONT)
    listener.await_first()
    frozen.send(signal.SIGINT)
    assert frozen.await_end() == 0

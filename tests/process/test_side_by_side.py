"""Several pieces of work at a time: order, cores, failures, and an end that leaves no child."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tasks.errors import TrainingError, UserError
from tasks.process import side_by_side
from tasks.process.child import run_apart
from tasks.process.place import STOPPED
from tasks.process.side_by_side import BYTES_PER_JOB, choose_jobs, divide_cores, list_cores, work_side_by_side

PATIENCE_SECONDS = 60
BINDS_TO_CORES = pytest.mark.skipif(not list_cores(), reason="this system cannot bind a process to cores")


@pytest.fixture(autouse=True)
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions for children to run, in a module that they can import."""
    (tmp_path / "beside.py").write_text(
        "import os, time\n"
        "def tell():\n    return os.sched_getaffinity(0), os.environ.get('TF_NUM_INTRAOP_THREADS')\n"
        "def wait(listener):\n    listener.on_start(os.getpid())\n    time.sleep(1000)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


class Started:
    """Hears of children that have started, and waits for a number of them."""

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.changed = threading.Condition()

    def on_start(self, pid: int) -> None:
        with self.changed:
            self.pids.append(pid)
            self.changed.notify_all()

    def wait_for(self, number: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.pids) >= number, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize(
    ("cores", "jobs", "parts"),
    [([0, 1, 2], 2, [{0, 2}, {1}]), ([4, 6], 2, [{4}, {6}]), ([3], 2, [{3}, {3}]), ([], 2, [set(), set()])],
)
def test_cores_are_divided_among_the_jobs(cores: list[int], jobs: int, parts: list[set[int]]) -> None:
    assert divide_cores(cores, jobs=jobs) == parts


def test_there_is_a_job_per_core_as_far_as_memory_and_work_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "list_cores", lambda: list(range(8)))
    monkeypatch.setattr(side_by_side, "measure_free_memory", lambda: 5 * BYTES_PER_JOB)
    assert choose_jobs(None, num_works=20, shares_gpu=False) == 5
    assert choose_jobs(None, num_works=3, shares_gpu=False) == 3
    assert choose_jobs(None, num_works=20, shares_gpu=True) == 1
    assert choose_jobs(6, num_works=20, shares_gpu=True) == 6
    monkeypatch.setattr(side_by_side, "measure_free_memory", lambda: 0)
    assert choose_jobs(None, num_works=20, shares_gpu=False) == 1


def test_results_are_in_the_order_of_the_works() -> None:
    both_run = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    works: list[Callable[[], int]] = [lambda: both_run.wait() * 0 + 1, lambda: both_run.wait() * 0 + 2, lambda: 3]
    assert [future.result() for future in work_side_by_side(works, jobs=2)] == [1, 2, 3]


@BINDS_TO_CORES
def test_children_have_cores_of_their_own_and_divide_sums_as_on_all() -> None:
    both_run = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def tell() -> Any:
        both_run.wait()
        return run_apart("beside:tell")

    first, second = (future.result() for future in work_side_by_side([tell, tell], jobs=2))
    every_core = set(list_cores())
    assert {frozenset(first[0]), frozenset(second[0])} == set(divide_cores(sorted(every_core), jobs=2))
    assert first[1] == second[1] == str(len(every_core))
    assert run_apart("beside:tell") == (every_core, os.environ.get("TF_NUM_INTRAOP_THREADS"))


def test_work_that_fails_does_not_stop_the_others() -> None:
    def fail() -> None:
        raise TrainingError("the loss is not finite")

    failed, done = work_side_by_side([fail, lambda: None], jobs=2)
    assert isinstance(failed.exception(), TrainingError)
    assert done.result() is None


@pytest.mark.parametrize("error", [UserError("bad data"), KeyboardInterrupt()])
def test_error_that_concerns_all_ends_every_child_and_starts_no_other(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, later = Started(), Started()
    ends: list[BaseException] = []

    def wait() -> None:
        try:
            run_apart("beside:wait", listener=started)
        except TrainingError as stopped:
            ends.append(stopped)
            raise

    def fail() -> None:
        started.wait_for(2)
        if isinstance(error, UserError):
            raise error

    def interrupt(_: Any) -> None:
        started.wait_for(2)
        raise error

    if isinstance(error, KeyboardInterrupt):
        monkeypatch.setattr(side_by_side, "wait_for_all", interrupt)
    with pytest.raises(type(error)):
        work_side_by_side([wait, wait, fail, lambda: run_apart("beside:wait", listener=later)], jobs=3)
    assert [str(end) for end in ends] == [STOPPED] * 2
    assert later.pids == []
    assert not any(psutil.pid_exists(pid) for pid in started.pids)

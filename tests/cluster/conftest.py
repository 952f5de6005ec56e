"""A cluster within this process, and functions for its workers to run in children."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from distributed import Scheduler, SpecCluster, Worker

from tasks.cluster.choice import use_cluster

FUNCTIONS = """
import os, signal, time
from pathlib import Path
def add(left, right): return left + right, os.getpid()
def tell(listener):
    for part in range(3): listener.on_progress(1, part)
def fail(error): raise error
def divide(): return 1 / 0
def die(number): os.kill(os.getpid(), number)
def describe(): return sorted(os.sched_getaffinity(0)), os.environ["TF_NUM_INTRAOP_THREADS"]
def wait(listener):
    listener.on_progress(os.getpid())
    time.sleep(1000)
def resume(folder, listener):
    '''Wait when it is called for the first time, and end when it is called again.'''
    (Path(folder) / f"attempt-{os.getpid()}").touch()
    listener.on_progress(os.getpid())
    if len(list(Path(folder).glob("attempt-*"))) == 1: time.sleep(1000)
    return "done"
"""


@pytest.fixture(scope="session")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a module `far` that children can import."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / "far.py").write_text(FUNCTIONS)
    # Children of processes that a test starts need not wait for Keras, which few of these functions use.
    (folder / "sitecustomize.py").write_text("from tasks.process import child\nchild.PRELOADED = 'far'\n")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def start_cluster(functions: Path) -> Callable[..., SpecCluster]:
    """Starts a scheduler in this process, and a worker with a slot for each of some resources."""
    del functions

    def start(resources: Sequence[Mapping[str, float]], protocol: str = "tcp://") -> SpecCluster:
        options = {"protocol": protocol, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
        own = [{**options, "nthreads": 1, "resources": dict(it)} for it in resources]
        return SpecCluster(
            scheduler={"cls": Scheduler, "options": {**options, "dashboard": False}},
            workers={number: {"cls": Worker, "options": it} for number, it in enumerate(own)},
            silence_logs=logging.CRITICAL,
        )

    return start


@pytest.fixture(scope="module")
def scheduler(start_cluster: Callable[..., SpecCluster]) -> Iterator[Any]:
    """A scheduler and two workers with a slot each, in this process."""
    with start_cluster([{}, {}]) as cluster:
        yield cluster


@pytest.fixture
def said() -> list[str]:
    """What the person who watches the flow is told."""
    return []


@pytest.fixture
def connected(scheduler: Any, said: list[str], tmp_path: Path) -> Iterator[None]:
    """Trainings of this thread run on the cluster."""
    with use_cluster(scheduler.scheduler_address, roots=[tmp_path], say=said.append):
        yield

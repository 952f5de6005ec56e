"""What runs on a Dask worker: a function in a child process, whose calls go back to the flow."""

import contextlib
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from queue import SimpleQueue
from typing import Any, Final, Literal

import dask.config
from distributed import Worker, get_worker

from tasks.cluster.fitness import Needs, find_fault, list_unshared
from tasks.cluster.one_line import log_in_one_line
from tasks.cluster.parcel import carried, unpack
from tasks.errors import SpokenError, TrainingError
from tasks.process.child import run_apart
from tasks.process.place import PLACE, Place
from tasks.process.side_by_side import divide_cores, list_cores

# Dask keeps the newest events of a topic, so one for all flows does not make the scheduler grow.
TOPIC: Final = "sequence-bakeoff"
SECONDS_BETWEEN_LOOKS: Final = 0.25
# The setting of Dask that names the cores of a worker, if it has only a part of its machine's.
CORES: Final = "sequence-bakeoff.cores"
# States of a worker in which it goes on with its tasks.
WORKING: Final = {"running", "paused"}

Kind = Literal["start", "call", "end"]


class UnfitWorkerError(SpokenError):
    """A worker may not train for a flow; `worker` is its address."""

    def __init__(self, message: str, worker: str) -> None:
        super().__init__(message)
        self.worker = worker

    def __reduce__(self) -> tuple[Any, ...]:
        """Let Dask send the error."""
        return type(self), (str(self), self.worker)


class DisplacedError(SpokenError):
    """Work ended before it was done, because its worker or scheduler did; it can be done elsewhere."""


@dataclass(frozen=True)
class Job:
    """A function, "package.module:name", its packed keyword arguments, the addresses in them, and what it needs."""

    function: str
    options: bytes
    addresses: tuple[str, ...]
    has_listener: bool
    on_gpu: bool
    num_cores: int
    needs: Needs


class Reporter:
    """Sends what happens to a task to the flow, and every call of the function's listener."""

    def __init__(self, worker: Worker, key: str) -> None:
        self.send: Callable[[Kind, Any], None] = lambda kind, content: worker.log_event(
            TOPIC, {"key": key, "kind": kind, "content": content}
        )

    def __getattr__(self, method: str) -> Callable[..., None]:
        return lambda *arguments: self.send("call", pickle.dumps((method, arguments)))


def dask_setup(_worker: Worker) -> None:
    """Prepare a worker that `bakeoff cluster` starts, when Dask preloads this module: Ctrl-C is for that command."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log_in_one_line()


def do_work(job: Job) -> Any:
    """Run a function in a child of this worker and return what it returns; calls of its listener go to the flow.

    The child is killed as soon as the flow or the worker ends. Raises UnfitWorkerError before it starts if this worker
    is not fit, DisplacedError if the worker ends, and otherwise what the function raises, as `run_apart` does.
    """
    worker = get_worker()
    key = str(worker.get_current_task())
    if fault := find_fault(job.needs):
        raise UnfitWorkerError(fault, worker.address)
    options = read_options(job, worker.address)
    reporter = Reporter(worker, key)
    reporter.send("start", worker.address)
    try:
        with (
            take_place(worker, job.num_cores) as place,
            watched(worker, key, place),
            carried(job.addresses, list_unshared(job.needs)),
        ):
            return run_apart(job.function, listener=reporter if job.has_listener else None, **options)
    except TrainingError:
        if place.is_closed:
            raise DisplacedError(f"the worker {worker.address} ended") from None
        raise
    finally:
        reporter.send("end", None)


def read_options(job: Job, address: str) -> dict[str, Any]:
    """Unpickle the arguments of a function; raises UnfitWorkerError if they need code that this worker lacks."""
    try:
        return unpack(job.options)
    except (ImportError, AttributeError) as error:
        raise UnfitWorkerError(f"it lacks code of the flow: {error}; install it there", address) from error


@contextlib.contextmanager
def take_place(worker: Worker, num_cores: int) -> Iterator[Place]:
    """Let this thread's children run on one slot's share of the worker's cores."""
    free = divide_worker(worker.id, worker.state.nthreads)
    cores = free.get()
    place = Place(cores, num_cores=num_cores)
    token = PLACE.set(place)
    try:
        yield place
    finally:
        PLACE.reset(token)
        free.put(cores)


@cache
def divide_worker(_worker_id: str, num_slots: int) -> SimpleQueue[frozenset[int]]:
    """Divide the cores of a worker among its slots."""
    free: SimpleQueue[frozenset[int]] = SimpleQueue()
    for cores in divide_cores(dask.config.get(CORES, default=None) or list_cores(), jobs=num_slots):
        free.put(cores)
    return free


@contextlib.contextmanager
def watched(worker: Worker, key: str, place: Place) -> Iterator[None]:
    """Close the place as soon as its task is no longer wanted here."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(SECONDS_BETWEEN_LOOKS):
            if not is_wanted(worker, key):
                place.close()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def is_wanted(worker: Worker, key: str) -> bool:
    """Tell whether a task is still to be done: neither cancelled, nor without its flow, scheduler or worker."""
    task = worker.state.tasks.get(key)
    return worker.status.name in WORKING and task is not None and task.state == "executing"

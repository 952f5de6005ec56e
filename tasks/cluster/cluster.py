"""The workers of a Dask cluster, as a place for trainings."""

import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from distributed import Client

from tasks.baseline.identity import FIT
from tasks.cluster.connection import Connection
from tasks.cluster.fitness import Needs, find_fault
from tasks.cluster.parcel import pack
from tasks.cluster.reach import is_encrypted
from tasks.cluster.work import ClusterWork
from tasks.cluster.worker import Job
from tasks.errors import UserError
from tasks.process.side_by_side import list_cores
from tasks.train.device import CPU, find_device
from tasks.train.identity import TRAIN

UNENCRYPTED: Final = (
    "the connection to the scheduler at {address} is not encrypted, and whoever reaches the scheduler can run any code "
    "on the workers and in this flow; keep it within a network that you trust, or use TLS"
)
LOGGERS: Final = ("distributed", "distributed.client")


class Cluster:
    """The workers of a scheduler, which do what would otherwise run in child processes of this flow."""

    def __init__(self, connection: Connection, roots: Sequence[Path]) -> None:
        self.connection = connection
        self.roots = tuple(roots)
        self.device = CPU

    def count_slots(self) -> int:
        """Return how many trainings the fit workers take at a time."""
        return sum(self.connection.find_workers().values())

    def name_device(self) -> str:
        """Name the GPU of the workers that have one, or "CPU"."""
        return self.device

    def start(self, function: str, options: dict[str, Any], *, has_listener: bool, on_gpu: bool) -> ClusterWork:
        """Prepare a function to run on a worker; it is submitted when somebody waits for it."""
        content, addresses = pack(options)
        job = Job(
            function=function,
            options=content,
            addresses=addresses,
            has_listener=has_listener,
            on_gpu=on_gpu,
            num_cores=len(list_cores()),
            needs=Needs.of(self.roots, function, gpu=self.device if on_gpu else None),
        )
        return ClusterWork(self.connection, job, self.roots)

    def check_workers(self) -> None:
        """Leave out the workers that are not fit; raises UserError if none is left or the scheduler lacks the code."""
        self.connection.await_workers()
        client = self.connection.connect()
        check_code_of_scheduler(client, self.connection.address)
        for worker, found in client.run(find_fault, Needs.of(self.roots, TRAIN, FIT), on_error="return").items():
            if fault := tell_fault(found):
                self.connection.refuse(worker, fault)
        self.find_gpu(client)
        if not self.connection.find_workers():
            reasons = "; ".join(f"{worker}: {reason}" for worker, reason in self.connection.refused.items())
            raise UserError(f"no worker at {self.connection.address} can train for this run. {reasons}.")

    def find_gpu(self, client: Client) -> None:
        """Find out which GPU most workers have, and leave out those that have another one."""
        having = list(self.connection.find_workers(on_gpu=True))
        found = client.run(find_device, workers=having) if having else {}
        kinds = Counter(found.values())
        self.device = kinds.most_common(1)[0][0] if kinds else CPU
        for worker, device in found.items():
            if device != self.device:
                self.connection.refuse(worker, f"its GPU is {device}, and that of other workers {self.device}")


def tell_fault(found: Exception | str | None) -> str | None:
    """Say why a worker is not fit, from what it answered or the error that it raised; None if it is."""
    if isinstance(found, OSError | TimeoutError):
        return f"it does not answer: {found}; start it again"
    return f"it lacks this package: {found}; install it there" if isinstance(found, Exception) else found


def check_code_of_scheduler(client: Client, address: str) -> None:
    """Raise UserError if the scheduler lacks this package, without which it cannot read a task."""
    try:
        client.run_on_scheduler(is_encrypted, address)
    except ImportError as error:
        raise UserError(
            f"the scheduler at {address} lacks this package: {error}; expected it to run in the same environment as "
            "the workers. Start it there with: bakeoff cluster."
        ) from error


@contextlib.contextmanager
def connect(address: str, *, roots: Sequence[Path], say: Callable[[str], None]) -> Iterator[Cluster]:
    """Connect to the scheduler at an address, and leave out the workers that are not fit; raises UserError."""
    if not is_encrypted(address):
        say(UNENCRYPTED.format(address=address))
    connection = Connection(address, say)
    with silence_dask(), contextlib.closing(connection):
        try:
            connection.connect()
        except (OSError, TimeoutError, RuntimeError, TypeError) as error:
            raise UserError(
                f"{address} is not a scheduler that this flow can use: {error}; expected a Dask scheduler, with TLS on "
                "both sides or on neither. Correct --scheduler, or the certificates."
            ) from error
        cluster = Cluster(connection, roots)
        cluster.check_workers()
        yield cluster


@contextlib.contextmanager
def silence_dask() -> Iterator[None]:
    """Leave out what Dask logs of a connection, which this room says in one line."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

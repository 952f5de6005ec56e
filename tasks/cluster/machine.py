"""A machine's part of a cluster: workers, and a scheduler unless they join another one; all end with this process."""

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import resource_tracker
from typing import Any, Final

import dask.config
from distributed import Nanny, Scheduler

from tasks.cluster import worker
from tasks.cluster.one_line import log_in_one_line
from tasks.cluster.reach import check_scheduler
from tasks.errors import UserError
from tasks.process.side_by_side import divide_cores, list_cores

SECONDS_BETWEEN_TRIES: Final = 2.0
SCHEDULER_CERTIFICATE: Final = "distributed.comm.tls.scheduler.cert"
# Workers must be able to start child processes, whose libraries choose their own number of threads.
SETTINGS: Final = {"distributed.worker.daemon": False, "distributed.nanny.pre-spawn-environ": {}}

# Dask's own pages, which have no password, are for this machine alone.
HIDDEN: Final[dict[str, Any]] = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}


@dataclass(frozen=True)
class Machine:
    """What one machine runs: `workers` that join `scheduler`, or one of its own; the first `gpus` have a GPU each."""

    workers: int
    gpus: int
    host: str
    port: int
    scheduler: str | None


def run_machine(machine: Machine, tell: Callable[[str], None]) -> None:
    """Run a machine's part of a cluster until it is interrupted; `tell` is given lines for people. Raises UserError."""
    logging.getLogger("distributed").setLevel(logging.WARNING)
    log_in_one_line()
    with dask.config.set(SETTINGS):
        asyncio.run(work_until_stopped(machine, tell))


async def work_until_stopped(machine: Machine, tell: Callable[[str], None]) -> None:
    """Run a machine's part of a cluster, and end all its processes on Ctrl-C or SIGTERM."""
    work = asyncio.create_task(join(machine, machine.scheduler, tell) if machine.scheduler else lead(machine, tell))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    # A terminal sends Ctrl-C to all processes. Those that start while it is blocked are not interrupted by it. This one
    # waits for it, unless it reaches a thread in which it is not blocked.
    resource_tracker.ensure_running()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    cancel = partial(loop.call_soon_threadsafe, work.cancel)
    threading.Thread(target=hear_interrupts, args=(cancel,), daemon=True).start()
    with contextlib.suppress(asyncio.CancelledError):
        await work


def hear_interrupts(then: Callable[[], object]) -> None:
    """Call a function at each Ctrl-C while it is blocked."""
    while True:
        signal.sigwait({signal.SIGINT})
        then()


async def lead(machine: Machine, tell: Callable[[str], None]) -> None:
    """Run a scheduler and workers."""
    protocol = "tls" if dask.config.get(SCHEDULER_CERTIFICATE, default=None) else "tcp"
    async with Scheduler(host=machine.host, port=machine.port, protocol=protocol, **HIDDEN) as scheduler:
        tell(f"scheduler: {scheduler.address}")
        async with running(machine, scheduler.address):
            tell(f"{machine.workers} workers; train on them with: bakeoff train --scheduler {scheduler.address}")
            await scheduler.finished()


async def join(machine: Machine, address: str, tell: Callable[[str], None]) -> None:
    """Run workers of a scheduler elsewhere; when it ends, wait until it is there again."""
    is_waiting = False
    while True:
        try:
            check_scheduler(address)
            async with running(machine, address) as nannies:
                tell(f"{machine.workers} workers of {address}")
                is_waiting = False
                await asyncio.gather(*(nanny.finished() for nanny in nannies))
        except (UserError, OSError, TimeoutError, RuntimeError) as error:
            if not is_waiting:
                tell(f"waiting for a scheduler at {address}: {error}")
            is_waiting = True
        await asyncio.sleep(SECONDS_BETWEEN_TRIES)


@contextlib.asynccontextmanager
async def running(machine: Machine, address: str) -> AsyncIterator[Sequence[Nanny]]:
    """Run the workers of a machine, each in a process that is started again if it is killed."""
    shares = divide_cores(list_cores(), jobs=max(1, machine.workers))
    nannies = [
        Nanny(
            address,
            nthreads=1,
            memory_limit=0,
            silence_logs=logging.WARNING,
            preload=worker.__name__,
            **HIDDEN,
            host=machine.host if machine.scheduler is None else None,
            config={worker.CORES: sorted(shares[index])},
            **(describe_gpu(index, machine.gpus) if machine.gpus else {}),
        )
        for index in range(machine.workers)
    ]
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(nanny) for nanny in nannies))
        yield nannies


def describe_gpu(index: int, num_gpus: int) -> dict[str, Any]:
    """Give a worker the GPU of its number, or none."""
    if index >= num_gpus:
        return {"env": {"CUDA_VISIBLE_DEVICES": "-1"}}
    return {"env": {"CUDA_VISIBLE_DEVICES": str(index)}, "resources": {"GPU": 1}}

"""Do several pieces of work side by side: each in a thread, with cores of its own, or on other machines."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from queue import SimpleQueue
from typing import Final, TypeVar

from tasks.errors import UserError
from tasks.process.place import ELSEWHERE, PLACE, Place

Result = TypeVar("Result")

BYTES_PER_JOB: Final = 2 * 1024**3


def list_cores() -> list[int]:
    """List the cores that this process may use; empty where the system cannot bind a process to cores."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def choose_jobs(wanted: int | None, *, num_works: int, shares_gpu: bool) -> int:
    """Return how many pieces of work to do at a time: `wanted`, or one on a GPU, or one per core as memory allows.

    If other machines do the work, it is as many as these can do at a time.
    """
    elsewhere = ELSEWHERE.get(None)
    if wanted is None and elsewhere:
        return max(1, min(elsewhere.count_slots(), num_works))
    return choose_jobs_here(wanted, num_works=num_works, shares_gpu=shares_gpu)


def choose_jobs_here(wanted: int | None, *, num_works: int, shares_gpu: bool) -> int:
    """Return how many pieces of work to do at a time on this machine, even if other machines do others."""
    if wanted is None and shares_gpu:
        return 1
    if wanted is None:
        wanted = min(len(list_cores()) or os.cpu_count() or 1, measure_free_memory() // BYTES_PER_JOB)
    return max(1, min(wanted, num_works))


def measure_free_memory() -> int:
    """Return the bytes of memory that processes can still take."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return BYTES_PER_JOB


def divide_cores(cores: Sequence[int], *, jobs: int) -> list[frozenset[int]]:
    """Divide the cores into parts of nearly equal size; with more jobs than cores, several jobs share one.

    divide_cores([0, 1, 2], jobs=2) -> [{0, 2}, {1}]; divide_cores([0], jobs=2) -> [{0}, {0}].
    """
    if not cores:
        return [frozenset()] * jobs
    return [frozenset(cores[index::jobs] or [cores[index % len(cores)]]) for index in range(jobs)]


def make_places(*, jobs: int) -> list[Place]:
    """Make a place for each job: on other machines if there are any, otherwise on cores of its own."""
    if elsewhere := ELSEWHERE.get(None):
        return [Place(elsewhere=elsewhere) for _ in range(jobs)]
    return [Place(cores) for cores in divide_cores(list_cores(), jobs=jobs)]


def work_side_by_side(
    works: Sequence[Callable[[], Result]], *, jobs: int, places: Sequence[Place] = ()
) -> list[Future[Result]]:
    """Do all works, `jobs` at a time and in their order; returns their futures once all are done.

    Each job has one of the places, by default one that `make_places` makes.

    A work that fails does not stop the others, unless its error is a UserError, which concerns all of them. In that
    case, and when this thread is interrupted, the children are killed, the threads end, and the error is raised.
    """
    places = places or make_places(jobs=jobs)
    free: SimpleQueue[Place] = SimpleQueue()
    for place in places:
        free.put(place)

    def work_in_a_place(work: Callable[[], Result]) -> Result:
        place = free.get()
        PLACE.set(place)
        try:
            return work()
        finally:
            free.put(place)

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(copy_context().run, work_in_a_place, work) for work in works]
        try:
            wait_for_all(futures)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for place in places:
                place.close()
            raise
    return futures


def wait_for_all(futures: Sequence[Future[Result]]) -> None:
    """Wait until all are done; raises the first UserError as soon as there is one."""
    for future in as_completed(futures):
        if isinstance(error := future.exception(), UserError):
            raise error

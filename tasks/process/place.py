"""Where the work of a thread runs: in child processes on some cores of this machine, or on other machines."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from tasks.errors import TrainingError

STOPPED: Final = "stopped, because the run ended. Run the same command again; it resumes where it stopped."


class Running(Protocol):
    """What runs for a thread and can be killed: a child process, or work on another machine."""

    def kill(self) -> None:
        """End it at once, whatever it does; later calls do nothing."""


class RemoteWork(Running, Protocol):
    """A function that runs on another machine."""

    def wait(self, listener: object | None) -> Any:
        """Return what the function returns, or raise its error; calls of its listener are made in this thread."""


class Elsewhere(Protocol):
    """Other machines, which run functions in child processes of their own."""

    def count_slots(self) -> int:
        """Return how many functions they can run at a time."""

    def name_device(self) -> str:
        """Name the accelerators of those that have some, or "CPU"."""

    def start(self, function: str, options: dict[str, Any], *, has_listener: bool, on_gpu: bool) -> RemoteWork:
        """Start "package.module:name" with keyword arguments, on a machine with a free GPU if it needs one."""


@dataclass
class Place:
    """Where a thread's work runs: on other machines, or in children on these cores, on all if there are none.

    The libraries of a child divide their sums as they would on `num_cores`, so that a result does not depend on where
    it was computed; without a number, as on all cores of this machine. Nothing starts once the place is closed.
    """

    cores: frozenset[int] = frozenset()
    num_cores: int | None = None
    elsewhere: Elsewhere | None = None
    is_closed: bool = False
    running: set[Running] = field(default_factory=set)

    @contextlib.contextmanager
    def hold(self, work: Running) -> Iterator[None]:
        """Kill the work as soon as the place is closed; raises TrainingError if it has been."""
        self.running.add(work)
        if self.is_closed:
            raise TrainingError(STOPPED)
        try:
            yield
        except Exception as error:
            if self.is_closed:
                raise TrainingError(STOPPED) from error
            raise
        finally:
            self.running.discard(work)

    def close(self) -> None:
        """Kill what runs here, now or later."""
        self.is_closed = True
        for work in list(self.running):
            work.kill()


# The place of the work of this thread.
PLACE: Final[ContextVar[Place]] = ContextVar("PLACE")
# The machines that trainings go to, if not this one.
ELSEWHERE: Final[ContextVar[Elsewhere]] = ContextVar("ELSEWHERE")


@contextlib.contextmanager
def where_trained() -> Iterator[None]:
    """Let the work of this thread run on the machines that trainings go to, if not this one."""
    elsewhere = ELSEWHERE.get(None)
    if elsewhere is None or PLACE.get(None) is not None:
        yield
        return
    token = PLACE.set(Place(elsewhere=elsewhere))
    try:
        yield
    finally:
        PLACE.reset(token)

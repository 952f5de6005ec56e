"""How much time the work of a run may take: what might take longer is left out."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Self

from tasks.errors import SpokenError


class LeftOutError(SpokenError):
    """Work was left out, because it might take `needed` seconds more while only `left` were left.

    `needed` is None for work that did not begin, because the time was up.
    """

    def __init__(self, *, left: float, needed: float | None = None) -> None:
        self.left = left
        self.needed = needed
        reason = (
            "the time is up" if needed is None else f"it may take {needed:.0f} s more, and {max(0, left):.0f} are left"
        )
        super().__init__(f"left out: {reason}")


@dataclass
class TimeBudget:
    """Work may go on if it will be done by a deadline, with all that has to follow it, one piece after the other.

    `ends` are the times at which work that goes on will be done at the latest, and `owed` the seconds of what follows,
    both by the name of the work. It never owes less than earlier work did: `least_owed`. `clock` tells the seconds.
    """

    deadline: float
    clock: Callable[[], float] = time.monotonic
    ends: dict[str, float] = field(default_factory=dict)
    owed: dict[str, float] = field(default_factory=dict)
    least_owed: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Self:
        """Begin now."""
        return cls(clock() + seconds, clock)

    def begin(self) -> None:
        """Raise LeftOutError if the time is up."""
        with self.lock:
            left = self.measure_left()
        if left <= 0:
            raise LeftOutError(left=left)

    def admit(self, name: str, *, seconds: float, owes: float) -> None:
        """Let work go on that takes at most so many seconds more and `owes` others; raises LeftOutError."""
        with self.lock:
            now, left, owes = self.clock(), self.measure_left(), max(owes, self.least_owed)
            # What is owed follows when everything else is done.
            needed = max([seconds, *(end - now for end in self.ends.values())]) + owes
            if needed > left:
                raise LeftOutError(left=left, needed=needed)
            self.ends[name], self.owed[name] = now + seconds, owes

    def measure_left(self) -> float:
        """Return the seconds that are left beside what is owed."""
        return self.deadline - self.clock() - sum(self.owed.values())

    def end(self, name: str) -> None:
        """Note that work is done, but not what it owes."""
        with self.lock:
            self.ends.pop(name, None)

    def settle(self, name: str, *, seconds: float = 0.0) -> None:
        """Note that all is done that work owed, and how long that took."""
        with self.lock:
            self.owed.pop(name, None)
            self.least_owed = max(self.least_owed, seconds)


# The budget of the work of this thread, if it has one.
BUDGET: Final[ContextVar[TimeBudget | None]] = ContextVar("BUDGET", default=None)
# Is told how many seconds work may still take, and how many it owes; raises LeftOutError if that is too long.
Admit = Callable[[float, float], None]


@contextlib.contextmanager
def limited_by(budget: TimeBudget | None) -> Iterator[None]:
    """Give the work of the block a budget, or none."""
    token = BUDGET.set(budget)
    try:
        yield
    finally:
        BUDGET.reset(token)


@contextlib.contextmanager
def work_in_time(name: str) -> Iterator[Admit | None]:
    """Do a piece of work that begins only if there is time left, and is then asked how long it will take.

    None without a budget. Raises LeftOutError.
    """
    budget = BUDGET.get()
    if budget is None:
        yield None
        return
    budget.begin()
    try:
        yield lambda seconds, owes: budget.admit(name, seconds=seconds, owes=owes)
    except BaseException:
        budget.settle(name)
        raise
    finally:
        budget.end(name)

"""How long works that are done side by side still take, as far as measurements tell."""

import heapq
import threading
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from statistics import mean
from typing import Final, NamedTuple

MINUTE: Final = 60
HOUR: Final = 3_600


class Usual(NamedTuple):
    """What works of a kind took in an earlier run: seconds for each unit of their amount, and rounds."""

    seconds: float
    rounds: float


@dataclass(frozen=True)
class Work:
    """A work that is done in rounds; the seconds of works of one kind are in proportion to their amounts.

    Amount times `effort` says roughly how long it takes compared with other kinds. `usual` is None if there was no
    earlier run.
    """

    kind: str
    amount: int
    effort: int = 0
    usual: Usual | None = None


@dataclass
class Course:
    """What has become of a work: when it began, its rounds of at most `limit`, when one was heard of, the total."""

    began: float | None = None
    heard: float = 0.0
    num_heard: int = 0
    rounds: float = 0
    limit: int = 1
    round_seconds: float | None = None
    seconds: float | None = None
    has_ended: bool = False


class Outlook:
    """Hears what becomes of works, and estimates how long all of them still take. Threads may share it."""

    def __init__(self, works: Sequence[Work], *, jobs: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.works = tuple(works)
        self.courses = [Course() for _ in works]
        self.jobs = jobs
        self.clock = clock
        self.lock = threading.Lock()

    def begin(self, index: int) -> None:
        """Hear that a work begins."""
        with self.lock:
            self.courses[index].began = self.clock()

    def hear(self, index: int, *, rounds: float, limit: int, seconds: float) -> None:
        """Hear that a work has done a number of rounds, of at most `limit`, and how long the last one took."""
        with self.lock:
            course = self.courses[index]
            course.rounds, course.limit, course.round_seconds, course.heard = rounds, limit, seconds, self.clock()
            course.num_heard += 1

    def end(self, index: int, *, seconds: float | None = None, rounds: float = 1) -> None:
        """Hear that a work is over; without `seconds`, it failed. A work that was only looked up took them earlier."""
        with self.lock:
            course = self.courses[index]
            course.has_ended = True
            if seconds is not None:
                course.seconds = max(seconds, self.clock() - (course.began or self.clock()))
                course.rounds = rounds

    @property
    def num_ended(self) -> int:
        """How many works are over."""
        return sum(course.has_ended for course in self.courses)

    def estimate(self) -> float | None:
        """Return the seconds until all works are over, or None while too little is known."""
        with self.lock:
            known = {index: total for index in range(len(self.works)) if (total := self.measure(index)) is not None}
            running, waiting = [], []
            for index, course in enumerate(self.courses):
                total = known[index] if index in known else self.expect(index, known)
                if course.has_ended:
                    continue
                if total is None:
                    return None
                if course.began is None:
                    waiting.append(total)
                else:
                    running.append(max(0.0, total - (self.clock() - course.began)))
        return schedule(running, waiting, jobs=self.jobs)

    def measure(self, index: int) -> float | None:
        """Return the seconds of a work that has ended, or those that a running one takes at its pace.

        The first round that is heard of says little, because models are compiled in it.
        """
        course = self.courses[index]
        is_known = course.num_heard > 1 or course.rounds == course.limit
        if course.has_ended or course.round_seconds is None or course.began is None or not is_known:
            return course.seconds
        left = max(self.expect_rounds(index) - course.rounds, 1) if course.rounds < course.limit else 0
        return course.heard - course.began + left * course.round_seconds

    def expect_rounds(self, index: int) -> float:
        """Return how many rounds a work will have: as many as others of its kind, in this run or an earlier one.

        Otherwise as many as others of this run, or as it may have at most.
        """
        work, limit = self.works[index], self.courses[index].limit
        measured = [(it, own) for it, own in zip(self.works, self.courses, strict=True) if own.seconds is not None]
        same = [own.rounds for it, own in measured if it.kind == work.kind]
        others = [own.rounds for _, own in measured if own.limit == limit]
        usual = [work.usual.rounds] if work.usual else []
        return min(mean(same or usual or others or [limit]), limit)

    def expect(self, index: int, known: dict[int, float]) -> float | None:
        """Return the seconds that a work will take, by others of its kind, by an earlier run, or by its effort."""
        work = self.works[index]
        same = [seconds / self.works[it].amount for it, seconds in known.items() if self.works[it].kind == work.kind]
        if same:
            return mean(same) * work.amount
        if work.usual:
            return work.usual.seconds * work.amount
        efforts = sum(self.works[it].effort * self.works[it].amount for it in known if self.works[it].effort)
        if work.effort and efforts:
            seconds = sum(seconds for it, seconds in known.items() if self.works[it].effort)
            return seconds / efforts * work.effort * work.amount
        return mean(known.values()) if known else None


def schedule(running: Sequence[float], waiting: Sequence[float], *, jobs: int) -> float:
    """Return when the last work ends if each waiting one, the longest first, begins as soon as a job is free.

    schedule([3, 1], [4, 2], jobs=2) -> 5: the works of 4 and 2 seconds begin after 1 and 3 seconds.
    """
    ends = [*running, *[0.0] * max(0, jobs - len(running))]
    heapq.heapify(ends)
    for seconds in sorted(waiting, reverse=True):
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends, default=0.0)


def describe_seconds(seconds: float) -> str:
    """Round a time for people: 42 -> "42 s", 130 -> "2 min", 4_000 -> "1 h 7 min"."""
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    hours, rest = divmod(round(seconds / MINUTE), HOUR // MINUTE)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


# Hears of each round of the work of this thread: how many are done, of how many at most, and the seconds of the last.
HEAR_ROUND: Final[ContextVar[Callable[[float, int, float], None]]] = ContextVar("HEAR_ROUND")


def tell_round(rounds: float, limit: int, seconds: float) -> None:
    """Tell whoever watches the work of this thread that a round is done."""
    if hear := HEAR_ROUND.get(None):
        hear(rounds, limit, seconds)

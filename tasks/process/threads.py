"""Work on a stream with two threads, in bounded memory, for steps that run outside Python's lock for the most part."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

NUM_THREADS: Final = 2


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield function(item) for each item, in order, while the next ones are being worked on."""
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > NUM_THREADS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

"""Process a stream in two threads and bounded memory, for steps that mostly release Python's global lock."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

NUM_THREADS: Final = 2


def map_ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield function(item) for each item, in order, while threads work on the next items."""
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > NUM_THREADS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

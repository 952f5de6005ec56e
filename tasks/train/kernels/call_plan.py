"""How many updates to make in one call into a compiled loop."""

import time
from collections.abc import Iterator

# Ctrl-C is seen between two calls, so a call should stay well below a second.
SHORT_CALL_SECONDS = 0.25
LONG_CALL_SECONDS = 1.0
FIRST_CALL_STEPS = 8
MOST_CALL_STEPS = 512


def plan_calls(num_steps: int) -> Iterator[tuple[int, int]]:
    """Cut an epoch into calls [first, end) that take between a quarter and one second each.

    The caller does each call before asking for the next one, whose size depends on how long that took.
    """
    first, size = 0, FIRST_CALL_STEPS
    while first < num_steps:
        end = min(first + size, num_steps)
        started = time.perf_counter()
        yield first, end
        seconds = time.perf_counter() - started
        if seconds < SHORT_CALL_SECONDS:
            size = min(2 * size, MOST_CALL_STEPS)
        elif seconds > LONG_CALL_SECONDS:
            size = max(1, size // 2)
        first = end

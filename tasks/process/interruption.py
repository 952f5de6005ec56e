"""Hold Ctrl-C and SIGTERM back from code that they would break."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Final

HELD_BACK: Final = (signal.SIGINT, signal.SIGTERM)
LONGEST_SECONDS: Final = 5.0


@contextlib.contextmanager
def uninterrupted(longest_seconds: float = LONGEST_SECONDS) -> Iterator[None]:
    """Deliver Ctrl-C and SIGTERM after the block; at once if it takes too long, or when a second signal comes.

    Their handlers raise wherever the main thread happens to be. Within `queue.Queue.put`, through which Prefect sends
    its logs, this leaves the queue locked, so that the next log waits for ever and the program never ends. Does nothing
    in other threads, where handlers never run.
    """
    handlers = {number: signal.getsignal(number) for number in HELD_BACK}
    changed = [number for number, handler in handlers.items() if callable(handler)]
    if threading.current_thread() is not threading.main_thread() or not changed:
        yield
        return
    came: list[int] = []
    timers: list[threading.Timer] = []

    def hold_back(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        restore()
        main = threading.main_thread().ident
        timers.append(threading.Timer(longest_seconds, signal.pthread_kill, (main, number)))
        timers[0].daemon = True
        timers[0].start()

    def restore() -> None:
        for number in changed:
            signal.signal(number, handlers[number])

    for number in changed:
        signal.signal(number, hold_back)
    try:
        yield
    finally:
        restore()
        for timer in timers:
            timer.cancel()
    if came:
        signal.raise_signal(came[0])

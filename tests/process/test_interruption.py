import queue
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from tasks.process.interruption import uninterrupted


class Stopped(BaseException):
    pass


def stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run_uninterrupted(*steps: Callable[[], object], longest_seconds: float = 60.0) -> None:
    with uninterrupted(longest_seconds):
        for step in steps:
            step()


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def terminate() -> None:
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(("send", "number"), [(interrupt, signal.SIGINT), (terminate, signal.SIGTERM)])
def test_signal_is_delivered_after_the_block(send: Callable[[], None], number: int) -> None:
    done: list[int] = []
    with pytest.raises(Stopped, match=f"{number:d}"):
        run_uninterrupted(send, lambda: done.append(1))
    assert done == [1]
    assert signal.getsignal(number) is stop


def test_queue_that_is_filled_when_a_signal_comes_can_still_be_used() -> None:
    class Queue(queue.Queue[int]):
        # Called with the lock held, as is all of `put`.
        def _put(self, item: int) -> None:
            interrupt()
            super()._put(item)

    filled = Queue()
    with pytest.raises(Stopped):
        run_uninterrupted(lambda: filled.put(1))
    assert filled.get_nowait() == 1


def test_second_signal_is_delivered_at_once() -> None:
    done: list[int] = []
    with pytest.raises(Stopped, match=f"{signal.SIGTERM:d}"):
        run_uninterrupted(interrupt, lambda: done.append(1), terminate, lambda: done.append(2))
    assert done == [1]


def test_block_that_takes_too_long_is_interrupted() -> None:
    with pytest.raises(Stopped):
        run_uninterrupted(interrupt, threading.Event().wait, longest_seconds=0.05)


def test_error_in_the_block_comes_first() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_uninterrupted(interrupt, fail)
    assert signal.getsignal(signal.SIGINT) is stop


def test_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run_uninterrupted(interrupt)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_other_threads_have_nothing_to_hold_back() -> None:
    seen = []

    def look() -> None:
        with uninterrupted():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [stop]

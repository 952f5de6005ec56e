"""Requests that wait are scored together, as wholes, within bounds of number and time."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from tasks.serve.batching import MOST_TEXTS, Batcher
from tasks.serve.scoring import Texts

Body = Callable[[Batcher], Awaitable[Any]]


class Model:
    """Answers with the texts; notes the batches, and waits for `go` in the first."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.is_busy = threading.Event()
        self.go = threading.Event()

    def score(self, requests: Sequence[Texts]) -> Sequence[bytes]:
        self.batches.append([len(texts) for texts in requests])
        self.is_busy.set()
        self.go.wait(60)
        if any(b"poison" in texts for texts in requests):
            raise ValueError("poison")
        return [b" ".join(text or b"-" for text in texts) for texts in requests]


def use(model: Model, body: Body, *, most_waiting: int = 1_000, timeout: float = 60) -> Any:
    """Runs the body beside a batcher."""

    async def run() -> Any:
        batcher = Batcher(model.score, most_waiting=most_waiting, timeout=timeout)
        task = asyncio.create_task(batcher.run())
        try:
            return await body(batcher)
        finally:
            model.go.set()
            task.cancel()

    return asyncio.run(run())


async def begin(batcher: Batcher, model: Model, *requests: Texts) -> list[asyncio.Task[bytes]]:
    """Submits a first request, waits until the model is busy with it, and submits the others."""
    tasks = [asyncio.create_task(batcher.submit(requests[0]))]
    await asyncio.to_thread(model.is_busy.wait)
    tasks += [asyncio.create_task(batcher.submit(texts)) for texts in requests[1:]]
    await asyncio.sleep(0)
    return tasks


def test_what_arrives_while_the_model_is_busy_is_the_next_batch() -> None:
    model = Model()

    async def body(batcher: Batcher) -> list[bytes]:
        tasks = await begin(batcher, model, [b"a"], [b"b", None], [], [b"c"])
        assert batcher.num_waiting == 3
        model.go.set()
        return await asyncio.gather(*tasks)

    assert use(model, body) == [b"a", b"b -", b"", b"c"]
    assert model.batches == [[1], [2, 0, 1]]


def test_request_is_not_divided() -> None:
    model = Model()

    async def body(batcher: Batcher) -> None:
        tasks = await begin(
            batcher, model, [b"a"], [b"b"] * (MOST_TEXTS - 1), [b"c"] * 2, [b"d"] * 2 * MOST_TEXTS, [b"e"]
        )
        model.go.set()
        await asyncio.gather(*tasks)

    use(model, body, most_waiting=10_000)
    assert model.batches == [[1], [MOST_TEXTS - 1], [2], [2 * MOST_TEXTS], [1]]


def test_full_queue_takes_no_more() -> None:
    model = Model()

    async def body(batcher: Batcher) -> None:
        tasks = await begin(batcher, model, [b"a"], [b"b"] * 3)
        with pytest.raises(HTTPException, match="3 texts wait for the model; expected at most 4") as raised:
            await batcher.submit([b"c"] * 2)
        assert raised.value.status_code == 429
        assert raised.value.headers == {"Retry-After": "1"}
        tasks += await begin(batcher, model, [b"d"])
        model.go.set()
        await asyncio.gather(*tasks)
        assert batcher.num_waiting == 0
        assert await batcher.submit([b"e"]) == b"e"

    use(model, body, most_waiting=4)


def test_request_that_nobody_waits_for_is_not_scored() -> None:
    model = Model()

    async def body(batcher: Batcher) -> None:
        (busy,) = await begin(batcher, model, [b"a"])
        with pytest.raises(HTTPException, match=r"not scored within 0\.05 seconds") as raised:
            await batcher.submit([b"b"])
        assert raised.value.status_code == 503
        assert batcher.is_overdue
        model.go.set()
        with pytest.raises(HTTPException):
            await busy
        assert await batcher.submit([b"c"]) == b"c"
        assert not batcher.is_overdue

    use(model, body, timeout=0.05)
    assert model.batches == [[1], [1]]


def test_request_that_fails_does_not_spoil_others() -> None:
    model = Model()

    async def body(batcher: Batcher) -> list[Any]:
        tasks = await begin(batcher, model, [b"a"], [b"b"], [b"poison"], [b"c"])
        model.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third, fourth = use(model, body)
    assert (first, second, fourth) == (b"a", b"b", b"c")
    assert isinstance(third, ValueError)

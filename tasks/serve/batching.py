"""Requests of several callers, scored together: what has arrived while a batch was computed is the next batch.

Nobody waits for a batch to fill. A request is never divided, so that one model gives the whole answer.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException

from tasks.serve.scoring import Texts

# A batch has at most so many texts, unless a single request has more.
MOST_TEXTS: Final = 512
RETRY_SOON: Final = {"Retry-After": "1"}

Score = Callable[[Sequence[Texts]], Sequence[bytes]]


@dataclass(frozen=True)
class Waiting:
    """A request in the queue, and what it waits for."""

    texts: Texts
    answer: asyncio.Future[bytes]


class Batcher:
    """Lets a thread score what waits, a batch at a time; `score` gives an answer for each request.

    To be used in one event loop. `busy_since` is when the batch in progress began; None while there is none.
    """

    def __init__(self, score: Score, *, most_waiting: int, timeout: float) -> None:
        self.score = score
        self.most_waiting = most_waiting
        self.timeout = timeout
        self.queue: deque[Waiting] = deque()
        self.arrived = asyncio.Event()
        self.num_waiting = 0
        self.busy_since: float | None = None

    @property
    def is_overdue(self) -> bool:
        """Whether the model has been busy with one batch for longer than a request may take."""
        return self.busy_since is not None and time.monotonic() - self.busy_since > self.timeout

    async def submit(self, texts: Texts) -> bytes:
        """Wait for the answer to a request.

        Raises HTTPException with status 429 if too many texts wait already, and 503 if there is no answer in time; a
        request that nobody waits for is not scored.
        """
        if self.num_waiting and self.num_waiting + len(texts) > self.most_waiting:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{self.num_waiting:,} texts wait for the model; expected at most {self.most_waiting:,} with those of "
                "this request. Try again later.",
                RETRY_SOON,
            )
        waiting = Waiting(texts, asyncio.get_running_loop().create_future())
        self.queue.append(waiting)
        self.num_waiting += len(texts)
        self.arrived.set()
        try:
            return await asyncio.wait_for(waiting.answer, self.timeout)
        except TimeoutError as error:
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"the request was not scored within {self.timeout:g} seconds; expected a server with less to do. Try "
                "again later, or start it with a higher --timeout.",
                RETRY_SOON,
            ) from error

    async def run(self) -> None:
        """Score what arrives, until this is cancelled."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="model") as thread:
            while True:
                await self.arrived.wait()
                if batch := self.take_batch():
                    self.busy_since = time.monotonic()
                    results = await loop.run_in_executor(thread, self.score_batch, [it.texts for it in batch])
                    self.busy_since = None
                    hand_out(batch, results)

    def take_batch(self) -> list[Waiting]:
        """Take requests from the queue, in order, up to the size of a batch."""
        batch: list[Waiting] = []
        num_texts = 0
        while self.queue and (not batch or num_texts + len(self.queue[0].texts) <= MOST_TEXTS):
            waiting = self.queue.popleft()
            self.num_waiting -= len(waiting.texts)
            if not waiting.answer.done():
                batch.append(waiting)
                num_texts += len(waiting.texts)
        if not self.queue:
            self.arrived.clear()
        return batch

    def score_batch(self, requests: Sequence[Texts]) -> Sequence[bytes | Exception]:
        """Score requests together and, if that fails, each alone, so that one does not spoil the others."""
        try:
            return self.score(requests)
        except Exception as error:  # noqa: BLE001  it is raised where the request waits
            return [error] if len(requests) == 1 else [self.score_batch([texts])[0] for texts in requests]


def hand_out(batch: Sequence[Waiting], results: Sequence[bytes | Exception]) -> None:
    """Give each request its answer, or the error, unless nobody waits for it."""
    for waiting, result in zip(batch, results, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(result, Exception):
            waiting.answer.set_exception(result)
        else:
            waiting.answer.set_result(result)

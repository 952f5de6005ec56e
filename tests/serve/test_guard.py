"""Bodies are bounded in size, in time, and all together."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from tasks.serve.access import Access
from tasks.serve.guard import Guard, Limits

MOST = 100
Messages = list[dict[str, Any]]


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body."""
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(message["body"])).encode()})


def make_guard(app: Any = echo, *, timeout: float = 60) -> Guard:
    return Guard(app, access=Access(hosts=None, token=None), limits=Limits(most_bytes=MOST, timeout=timeout))


async def ask(guard: Guard, chunks: Sequence[bytes], *, wait: asyncio.Event | None = None, **headers: str) -> Messages:
    """Sends a body in chunks, after which the sender goes away or, with `wait`, is waited for."""
    sent: Messages = []
    arriving = iter([*({"type": "http.request", "body": it, "more_body": True} for it in chunks[:-1])])

    async def receive() -> dict[str, Any]:
        for message in arriving:
            return message
        if wait:
            await wait.wait()
        return {"type": "http.request", "body": chunks[-1]} if chunks else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await guard({"type": "http", "path": "/predict", "headers": listed, "method": "POST"}, receive, send)  # type: ignore[arg-type]
    return sent


def read(sent: Messages) -> tuple[int, str]:
    """The status and what is said."""
    content = b"".join(message.get("body", b"") for message in sent).decode()
    return sent[0]["status"], json.loads(content)["error"] if content.startswith("{") else content


def test_body_in_parts_arrives_as_a_whole() -> None:
    assert read(asyncio.run(ask(make_guard(), [b"a" * 40, b"b" * 60]))) == (200, "100")


@pytest.mark.parametrize("headers", [{}, {"content_length": "101"}, {"content_length": "9" * 5_000}])
def test_body_that_is_too_large_is_refused(headers: dict[str, str]) -> None:
    guard = make_guard()
    status, error = read(asyncio.run(ask(guard, [b"a" * 60, b"b" * 41], **headers)))
    assert status == 413
    assert error.startswith("the body is larger than 100 bytes; expected at most as many.")
    assert guard.num_bytes == 0


def test_endless_body_is_read_no_further() -> None:
    numbers = iter(range(1_000_000))

    async def receive() -> dict[str, Any]:
        next(numbers)
        return {"type": "http.request", "body": b"a" * MOST, "more_body": True}

    sent: Messages = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/predict", "headers": [], "method": "POST"}
    asyncio.run(make_guard()(scope, receive, send))  # type: ignore[arg-type]
    assert read(sent)[0] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert next(numbers) < 20


def test_who_asks_first_is_not_made_to_send_a_body_that_is_too_large() -> None:
    async def try_it() -> Messages:
        return await ask(make_guard(), [b""], wait=asyncio.Event(), content_length="101", expect="100-continue")

    assert read(asyncio.run(try_it()))[0] == 413


def test_body_that_does_not_arrive_is_given_up() -> None:
    async def try_it() -> Messages:
        return await ask(make_guard(timeout=0.01), [b"a", b"b"], wait=asyncio.Event())

    status, error = read(asyncio.run(try_it()))
    assert (status, error) == (
        408,
        "the body did not arrive within 0.01 seconds; expected all of it. Send less at once.",
    )


def test_sender_who_goes_away_is_not_answered_from_half_a_body() -> None:
    assert read(asyncio.run(ask(make_guard(), [])))[0] == 400


def test_bodies_of_all_requests_are_bounded_together() -> None:
    """Sixteen bodies of the largest size fit; while they are in progress, one more does not."""

    async def try_it() -> tuple[list[int], int]:
        go = asyncio.Event()

        async def wait(scope: Any, receive: Any, send: Any) -> None:
            await go.wait()
            await echo(scope, receive, send)

        guard = make_guard(wait)
        first = [asyncio.create_task(ask(guard, [b"a" * MOST])) for _ in range(16)]
        await asyncio.sleep(0)
        one_more = read(await asyncio.wait_for(ask(guard, [b"a"]), 10))[0]
        go.set()
        statuses = [read(await task)[0] for task in first]
        assert read(await ask(guard, [b"a"]))[0] == 200
        assert guard.num_bytes == 0
        return statuses, one_more

    assert asyncio.run(try_it()) == ([200] * 16, 429)


def test_what_is_no_request_passes() -> None:
    passed: list[str] = []

    async def note(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope["type"])

    async def nothing() -> AsyncIterator[None]:
        yield

    asyncio.run(make_guard(note)({"type": "lifespan"}, nothing, nothing))  # type: ignore[arg-type]
    assert passed == ["lifespan"]

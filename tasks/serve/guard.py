"""What every request passes before the application sees it: who asks, and how large the body is.

Bodies are read here, within bounds of size and time, so that neither one large request nor many slow ones fill memory.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tasks.serve.access import Access
from tasks.serve.batching import RETRY_SOON
from tasks.serve.facts import Problem

# The bodies of all requests in progress may have so many times the largest size of one.
MOST_BODIES: Final = 16
# What is read of a body that is too large, so that its sender gets to see the answer: so many times the largest size.
MOST_DISCARDED: Final = 8
# A length of more digits is too large in any case.
MOST_DIGITS: Final = 18


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The largest body in bytes, and the seconds in which it must arrive."""

    most_bytes: int
    timeout: float


class Guard:
    """An ASGI application in front of another one."""

    def __init__(self, app: ASGIApp, *, access: Access, limits: Limits) -> None:
        self.app = app
        self.access = access
        self.limits = limits
        self.num_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass with its whole body, or answer it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = Body(self, receive, Headers(scope=scope))
        try:
            self.access.check(body.headers, scope["path"])
            await body.read()
            await self.app(scope, body.replay, send)
        except HTTPException as refusal:
            await answer_problem(refusal, is_read=body.is_read)(scope, receive, send)
        finally:
            self.num_bytes -= len(body.content)


class Body:
    """The body of one request; its bytes count among those of the guard while the request is in progress."""

    def __init__(self, guard: Guard, receive: Receive, headers: Headers) -> None:
        self.guard = guard
        self.receive = receive
        self.headers = headers
        self.content = bytearray()
        self.is_read = False
        self.is_replayed = False

    async def read(self) -> None:
        """Read it; raises HTTPException with status 413, 429 or 408 when it is too large, one too many, or too slow."""
        limits = self.guard.limits
        try:
            async with asyncio.timeout(limits.timeout):
                if is_announced(self.headers, above=limits.most_bytes):
                    raise await self.refuse_size()
                async for chunk in self.iterate():
                    self.content += chunk
                    self.guard.num_bytes += len(chunk)
                    self.check_room()
                    if len(self.content) > limits.most_bytes:
                        raise await self.refuse_size()
        except TimeoutError as error:
            raise HTTPException(
                HTTPStatus.REQUEST_TIMEOUT,
                f"the body did not arrive within {limits.timeout:g} seconds; expected all of it. Send less at once.",
            ) from error

    async def iterate(self) -> AsyncIterator[bytes]:
        """Yield the chunks of the body."""
        while not self.is_read:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise HTTPException(
                    HTTPStatus.BAD_REQUEST, "the connection was closed before the whole body had arrived."
                )
            self.is_read = not message.get("more_body", False)
            yield message.get("body", b"")

    def check_room(self) -> None:
        """Raise HTTPException with status 429 when the bodies of all requests together are too large."""
        if self.guard.num_bytes > MOST_BODIES * self.guard.limits.most_bytes:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too many large requests are in progress; expected fewer at a time. Try again later.",
                RETRY_SOON,
            )

    async def refuse_size(self) -> HTTPException:
        """Describe a body that is too large, after what can be discarded of it without much ado."""
        num_left = MOST_DISCARDED * self.guard.limits.most_bytes
        if "expect" not in self.headers:
            async for chunk in self.iterate():
                num_left -= len(chunk)
                if num_left < 0:
                    break
        return HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"the body is larger than {self.guard.limits.most_bytes:,} bytes; expected at most as many. Send the texts "
            "in several requests, or start the server with a higher --max-body.",
        )

    async def replay(self) -> Message:
        """Hand the whole body on, and after that what the server has to say."""
        if self.is_replayed:
            return await self.receive()
        self.is_replayed = True
        return {"type": "http.request", "body": bytes(self.content), "more_body": False}


def is_announced(headers: Mapping[str, str], *, above: int) -> bool:
    """Tell whether a request says of its body that it is too large."""
    length = headers.get("content-length", "0")
    return length.isdecimal() and (len(length) > MOST_DIGITS or int(length) > above)


def answer_problem(problem: HTTPException, *, is_read: bool = True) -> Response:
    """Answer with one line of JSON; if the body was not read, the connection cannot be used again."""
    headers = {**(problem.headers or {}), **({} if is_read else {"Connection": "close"})}
    return JSONResponse(Problem(error=problem.detail).model_dump(), problem.status_code, headers)

"""HTTP on one connection, which is closed if nobody makes a request on it.

uvicorn waits for ever for the first request of a connection and for the rest of its head, so that a few thousand idle
connections would take all that the system allows.
"""

import asyncio
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10.0


class ImpatientProtocol(H11Protocol):
    """uvicorn's protocol, which closes a connection after `HEAD_SECONDS`, or twice as long, without a whole head."""

    timer: asyncio.TimerHandle | None = None
    last: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.timer = self.loop.call_later(HEAD_SECONDS, self.look)

    def look(self) -> None:
        """Close the connection if a head has been awaited since the last look; otherwise look again later."""
        if self.conn.their_state is h11.IDLE and self.cycle is self.last:
            self.transport.close()
            return
        self.last = self.cycle
        self.timer = self.loop.call_later(HEAD_SECONDS, self.look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        if self.timer:
            self.timer.cancel()
        super().connection_lost(exc)

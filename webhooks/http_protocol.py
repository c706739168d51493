"""HTTP connections with limits on everything that a client may leave unfinished.

uvicorn limits neither the length of a header nor the time that a client takes for a header, a body, or for reading a
response. `LimitedHttpProtocol` adds these limits; `webhooks.server` calls `enforce_deadlines` about once a second.

See ADR 0020.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

SLICE_BYTES = 16 * 1024
"""What is parsed at once while a header is incomplete, so that no more than this beyond the limit stays in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits on what clients may send and leave unfinished, in bytes and seconds."""

    max_connections: int = 2000
    """Open connections of a process; beyond it, the oldest one without a complete request is closed for a new one. Half
    of them may be pages that receive changes of the leaderboard, see `leaderboard_web.board_feed`."""
    max_header_bytes: int = 64 * 1024
    """Request line and all headers of one request, and likewise what follows the body of a chunked request."""
    max_headers: int = 100
    """Headers of one request; browsers send about 20."""
    max_pipelined_requests: int = 8
    """Requests that may wait for the response to an earlier one of their connection."""
    header_seconds: float = 15.0
    """Time for a request's header, and for the first byte of a new connection."""
    body_seconds: float = 20.0
    """Time for a body of any length."""
    max_body_seconds: float = 300.0
    """The most time for any body."""
    min_body_bytes_per_second: int = 16 * 1024
    """A longer body gets more time than `body_seconds` as long as it arrives at this rate."""
    first_request_seconds: float = 2.0
    """Time for a request that has begun, or that a new connection promises, when the process ends."""
    linger_seconds: float = 10.0
    """Time for the rest of a body whose request was answered already, before the connection is closed."""
    stalled_write_seconds: float = 30.0
    """Time in which a client has to accept more of a response."""


DEFAULT_LIMITS = ConnectionLimits()


class _LimitExceededError(Exception):
    """Ends the parsing of a request."""


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    _receives_body = False
    """Between the header of a request and the end of its body."""
    _unparsed = 0
    """Bytes since the last part of a body, or since the end of the request before."""
    _refusal: tuple[int, str] | None = None
    """Status and reason of the response to a request that exceeds a limit."""
    _connected_at = 0.0
    _header_started_at: float | None = None
    _body_started_at = _answered_at = 0.0
    _body_bytes = 0
    _written_at = 0.0
    _unsent_bytes = 0
    _answered: RequestResponseCycle | None = None
    """The request that is being answered, or was last; `cycle` is the latest one that arrived."""

    def __init__(self, *args: Any, limits: ConnectionLimits = DEFAULT_LIMITS, **kwargs: Any) -> None:
        """Create a connection; uvicorn gives all arguments but the limits."""
        super().__init__(*args, **kwargs)
        self._limits = limits

    def connection_made(self, transport: object) -> None:
        """Start the time for the first request."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._header_started_at = self._connected_at = time.monotonic()
        if len(self.connections) > self._limits.max_connections:
            self._close_oldest_unfinished()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the request that is being answered: uvicorn ends the latest one, which may wait behind it."""
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, in slices while a header is incomplete."""
        if not self._receives_body and self._header_started_at is None:
            self._header_started_at = time.monotonic()
        rest = memoryview(data)
        while rest and not self.transport.is_closing():
            length = len(rest) if self._receives_body else SLICE_BYTES
            piece, rest = rest[:length], rest[length:]
            self._unparsed += len(piece)
            super().data_received(bytes(piece))
            if self._unparsed > self._limits.max_header_bytes and not self.transport.is_closing():
                self._refuse(431, "Request Header Fields Too Large")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those after a chunked body are dropped, because the request is being answered already."""
        if self._receives_body:
            return
        if len(self.headers) >= self._limits.max_headers:
            self._exceed(431, "Request Header Fields Too Large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the time for the body."""
        # A slice may hold the end of a header that is too long, or the whole of it after an earlier request.
        length = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if length > self._limits.max_header_bytes:
            self._exceed(431, "Request Header Fields Too Large")
        if len(self.pipeline) >= self._limits.max_pipelined_requests:
            self._exceed(429, "Too Many Requests")
        self._receives_body, self._header_started_at = True, None
        self._body_started_at, self._answered_at, self._body_bytes = time.monotonic(), 0.0, 0
        super().on_headers_complete()
        if not self.pipeline:
            self._answered = self.cycle

    def on_body(self, body: bytes) -> None:
        """Pass a part of the body on."""
        self._unparsed = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request."""
        self._receives_body, self._unparsed = False, 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Continue with the next request."""
        self._answered_at = time.monotonic()
        if self.pipeline:
            self._answered = self.pipeline[-1][0]
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Respond to a request that is invalid or exceeds a limit, and close the connection."""
        status, reason = self._refusal or (400, "Bad Request")
        del msg
        self._refuse(status, reason)

    def shutdown(self) -> None:
        """Close the connection after the request that is being received or answered."""
        if self._header_started_at is None or self.transport.is_closing():
            super().shutdown()
        else:
            asyncio.get_running_loop().call_later(self._limits.first_request_seconds, super().shutdown)

    def enforce_deadlines(self, now: float) -> None:
        """Close the connection if the client took too long.

        Args:
            now: `time.monotonic()`.
        """
        if self._is_write_stalled(now):
            self.transport.abort()
        elif self.transport.is_closing() or self.flow.read_paused:
            return
        elif self._receives_body:
            if self.cycle.response_complete:
                if now - self._answered_at > self._limits.linger_seconds:
                    self.transport.abort()
            elif now - self._body_started_at > self._body_seconds():
                self._refuse(408, "Request Timeout")
        elif self._header_started_at is not None:
            if self.cycle is not None and not self.cycle.response_complete:
                # The response to the request before is our delay, not the client's.
                self._header_started_at = now
            elif now - self._header_started_at > self._limits.header_seconds:
                self._refuse(408, "Request Timeout")

    @property
    def _is_unfinished(self) -> bool:
        """Whether the client has not sent a complete request, or none since the last response."""
        return self._receives_body or self.cycle is None or self.cycle.response_complete

    def _close_oldest_unfinished(self) -> None:
        unfinished = (c for c in self.connections if isinstance(c, LimitedHttpProtocol) and c._is_unfinished)
        min(unfinished, key=lambda connection: connection._connected_at, default=self).transport.abort()

    def _body_seconds(self) -> float:
        limits = self._limits
        return min(limits.max_body_seconds, limits.body_seconds + self._body_bytes / limits.min_body_bytes_per_second)

    def _is_write_stalled(self, now: float) -> bool:
        """Whether the client has not accepted anything of a response for too long."""
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent_bytes:
            self._unsent_bytes, self._written_at = unsent, now
        return now - self._written_at > self._limits.stalled_write_seconds

    def _exceed(self, status: int, reason: str) -> None:
        """Stop parsing; httptools reports any exception of a callback as an invalid request.

        Raises:
            _LimitExceededError: always.
        """
        self._refusal = status, reason
        raise _LimitExceededError

    def _refuse(self, status: int, reason: str) -> None:
        """Close the connection, with a response unless an earlier request is being answered."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or (self._receives_body and not cycle.response_started):
            response = f"HTTP/1.1 {status} {reason}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(response.encode())
        self.transport.close()

"""Each request gets an id in the log and is measured."""

import re
import secrets
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from core.metrics import REQUEST_SECONDS
from core.tracing import request_span

REQUEST_ID_HEADER = b"x-request-id"
STREAM_HEADER = (b"content-type", b"text/event-stream")
REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{8,64}")
"""Ids of a proxy that are taken over; others are replaced."""
NO_ROUTE = "none"

log = structlog.get_logger()


class RequestObserver:
    """ASGI middleware: the log field `request_id`, the response header `X-Request-ID`, and `eva_request_seconds`.

    A stream of events is measured until it begins.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request; responses that never started count as status 500."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received_id = next((value for name, value in scope["headers"] if name == REQUEST_ID_HEADER), b"")
        request_id = received_id if REQUEST_ID.fullmatch(received_id) else secrets.token_hex(8).encode()
        status, started, ended = 500, time.perf_counter(), 0.0

        async def send_with_id(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                ended = time.perf_counter() if STREAM_HEADER in message.get("headers", ()) else 0.0
                message["headers"] = [*message.get("headers", ()), (REQUEST_ID_HEADER, request_id)]
            await send(message)

        # It stays bound: the server has a task for each request, in which it logs the traceback of a bug afterward.
        bind_contextvars(request_id=request_id.decode())
        try:
            with request_span(scope["method"]) as span:
                await self._app(scope, receive, send_with_id)
                if span is not None:
                    span.update_name(f"{scope['method']} {_route(scope)}")
                    span.set_attributes({"http.route": _route(scope), "http.response.status_code": status})
        except Exception as error:
            log.error("request_failed", error=type(error).__name__, route=_route(scope))
            raise
        finally:
            seconds = (ended or time.perf_counter()) - started
            REQUEST_SECONDS.labels(scope["method"], _route(scope), f"{status // 100}xx").observe(seconds)


def _route(scope: Scope) -> str:
    """The template of the path, never the path: it may hold ids and names."""
    return str(getattr(scope.get("route"), "path", NO_ROUTE))

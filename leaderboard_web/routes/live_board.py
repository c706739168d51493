"""`/live`: changes of the leaderboard as server-sent events. The same public text goes to everyone."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from leaderboard_web.board_feed import BoardFeed, BoardStream
from leaderboard_web.middleware.client_network import client_network

LIVE_PATH = "/live"
RETRY = b"retry: 5000\n\n"
"""Milliseconds until a browser connects again."""
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    # nginx would collect the messages.
    (b"x-accel-buffering", b"no"),
]


class LiveBoard:
    """ASGI application."""

    def __init__(self, feed: BoardFeed) -> None:
        self._feed = feed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream changes until the client or the process ends."""
        if not self._feed.is_open:
            # Browsers do not connect again after this status.
            await send({"type": "http.response.start", "status": 204, "headers": HEADERS[1:2]})
            return await send({"type": "http.response.body"})
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        client = scope.get("client")
        with self._feed.open(client_network(client[0] if client else None)) as stream:
            watching = asyncio.create_task(_end_with_client(receive, stream))
            try:
                await send(_part(RETRY))
                async for message in stream:
                    await send(_part(message))
            finally:
                watching.cancel()
        await send({"type": "http.response.body"})


async def _end_with_client(receive: Receive, stream: BoardStream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}

"""`/live`: changes of the leaderboard as server-sent events. A viewer gets no events of people whom they do not see.

See ADR 0031.
"""

import asyncio
from contextlib import suppress
from functools import partial
from uuid import UUID

from fastapi import Request
from starlette.types import Message, Receive, Scope, Send

from core.db.relations import list_hidden
from core.errors import DatabaseUnavailableError
from leaderboard_web.board_feed import BoardFeed, BoardStream, StreamViewer
from leaderboard_web.dependencies import AppState
from leaderboard_web.middleware.client_address import client_network
from leaderboard_web.viewer import ViewerSession

LIVE_PATH = "/live"
RETRY = b"retry: 5000\n\n"
"""Milliseconds until a browser connects again."""
VISITOR = b"event: visitor\ndata:\n\n"
"""The browser had no session: the page connects again once it may have one, since blocks end streams of viewers."""
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    # nginx would collect the messages.
    (b"x-accel-buffering", b"no"),
]


class LiveBoard:
    """Changes of the leaderboard as server-sent events, for open pages."""

    def __init__(self, feed: BoardFeed, state: AppState) -> None:
        self._feed, self._state = feed, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream changes until the client or the process ends."""
        if not self._feed.is_open:
            # Browsers do not connect again after this status.
            await send({"type": "http.response.start", "status": 204, "headers": HEADERS[1:2]})
            return await send({"type": "http.response.body"})
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        if scope["method"] == "HEAD":
            return await send({"type": "http.response.body"})
        client = scope.get("client")
        session = ViewerSession(Request(scope), self._state.token_signer, is_https=self._state.settings.is_https)
        find_viewer = partial(self._find_viewer, session) if session.key else None
        with self._feed.open(client_network(client[0] if client else None), find_viewer) as stream:
            watching = asyncio.create_task(_end_with_client(receive, stream))
            try:
                await send(_part(RETRY if find_viewer else RETRY + VISITOR))
                # Without the database, the stream ends, and the browser connects again.
                with suppress(DatabaseUnavailableError):
                    async for message in stream:
                        await send(_part(message))
            finally:
                watching.cancel()
        await send({"type": "http.response.body"})

    async def _find_viewer(self, session: ViewerSession) -> StreamViewer:
        async with self._state.resources.database.connection() as connection:
            person_id = await session.get_person_id(connection)
            hidden = frozenset[UUID]() if person_id is None else await list_hidden(connection, person_id)
            return StreamViewer(person_id=person_id, hidden=hidden)


async def _end_with_client(receive: Receive, stream: BoardStream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}

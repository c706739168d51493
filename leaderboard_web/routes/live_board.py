"""`/live`: changes of the leaderboard as server-sent events. It tells nobody of people whom they do not see."""

import asyncio

from fastapi import Request
from starlette.types import Message, Receive, Scope, Send

from core.db.blocks import list_hidden
from leaderboard_web.board_feed import BoardFeed, BoardStream, StreamViewer
from leaderboard_web.dependencies import AppState
from leaderboard_web.middleware.client_network import client_network
from leaderboard_web.viewer import ViewerSession

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

    def __init__(self, feed: BoardFeed, state: AppState) -> None:
        self._feed, self._state = feed, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream changes until the client or the process ends."""
        if not self._feed.is_open:
            # Browsers do not connect again after this status.
            await send({"type": "http.response.start", "status": 204, "headers": HEADERS[1:2]})
            return await send({"type": "http.response.body"})
        viewer = await self._find_viewer(Request(scope))
        await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
        client = scope.get("client")
        with self._feed.open(client_network(client[0] if client else None), viewer) as stream:
            watching = asyncio.create_task(_end_with_client(receive, stream))
            try:
                await send(_part(RETRY))
                async for message in stream:
                    await send(_part(message))
            finally:
                watching.cancel()
        await send({"type": "http.response.body"})

    async def _find_viewer(self, request: Request) -> StreamViewer | None:
        """The person of the browser's session, if there is one."""
        session = ViewerSession(request, self._state.token_signer, is_https=self._state.settings.is_https)
        if session.key is None:
            return None
        async with self._state.resources.database.connection() as connection:
            person_id = await session.get_person_id(connection)
            if person_id is None:
                return None
            return StreamViewer(person_id=person_id, hidden=await list_hidden(connection, person_id))


async def _end_with_client(receive: Receive, stream: BoardStream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}

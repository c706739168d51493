"""Dependencies of the routes, and the reader of request bodies."""

from typing import Annotated

from fastapi import Depends, Request

from bot.app import BotApplication


async def get_application(request: Request) -> BotApplication:
    """The services of the process, from the state of the app."""
    application: BotApplication = request.app.state.application
    return application


Application = Annotated[BotApplication, Depends(get_application)]


async def read_body(request: Request, max_bytes: int) -> bytes | None:
    """Read the body of a request; None if it is longer than `max_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            return None
    return bytes(body)

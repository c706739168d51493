"""`/kakao/unlink`: Kakao says that somebody has disconnected the login, and waits three seconds for a yes."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request, Response

from core import accounts
from core.db.tables import Provider
from core.queue import enqueue
from core.retention import FORGET

if TYPE_CHECKING:
    from pydantic import SecretStr

    from core.db.engine import Database

__all__ = ["unlink_door"]

log = structlog.get_logger()

MOST_BYTES = 8 * 1024


def unlink_door(database: Database, admin_key: SecretStr) -> APIRouter:
    """The route, by GET and POST, since Kakao's form lets one choose; whoever does not know the key is refused."""
    router = APIRouter()
    wanted = f"KakaoAK {admin_key.get_secret_value()}".encode()

    @router.api_route("/kakao/unlink", methods=["GET", "POST"])
    async def unlink(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode("latin-1"), wanted):
            return Response(status_code=401)
        user = (request.query_params.get("user_id") or await _user_in(request)).replace("\0", "")
        if user:
            async with database.begin() as connection:
                lost = await accounts.revoke(connection, Provider.KAKAO_LOGIN, user)
                if lost is not None:
                    await enqueue(connection, FORGET, lock=None, person_id=str(lost))
            log.info("a login was disconnected", by="kakao", forgets=lost is not None)
        # Also where nobody is known: Kakao takes everything else for a failure.
        return Response(status_code=200)

    return router


async def _user_in(request: Request) -> str:
    """The field `user_id` of a form; empty if there is none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return ""
    return dict(parse_qsl(body.decode("utf-8", "replace"))).get("user_id", "")

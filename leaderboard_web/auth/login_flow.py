"""The end of every login: the person is found or made, the browser is theirs, and goes on to where it wanted."""

import re
from datetime import timedelta

from fastapi import Request, Response

from core.db import one_time_tokens
from core.db.schema import IdentityProvider
from core.errors import LoginRejectedError
from core.services import accounts
from leaderboard_web.dependencies import AppState
from leaderboard_web.language import request_language
from leaderboard_web.redirects import redirect_with_notice


async def complete_login(
    state: AppState,
    request: Request,
    provider: IdentityProvider,
    subject: str,
    *,
    next_path: str,
    used_proof: tuple[str, timedelta] | None = None,
) -> Response:
    """Log in who was proved to be somebody; what they did as a visitor is theirs, too.

    Args:
        site: the site.
        request: the last one of the login.
        provider: who proved it.
        subject: the provider's id of the person.
        on: the page to go on to, one of ours.
        once: the proof, which is good for one login, and how long it would be believed.

    Raises:
        LoginRejectedError: the proof was used before.
        PersonNotFoundError: the visitor was forgotten this moment.
    """
    async with state.resources.database.transaction() as connection:
        visitor = await state.visitor_sessions.get_person_id(connection, request)
        person_id = await accounts.link_or_merge(
            connection, visitor, provider, subject, language=request_language(request)
        )
        if used_proof is not None and not await one_time_tokens.record_used_proof(
            connection, used_proof[0], person_id, lifetime=used_proof[1]
        ):
            raise LoginRejectedError("used before")
        token = await state.visitor_sessions.start_session(connection, request, person_id)
    return redirect_with_session(state, request, token, next_path=next_path)


def redirect_with_session(state: AppState, request: Request, token: str, *, next_path: str) -> Response:
    """Leave the browser its new token and send it on."""
    answer = redirect_with_notice(next_path)
    state.visitor_sessions.set_cookie(request, answer, token)
    return answer


DEFAULT_NEXT_PATH = "/me"
"""Where a login leads that nothing else was asked for."""
MAX_PATH_LENGTH = 500
LOCAL_PATH = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
"""A path and a query in the letters that an address has. Two slashes would begin the name of another host, and so
would a backslash, which browsers take for a slash."""


def safe_next_path(requested: str | None, default: str = DEFAULT_NEXT_PATH) -> str:
    """The page of ours that is wished for, if it is one."""
    if not requested or len(requested) > MAX_PATH_LENGTH or "\\" in requested or not LOCAL_PATH.fullmatch(requested):
        return default
    return requested

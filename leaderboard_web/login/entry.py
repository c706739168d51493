"""The end of every login: the person is found or made, the browser is theirs, and goes on to where it wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import accounts
from core.db import tickets
from core.errors import LoginRefused
from leaderboard_web.pages import language_of
from leaderboard_web.redirects import redirect_with_notice

if TYPE_CHECKING:
    from datetime import timedelta

    from fastapi import Request, Response

    from core.db.tables import Provider
    from leaderboard_web.site import Site

__all__ = ["admit", "come_in"]


async def come_in(
    site: Site,
    request: Request,
    provider: Provider,
    subject: str,
    *,
    on: str,
    once: tuple[str, timedelta] | None = None,
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
        LoginRefused: the proof was used before.
        PersonGone: the visitor was forgotten this moment.
    """
    async with site.memory.database.begin() as connection:
        visitor = await site.guests.known(connection, request)
        person_id = await accounts.join(connection, visitor, provider, subject, language=language_of(request))
        if once is not None and not await tickets.spend(connection, once[0], person_id, lifetime=once[1]):
            raise LoginRefused("used before")
        token = await site.guests.enter(connection, request, person_id)
    return admit(site, request, token, on=on)


def admit(site: Site, request: Request, token: str, *, on: str) -> Response:
    """Leave the browser its new token and send it on."""
    answer = redirect_with_notice(on)
    site.guests.remember(request, answer, token)
    return answer

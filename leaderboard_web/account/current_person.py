"""Dependencies of the account pages: the person of the session, and the person's look that a path names.

Each of them opens and releases its own database connection, so that a route may use services that open a transaction.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from core.db import looks
from core.db.looks import Look
from core.db.people import Person
from leaderboard_web.dependencies import CanonicalUUID, Context, State, get_context
from leaderboard_web.errors import GoneError
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.viewer import has_left

SECTION = "me"
"""Name of the account pages in the menu."""


class AnonymousViewerError(Exception):
    """The session of a request belongs to no person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedLook:
    """A look and its owner, who sent the request."""

    owner: Person
    look: Look


class AccountRoute(PageRoute):
    """A route for people with an account: others get an explanation of the pages, or are redirected to it.

    A form that was handled lets the browser keep its session, as everything else does that a person does.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the route."""
        handle = super().get_route_handler()

        async def handle_anonymous_viewers(request: Request) -> Response:
            try:
                response = await handle(request)
            except AnonymousViewerError:
                if request.method == "POST":
                    return redirect_with_notice(url_for("account"))
                context = await get_context(request)
                return render_page(
                    context, "account/anonymous.html", section=SECTION, offers_login=context.state.offers_login
                )
            if request.method == "POST" and not has_left(response):
                (await get_context(request)).viewer.set_cookie(response)
            return response

        return handle_anonymous_viewers


async def find_current_person(context: Context) -> Person | None:
    """The person of the session; None for an anonymous viewer."""
    async with context.state.resources.database.connection() as connection:
        if context.request.method == "POST":
            await context.viewer.touch(connection)
        return await context.viewer.get_person(connection)


OptionalPerson = Annotated[Person | None, Depends(find_current_person)]


async def get_current_person(person: OptionalPerson) -> Person:
    """The person of the session.

    Raises:
        AnonymousViewerError: the viewer is anonymous; `AccountRoute` responds to it.
    """
    if person is None:
        raise AnonymousViewerError
    return person


async def get_own_look(look_id: CanonicalUUID, state: State, person: OptionalPerson) -> OwnedLook:
    """The look of the path and its owner.

    Raises:
        GoneError: there is no such look, or it belongs to another person; the response is the same.
    """
    if person is None:
        raise GoneError("page.own_look_gone")
    async with state.resources.database.connection() as connection:
        look = await looks.get(connection, look_id)
    if look is None or look.person_id != person.id:
        raise GoneError("page.own_look_gone")
    return OwnedLook(owner=person, look=look)


CurrentPerson = Annotated[Person, Depends(get_current_person)]
OwnLook = Annotated[OwnedLook, Depends(get_own_look)]

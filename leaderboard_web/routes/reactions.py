"""Reactions to looks and people: hearts, bookmarks and follows. All forms work without JavaScript."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import public_looks, reactions, relations
from leaderboard_web.dependencies import CanonicalUUID, Context, RequestContext, Transaction
from leaderboard_web.errors import GoneError, LocalizedHTTPError, wants_json
from leaderboard_web.redirects import NO_STORE
from leaderboard_web.routes.people import find_person, find_person_with_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.viewer import UNKNOWN_PERSON, ViewerSession

Change = Callable[[AsyncConnection, UUID, UUID], Awaitable[int | bool | None]]
"""Sets or removes a reaction of a person (third argument). Returns the count that changed, or True where no count is
shown; None or False if the target is gone."""

router = APIRouter(route_class=PageRoute)


async def limit_hearts(context: Context, look_id: CanonicalUUID, operation: str) -> None:
    """Refuse a heart of a visitor whose network has given the look enough of them.

    It runs before the transaction of the route begins: the counters take connections of the same pool.

    Raises:
        LocalizedHTTPError: 429, the network has given the look all hearts of the day that count without a login.
    """
    if operation != "heart":
        return
    async with context.state.resources.database.connection() as connection:
        owner = await context.viewer.get_owner(connection)
        if owner is not None and not owner.is_anonymous:
            return
        person_id = UNKNOWN_PERSON if owner is None else owner.person_id
        if not await reactions.is_open_to_heart(connection, look_id, person_id):
            return
    if not await context.state.heart_limiter.acquire(context.request, owner, look_id):
        text = "page.enough_hearts" if context.state.offers_login else "page.enough_hearts.no_login"
        raise LocalizedHTTPError(429, "TooManyRequests", text)


@router.post("/looks/{look_id}/{operation}", name="react_to_look", dependencies=[Depends(limit_hearts)])
async def react_to_look(
    context: Context,
    look_id: CanonicalUUID,
    operation: Literal["heart", "unheart", "scrap", "unscrap", "follow", "unfollow"],
    connection: Transaction,
) -> Response:
    """Apply a reaction, or follow the owner; repeated calls change nothing. Following oneself is a 404."""
    is_on = not operation.startswith("un")
    person_id = await _acting_person_id(connection, context.viewer, is_on=is_on)
    changed = await LOOK_CHANGES[operation](connection, look_id, person_id)
    return _reaction_response(
        context, changed, is_on=is_on, page=url_for("look", look_id=look_id), gone="page.look_gone"
    )


@router.post("/people/{name:path}/{operation}", name="react_to_person")
async def react_to_person(
    context: Context, name: str, operation: Literal["follow", "unfollow"], connection: Transaction
) -> Response:
    """Follow a person with a page, or stop following a person; repeated calls change nothing."""
    is_on = operation == "follow"
    person_id = await _acting_person_id(connection, context.viewer, is_on=is_on)
    followed = await find_person_with_page(connection, name)
    if followed is None and not is_on:
        # Followers of a person whose page is gone know the name.
        followed = await find_person(connection, name)
        if followed is not None and not await relations.is_following(connection, person_id, followed.id):
            followed = None
    change = relations.create_follow if is_on else relations.delete_follow
    changed = None if followed is None else await change(connection, person_id, followed.id)
    return _reaction_response(context, changed, is_on=is_on, page=url_for("person", name=name), gone="page.person_gone")


async def _acting_person_id(connection: AsyncConnection, viewer: ViewerSession, *, is_on: bool) -> UUID:
    """Who reacts: adding a reaction creates the person, removing one does not."""
    if is_on:
        return await viewer.get_or_create_person_id(connection)
    await viewer.touch(connection)
    return await viewer.get_person_id(connection) or UNKNOWN_PERSON


def _reaction_response(
    context: RequestContext, changed: int | bool | None, *, is_on: bool, page: str, gone: str
) -> Response:
    """The new state as JSON for scripts, or a redirect to the page for browsers without JavaScript.

    Args:
        context: of the request.
        changed: what a `Change` returned.
        is_on: whether the reaction is set now.
        page: path of the page with the button.
        gone: translation key of what is said where the target is gone.

    Raises:
        GoneError: the target is gone; raised inside the transaction, so that no person is created.
    """
    if changed is None or changed is False:
        raise GoneError(gone)
    response: Response
    if wants_json(context.request):
        counts = {} if changed is True else {"count": changed}
        response = JSONResponse({"given": is_on, **counts}, headers=NO_STORE)
    else:
        response = RedirectResponse(page, 303)
    context.viewer.set_cookie(response)
    return response


async def _change_follow(
    change: Change, connection: AsyncConnection, look_id: UUID, person_id: UUID
) -> int | bool | None:
    """Follow the owner of a look, or stop following them."""
    entry = await public_looks.get_look(connection, look_id)
    return None if entry is None else await change(connection, person_id, entry.look.person_id)


LOOK_CHANGES: Mapping[str, Change] = {
    "heart": reactions.create_heart,
    "unheart": reactions.delete_heart,
    "scrap": reactions.create_bookmark,
    "unscrap": reactions.delete_bookmark,
    "follow": partial(_change_follow, relations.create_follow),
    "unfollow": partial(_change_follow, relations.delete_follow),
}

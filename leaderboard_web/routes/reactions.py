"""Reactions to looks and people: hearts, bookmarks and follows. All forms work without JavaScript."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import follows, leaderboard, reactions
from leaderboard_web.dependencies import CanonicalUUID, State, Transaction, Viewer
from leaderboard_web.errors import GoneError, LocalizedHTTPError, wants_json
from leaderboard_web.redirects import NO_STORE
from leaderboard_web.routes.people import find_person, find_person_with_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.viewer import UNKNOWN_PERSON, ViewerSession

Operation = Callable[[AsyncConnection, UUID, UUID], Awaitable[Mapping[str, int] | None]]
"""Applies a reaction of a person (third argument) and returns the changed counts; None if the target is gone."""

router = APIRouter(route_class=PageRoute)


async def limit_hearts(request: Request, look_id: CanonicalUUID, operation: str, viewer: Viewer, state: State) -> None:
    """Refuse a heart of a visitor whose network has given the look enough of them.

    It runs before the transaction of the route begins: the counters take connections of the same pool.

    Args:
        request: of the visitor.
        look_id: the look.
        operation: as of `react_to_look`; only a heart is limited.
        viewer: who gives it.
        state: of the application.

    Raises:
        LocalizedHTTPError: 429, the network has given the look all hearts of the day that count without a login.
    """
    if operation != "heart":
        return
    async with state.resources.database.connection() as connection:
        owner = await viewer.get_owner(connection)
        if owner is not None and not owner.is_anonymous:
            return
        person_id = UNKNOWN_PERSON if owner is None else owner.person_id
        if not await reactions.is_open_to_heart(connection, look_id, person_id):
            return
    if not await state.heart_limiter.acquire(request, owner, look_id):
        text = "page.enough_hearts" if state.offers_login else "page.enough_hearts.no_login"
        raise LocalizedHTTPError(429, "TooManyRequests", text)


@router.post("/looks/{look_id}/{operation}", name="react_to_look", dependencies=[Depends(limit_hearts)])
async def react_to_look(
    request: Request,
    look_id: CanonicalUUID,
    operation: Literal["heart", "unheart", "scrap", "unscrap", "follow", "unfollow"],
    connection: Transaction,
    viewer: Viewer,
    state: State,
) -> Response:
    """Apply a reaction, or follow the owner; repeated calls change nothing. Following oneself is a 404."""
    is_on = not operation.startswith("un")
    person_id = await _acting_person_id(connection, viewer, is_on=is_on)
    counts = await LOOK_OPERATIONS[operation](connection, look_id, person_id)
    return _reaction_response(
        request, viewer, counts, is_on=is_on, page=state.url_for("look", look_id=look_id), gone="page.look_gone"
    )


@router.post("/people/{name:path}/{operation}", name="react_to_person")
async def react_to_person(
    request: Request,
    name: str,
    operation: Literal["follow", "unfollow"],
    connection: Transaction,
    viewer: Viewer,
    state: State,
) -> Response:
    """Follow a person with a page, or stop following a person; repeated calls change nothing."""
    is_on = operation == "follow"
    person_id = await _acting_person_id(connection, viewer, is_on=is_on)
    followed = await find_person_with_page(connection, name)
    if followed is None and not is_on:
        # Followers of a person whose page is gone know the name.
        followed = await find_person(connection, name)
        if followed is not None and not await follows.is_following(connection, person_id, followed.id):
            followed = None
    counts = None
    if followed is not None:
        change = follows.create_follow if is_on else follows.delete_follow
        counts = _count(await change(connection, person_id, followed.id))
    return _reaction_response(
        request, viewer, counts, is_on=is_on, page=state.url_for("person", name=name), gone="page.person_gone"
    )


async def _acting_person_id(connection: AsyncConnection, viewer: ViewerSession, *, is_on: bool) -> UUID:
    """Who reacts: adding a reaction creates the person, removing one does not."""
    if is_on:
        return await viewer.get_or_create_person_id(connection)
    await viewer.touch(connection)
    return await viewer.get_person_id(connection) or UNKNOWN_PERSON


def _reaction_response(
    request: Request, viewer: ViewerSession, counts: Mapping[str, int] | None, *, is_on: bool, page: str, gone: str
) -> Response:
    """The new state as JSON for scripts, or a redirect to the page for browsers without JavaScript.

    Args:
        request: of the reaction.
        viewer: who reacted.
        counts: that changed, e.g. `{"count": 3}`; None if the target is gone.
        is_on: whether the reaction is set now.
        page: path of the page with the button.
        gone: translation key of what is said where the target is gone.

    Raises:
        GoneError: the target is gone; raised inside the transaction, so that no person is created.
    """
    if counts is None:
        raise GoneError(gone)
    response: Response
    if wants_json(request):
        response = JSONResponse({"given": is_on, **counts}, headers=NO_STORE)
    else:
        response = RedirectResponse(page, 303)
    viewer.set_cookie(response)
    return response


async def _create_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return _count(await reactions.create_heart(connection, look_id, person_id))


async def _delete_heart(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return _count(await reactions.delete_heart(connection, look_id, person_id))


async def _create_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return {} if await reactions.create_bookmark(connection, look_id, person_id) else None


async def _delete_bookmark(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    return {} if await reactions.delete_bookmark(connection, look_id, person_id) else None


async def _follow_owner(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    entry = await leaderboard.get_look(connection, look_id)
    return None if entry is None else _count(await follows.create_follow(connection, person_id, entry.look.person_id))


async def _unfollow_owner(connection: AsyncConnection, look_id: UUID, person_id: UUID) -> Mapping[str, int] | None:
    entry = await leaderboard.get_look(connection, look_id)
    return None if entry is None else _count(await follows.delete_follow(connection, person_id, entry.look.person_id))


LOOK_OPERATIONS: Mapping[str, Operation] = {
    "heart": _create_heart,
    "unheart": _delete_heart,
    "scrap": _create_bookmark,
    "unscrap": _delete_bookmark,
    "follow": _follow_owner,
    "unfollow": _unfollow_owner,
}


def _count(count: int | None) -> Mapping[str, int] | None:
    return None if count is None else {"count": count}

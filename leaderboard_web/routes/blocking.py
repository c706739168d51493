"""Blocking: two people do not see each other any more, once one of them says so on a page of the other."""

from fastapi import APIRouter, Response

from core.db import blocks, leaderboard
from leaderboard_web.dependencies import AppState, CanonicalUUID, State, Transaction, Viewer
from leaderboard_web.errors import GoneError
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routes.people import find_person
from leaderboard_web.urls import PageRoute
from leaderboard_web.viewer import ViewerSession

router = APIRouter(route_class=PageRoute)


@router.post("/looks/{look_id}/block", name="block_owner")
async def block_owner(look_id: CanonicalUUID, connection: Transaction, viewer: Viewer, state: State) -> Response:
    """Block the owner of a look, who may have no name.

    Raises:
        GoneError: the look is not on the leaderboard, or the viewer's own.
    """
    person_id = await viewer.get_or_create_person_id(connection)
    entry = await leaderboard.get_look(connection, look_id, viewer_id=person_id)
    if entry is None or not await blocks.block(connection, person_id, entry.look.person_id):
        raise GoneError("page.look_gone")
    return _blocked(viewer, state)


@router.post("/people/{name:path}/block", name="block_person")
async def block_person(name: str, connection: Transaction, viewer: Viewer, state: State) -> Response:
    """Block a person with a page.

    Raises:
        GoneError: there is no such person, or it is the viewer.
    """
    person_id = await viewer.get_or_create_person_id(connection)
    person = await find_person(connection, name)
    if person is None or not await blocks.block(connection, person_id, person.id):
        raise GoneError("page.person_gone")
    return _blocked(viewer, state)


def _blocked(viewer: ViewerSession, state: AppState) -> Response:
    """To the list of blocked people, where a block can be ended."""
    response = redirect_with_notice(state.url_for("blocked_people"), "blocked")
    viewer.set_cookie(response)
    return response

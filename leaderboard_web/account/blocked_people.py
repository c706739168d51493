"""`/me/blocked`: the people whom the person blocked, each with a button that ends the block."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from core.db import blocks
from core.db.person_lists import Relation, list_people
from leaderboard_web.account.current_person import AccountRoute, CurrentPerson
from leaderboard_web.account.lists import PEOPLE_PER_PAGE, render_people
from leaderboard_web.dependencies import CanonicalUUID, Db, Lang, State, Transaction
from leaderboard_web.redirects import Notice, notice_sentences, redirect_with_notice

NOTICES = {"blocked": "block.done", "unblocked": "block.ended"}

router = APIRouter(route_class=AccountRoute)


@router.get("/me/blocked", name="blocked_people")
async def blocked_people_page(
    request: Request,
    person: CurrentPerson,
    connection: Db,
    language: Lang,
    state: State,
    after: CanonicalUUID | None = None,
    notice: Notice = "",
) -> Response:
    """The blocked people, the newest accounts first; `after` is the last person of the page before."""
    rows = await list_people(connection, Relation.BLOCKED, person.id, limit=PEOPLE_PER_PAGE + 1, after=after)
    messages = notice_sentences(notice, NOTICES, language)
    return render_people(request, state, language, "blocked_people", rows, tab="settings", messages=messages)


@router.post("/me/blocked", name="unblock")
async def unblock(
    me: CurrentPerson, connection: Transaction, state: State, person: Annotated[CanonicalUUID, Form()]
) -> Response:
    """End a block."""
    await blocks.delete_block(connection, me.id, person)
    return redirect_with_notice(state.url_for("blocked_people"), "unblocked")

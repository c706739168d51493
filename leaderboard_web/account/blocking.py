"""`/me/blocked`: the people whom the person blocked, each with a button that ends the block."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from core.conversation.display_names import display_name
from core.db import blocks
from core.db.person_lists import Relation, list_people
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson
from leaderboard_web.dependencies import CanonicalUUID, Db, Lang, State, Transaction
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.templating import render_page

PEOPLE_PER_PAGE = 50
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
) -> Response:
    """The blocked people, the newest accounts first; `after` is the last person of the page before."""
    rows = await list_people(connection, Relation.BLOCKED, person.id, limit=PEOPLE_PER_PAGE + 1, after=after)
    blocked, has_next = rows[:PEOPLE_PER_PAGE], len(rows) > PEOPLE_PER_PAGE
    return render_page(
        request,
        "account/blocked_people.html",
        language,
        section=SECTION,
        tab="settings",
        people=[
            (each.person.id, display_name(each.person.id, each.person.name, language), each.style) for each in blocked
        ],
        next_url=state.url_for("blocked_people", query={"after": blocked[-1].person.id}) if has_next else None,
        messages=notice_from_query(request, NOTICES),
    )


@router.post("/me/blocked", name="unblock")
async def unblock(
    me: CurrentPerson, connection: Transaction, state: State, person: Annotated[CanonicalUUID, Form()]
) -> Response:
    """End a block."""
    await blocks.unblock(connection, me.id, person)
    return redirect_with_notice(state.url_for("blocked_people"), "unblocked")

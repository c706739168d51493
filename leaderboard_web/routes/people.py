"""`/people/{name}`: a person's shared looks, the styles in them, and how to block the person.

A person who is banned or has no look on the leaderboard has a page only for themselves. Two people do not see each
other any more once one of them blocks the other.
"""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.narration import style_name
from core.db import people, public_looks, relations
from core.db.people import Person
from leaderboard_web.dependencies import CanonicalUUID, Context, RequestContext, Transaction
from leaderboard_web.errors import GoneError
from leaderboard_web.pagination import BeforeTime, build_page, shared_cursor
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.report_reasons import MAX_REPORT_LENGTH, PersonReportReason, list_choices
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.view_models import build_card

PAGE_SIZE = 12
"""Looks on a page: full rows of two, three and four."""
MAX_STORED_NAME_LENGTH = 40
"""Of the column, in characters; names that people choose are shorter."""

router = APIRouter(route_class=PageRoute)


# A path: names that are older than the rules for names may contain any character.
@router.get("/people/{name:path}", name="person")
async def person_page(context: Context, name: str, before: BeforeTime) -> Response:
    """A page of a person's looks, the latest shared first.

    Raises:
        GoneError: if the person does not exist or has no public look.
    """
    viewer_key, language = context.viewer.key, context.language
    async with context.state.resources.database.connection() as db:
        result = await public_looks.get_person_for_viewer(db, name, viewer_key) if is_possible_name(name) else None
        if result is None:
            raise GoneError("page.person_gone")
        person, style_counts, relation = result
        look_count = sum(style_counts.values())
        is_own = relation.person_id == person.id
        if not is_own and (person.banned_at is not None or look_count == 0):
            raise GoneError("page.person_gone")
        path = url_for("person", name=person.name)
        if person.name != name:
            return RedirectResponse(f"{path}?{context.request.url.query}".rstrip("?"), 302)
        after = (before.at, before.id) if before else None
        entries = await public_looks.list_for_person(
            db, person.id, limit=PAGE_SIZE + 1, after=after, viewer_key=viewer_key
        )
    page = build_page(entries, PAGE_SIZE, shared_cursor)
    return render_page(
        context,
        "person.html",
        name=person.name,
        path=path,
        is_own=is_own,
        followers=person.followers,
        following=person.following,
        is_followed=relation.is_following,
        style_shares=[
            (style, style_name(style, language), count, round(100 * count / look_count))
            for style, count in style_counts.items()
        ],
        cards=[build_card(entry, language=language) for entry in page.rows],
        is_first_page=before is None,
        report_reasons=list_choices(PersonReportReason, language),
        max_report_length=MAX_REPORT_LENGTH,
        next_url=page.next_cursor and f"{path}?before={page.next_cursor}",
    )


async def find_person(connection: AsyncConnection, name: str) -> Person | None:
    """The person with a name, or with one that reads the same."""
    return await people.get_by_display_name(connection, name) if is_possible_name(name) else None


async def find_person_with_page(connection: AsyncConnection, name: str) -> Person | None:
    """The same, unless they are banned or have no look on the leaderboard: others do not learn their names."""
    person = await find_person(connection, name)
    if person is None or person.banned_at is not None or not await public_looks.count_styles(connection, person.id):
        return None
    return person


def is_possible_name(name: str) -> bool:
    """Whether a text can be a display name."""
    return len(name) <= MAX_STORED_NAME_LENGTH and name.isprintable()


@router.post("/looks/{look_id}/block", name="block_owner")
async def block_owner(context: Context, look_id: CanonicalUUID, connection: Transaction) -> Response:
    """Block the owner of a look, who may have no name.

    Raises:
        GoneError: the look is not on the leaderboard, or the viewer's own.
    """
    person_id = await context.viewer.get_or_create_person_id(connection)
    entry = await public_looks.get_look(connection, look_id, viewer_id=person_id)
    if entry is None or not await relations.create_block(connection, person_id, entry.look.person_id):
        raise GoneError("page.look_gone")
    return _blocked(context)


@router.post("/people/{name:path}/block", name="block_person")
async def block_person(context: Context, name: str, connection: Transaction) -> Response:
    """Block a person with a page.

    Raises:
        GoneError: there is no such person, or it is the viewer.
    """
    person_id = await context.viewer.get_or_create_person_id(connection)
    person = await find_person_with_page(connection, name)
    if person is None or not await relations.create_block(connection, person_id, person.id):
        raise GoneError("page.person_gone")
    return _blocked(context)


def _blocked(context: RequestContext) -> Response:
    """To the list of blocked people, where a block can be ended."""
    response = redirect_with_notice(url_for("blocked_people"), "blocked")
    context.viewer.set_cookie(response)
    return response

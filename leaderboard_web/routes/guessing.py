"""Guessing first: a look without its verdict and the eight styles; the answer leads to the page of the look."""

from typing import Annotated

from fastapi import APIRouter, Form, Response
from fastapi.responses import RedirectResponse

from core.conversation.narration import style_name
from core.db import public_looks, reactions
from core.i18n.translations import translate
from core.styles import STYLES, Style
from leaderboard_web.dependencies import CanonicalUUID, Context, Db, Transaction
from leaderboard_web.errors import GoneError
from leaderboard_web.redirects import NO_STORE
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.view_models import build_card

router = APIRouter(route_class=PageRoute)


@router.get("/guess", name="guess_next")
async def guess_next(context: Context, db: Db) -> Response:
    """Redirect to a look that the viewer can still guess, or say that there is none."""
    look_id = await reactions.find_look_to_guess(db, context.viewer.key)
    if look_id is None:
        return render_page(context, "notice_page.html", message=translate("guess.none", context.language))
    return RedirectResponse(url_for("guess_look", look_id=look_id), 302, headers=NO_STORE)


@router.get("/looks/{look_id}/guess", name="guess_look")
async def guess_page(context: Context, look_id: CanonicalUUID, db: Db) -> Response:
    """A look with eight styles to choose from; viewers who have guessed it are redirected to its page.

    Raises:
        GoneError: the look is not on the leaderboard.
    """
    result = await public_looks.get_look_for_viewer(db, look_id, context.viewer.key)
    if result is None:
        raise GoneError("page.look_gone")
    entry, relation = result
    if relation.guess is not None:
        return RedirectResponse(url_for("look", look_id=look_id), 302, headers=NO_STORE)
    return render_page(
        context,
        "guess.html",
        section="board",
        card=build_card(entry, language=context.language),
        is_owner=relation.person_id == entry.look.person_id,
        styles=[(style, style_name(style, context.language)) for style in STYLES],
    )


@router.post("/looks/{look_id}/guess", name="record_guess")
async def record_guess(
    context: Context, look_id: CanonicalUUID, connection: Transaction, style: Annotated[Style, Form()]
) -> Response:
    """Store a guess; only the first one of a person counts.

    Raises:
        GoneError: the look is not on the leaderboard, or the viewer's own.
    """
    person_id = await context.viewer.get_or_create_person_id(connection)
    if not await reactions.create_guess(connection, look_id, person_id, style):
        raise GoneError("page.look_gone")
    response = RedirectResponse(f"{url_for('look', look_id=look_id)}#guesses", 303)
    context.viewer.set_cookie(response)
    return response

"""The weekly style card of the account pages: the page that offers it, and the picture."""

from fastapi import APIRouter, Response

from core.conversation.week_card_texts import draw_week, few_looks_sentence, get_week
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language
from core.images.result_card import CardShape
from core.urls import week_card_subject
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson, OptionalPerson
from leaderboard_web.dependencies import Context, State
from leaderboard_web.templating import render_page
from leaderboard_web.view_models import build_week_card

HEADERS = {"Cache-Control": "private, max-age=60", "X-Robots-Tag": "noindex"}
"""A page shows the picture and prepares it for sharing: a minute in the browser saves a drawing of 0.15 s."""

router = APIRouter(route_class=AccountRoute)


@router.get("/me/week", name="week")
async def week_page(context: Context, person: CurrentPerson) -> Response:
    """The card of the person's last seven days, or how many looks are missing."""
    async with context.state.resources.database.connection() as connection:
        week = await get_week(connection, person.id)
    return render_page(
        context,
        "account/week.html",
        section=SECTION,
        tab="history",
        missing="" if week.has_card else few_looks_sentence(week, context.language),
        card=build_week_card(context.state.resources.url_signer, person.id, context.language),
    )


@router.get("/me/week/{card_language}-{shape}.jpg", name="week_card")
async def week_card(
    card_language: Language, shape: CardShape, person: OptionalPerson, state: State, t: str = ""
) -> Response:
    """The picture, for its person only.

    Raises:
        InvalidSignatureError: the URL is forged, expired, or another person's.
        ObjectNotFoundError: no person is logged in, or there are too few looks.
    """
    if person is None:
        raise ObjectNotFoundError
    state.resources.url_signer.verify(week_card_subject(person.id), t)
    async with state.resources.database.connection() as connection:
        week = await get_week(connection, person.id)
    if not week.has_card:
        raise ObjectNotFoundError
    card = await draw_week(state.resources, week, card_language, shape)
    return Response(card, media_type="image/jpeg", headers=HEADERS)

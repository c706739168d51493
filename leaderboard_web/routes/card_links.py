"""`/card-links`: a link to a result card for whom its owner gives it to; it ends by itself or by a tap of the owner."""

from datetime import timedelta

from fastapi import APIRouter, Response

from core.conversation.narration import style_name
from core.conversation.result_card_texts import can_have_card
from core.db import looks, one_time_tokens
from core.db.looks import Look
from core.db.one_time_tokens import TokenKind
from core.i18n.translations import Language
from core.images.result_card import CardShape
from leaderboard_web.account.current_person import OptionalPerson, OwnLook
from leaderboard_web.dependencies import AppState, CanonicalUUID, Context, State
from leaderboard_web.errors import GoneError
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routes.images import CARD_HEADERS, card_response
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, absolute_url, url_for

LINK_LIFETIME = timedelta(hours=24)

router = APIRouter(route_class=PageRoute)


@router.post("/card-links/{look_id}", name="create_card_link")
async def create_card_link(own: OwnLook, state: State) -> Response:
    """Create a link to the card of a look of the visitor's own, and show it.

    Raises:
        GoneError: there is no card.
    """
    if not can_have_card(own.look):
        raise GoneError("page.picture_gone")
    async with state.resources.database.transaction() as connection:
        token = await one_time_tokens.create(
            connection, own.owner.id, lifetime=LINK_LIFETIME, kind=TokenKind.CARD_LINK, look_id=own.look.id
        )
    return redirect_with_notice(url_for("card_link", look_id=own.look.id, token=token))


@router.get("/card-links/{look_id}/{token}", name="card_link")
async def card_link_page(context: Context, look_id: CanonicalUUID, token: str, person: OptionalPerson) -> Response:
    """The card, and for its owner the button that ends the link.

    Raises:
        GoneError: the link is unknown or over, or there is no card any more.
    """
    look = await _get_linked_look(context.state, look_id, token)
    response = render_page(
        context,
        "card_link.html",
        image=url_for("card_link_image", look_id=look_id, token=token, language=context.language),
        style=style_name(look.verdict.style, context.language),
        link=absolute_url(context.request, context.request.url.path),
        end_path=url_for("end_card_link", look_id=look_id, token=token),
        is_owner=person is not None and person.id == look.person_id,
    )
    response.headers.update(CARD_HEADERS)
    return response


@router.get("/card-links/{look_id}/{token}/{language}.jpg", name="card_link_image")
async def card_link_image(look_id: CanonicalUUID, token: str, language: Language, state: State) -> Response:
    """The card itself.

    Raises:
        GoneError: see `card_link_page`.
    """
    look = await _get_linked_look(state, look_id, token)
    return await card_response(state, look, language, CardShape.POST)


@router.post("/card-links/{look_id}/{token}/end", name="end_card_link")
async def end_card_link(own: OwnLook, token: str, state: State) -> Response:
    """End a link to one's own look; a link that is over stays over."""
    async with state.resources.database.transaction() as connection:
        await one_time_tokens.consume(connection, token, TokenKind.CARD_LINK, own.look.id)
    return redirect_with_notice(url_for("chat"))


async def _get_linked_look(state: AppState, look_id: CanonicalUUID, token: str) -> Look:
    async with state.resources.database.connection() as connection:
        owner_id = await one_time_tokens.get_person_id(connection, token, TokenKind.CARD_LINK, look_id)
        look = None if owner_id is None else await looks.get(connection, look_id)
    if look is None or not can_have_card(look):
        raise GoneError("card.link.gone")
    return look

"""Result cards on the site: drawn on first use, stored next to the photo, drawn again when what they say changes.

See ADR 0032.
"""

from functools import partial

from fastapi import Response

from core.conversation.result_card_texts import can_have_card, card_text
from core.db.looks import Look
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language
from core.images.drawing import read_content_hash
from core.images.renditions import result_card_key
from core.images.result_card import CardShape, draw_result_card
from leaderboard_web.dependencies import AppState

CARD_HEADERS = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow, noimageindex"}


async def card_response(state: AppState, look: Look, language: Language, shape: CardShape) -> Response:
    """The card of a look.

    Args:
        state: the stored renditions.
        look: whose card it is.
        language: of the words on it.
        shape: its format.

    Raises:
        ObjectNotFoundError: there is no card, or its pictures were deleted.
        StorageUnavailableError: the object storage does not answer.
    """
    if look.photo_key is None or look.heatmap_key is None or not can_have_card(look):
        raise ObjectNotFoundError
    text = card_text(look, language)
    expected_hash = text.content_hash(look.heatmap_key)
    card = await state.renditions.get_or_create(
        result_card_key(look.photo_key, shape, language),
        partial(draw_result_card, text=text, shape=shape, comment=expected_hash),
        look_id=look.id,
        photo_key=look.photo_key,
        source_key=look.heatmap_key,
        is_current=lambda stored: read_content_hash(stored) == expected_hash,
    )
    return Response(card, media_type="image/jpeg", headers=CARD_HEADERS)

"""`/looks/{id}`: a look on the leaderboard with its verdict and messages."""

from fastapi import APIRouter, Request, Response

from core.conversation.narration import public_verdict_messages, style_name, verdict_messages
from core.conversation.smalltalk import comment_on_guess
from core.db import leaderboard, look_guesses
from core.i18n.clothing_names import main_color_text
from core.seoul_time import SEOUL
from leaderboard_web.dependencies import CanonicalUUID, Db, Lang, State, Viewer
from leaderboard_web.errors import GoneError
from leaderboard_web.routes.reports import MAX_REPORT_LENGTH, ReportReason
from leaderboard_web.sharing import allow_kakao_sdk, build_share_links, link_preview, verdict_sentence
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute
from leaderboard_web.view_models import build_bars, build_card, build_worn
from leaderboard_web.viewer import preview_language

router = APIRouter(route_class=PageRoute)


@router.get("/looks/{look_id}", name="look")
async def look_page(
    request: Request, look_id: CanonicalUUID, db: Db, viewer: Viewer, language: Lang, state: State
) -> Response:
    """The page of a look on the leaderboard.

    Raises:
        GoneError: the look is not on the leaderboard.
    """
    result = await leaderboard.get_look_for_viewer(db, look_id, viewer.key or "")
    if result is None:
        raise GoneError("page.look_gone")
    entry, relation = result
    look = entry.look
    card = build_card(entry, language=language)
    messages = public_verdict_messages(look.verdict, seed=look.variant_seed, language=language)
    preview = link_preview(state, look, card.owner_name, verdict_sentence(messages), language)
    share = build_share_links(request, state, preview, hearts=card.hearts)
    if (preview_in := preview_language(request, language)) is not language:
        sentence = verdict_sentence(verdict_messages(look.verdict, seed=look.variant_seed, language=preview_in))
        preview = link_preview(state, look, card.owner_name, sentence, preview_in)
    # The database requires of shared looks that they have both times and both images.
    shared_at = (look.shared_at or look.created_at).astimezone(SEOUL)
    is_owner = relation.person_id == look.person_id
    guesses = await look_guesses.count_by_style(db, look_id) if relation.guess or is_owner else {}
    guess_count = sum(guesses.values())
    response = render_page(
        request,
        "look.html",
        language,
        section="board",
        preview=preview,
        card=card,
        messages=[message.text for message in messages],
        worn=build_worn(look.verdict, language),
        main_color=main_color_text(look.verdict.attributes, language),
        bars=build_bars(look.verdict.probabilities, language),
        guess=look.guessed_style and style_name(look.guessed_style, language),
        correction=look.corrected_style and style_name(look.corrected_style, language),
        shared_at=shared_at,
        relation=relation,
        is_owner=is_owner,
        finds_similar=state.resources.finds_similar_looks,
        owner_style=entry.owner_style,
        guess_comment=relation.guess
        and comment_on_guess(relation.guess, look.verdict, seed=look.variant_seed, language=language),
        guess_count=guess_count,
        guess_bars=build_bars({style: count / guess_count for style, count in guesses.items()}, language),
        share=share,
        report_reasons=tuple(ReportReason),
        max_report_length=MAX_REPORT_LENGTH,
    )
    if share.kakao is not None:
        allow_kakao_sdk(response, share.kakao)
    return response

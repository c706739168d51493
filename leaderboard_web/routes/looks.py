"""`/looks/{id}`: a look on the leaderboard with its verdict and messages, and `/looks/{id}/similar`: looks like it."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from core.conversation.display_names import display_name
from core.conversation.narration import public_verdict_messages, style_name, verdict_messages
from core.conversation.smalltalk import comment_on_guess
from core.db import looks, public_looks, reactions, similar_looks
from core.db.schema import PendingQuestion
from core.i18n.clothing_names import main_color_text
from core.seoul_time import SEOUL
from core.vision.verdict import ConfidenceBand
from leaderboard_web.dependencies import CanonicalUUID, Context, Db
from leaderboard_web.errors import GoneError
from leaderboard_web.report_reasons import MAX_REPORT_LENGTH, ReportReason, list_choices
from leaderboard_web.sharing import allow_kakao_sdk, build_share_links, link_preview, verdict_sentence
from leaderboard_web.templating import render_page
from leaderboard_web.urls import PageRoute, url_for
from leaderboard_web.view_models import build_bars, build_card, build_worn
from leaderboard_web.viewer import preview_language

MAX_SIMILAR_LOOKS = 12

router = APIRouter(route_class=PageRoute)


@router.get("/looks/{look_id}", name="look")
async def look_page(context: Context, look_id: CanonicalUUID) -> Response:
    """The page of a look on the leaderboard.

    Raises:
        GoneError: the look is not on the leaderboard.
    """
    language = context.language
    async with context.state.resources.database.connection() as db:
        result = await public_looks.get_look_for_viewer(db, look_id, context.viewer.key)
        if result is None:
            raise GoneError("page.look_gone")
        entry, relation = result
        look = entry.look
        is_owner = relation.person_id == look.person_id
        guesses = await reactions.count_guesses(db, look_id) if relation.guess or is_owner else {}
    card = build_card(entry, language=language)
    messages = public_verdict_messages(look.verdict, seed=look.variant_seed, language=language)
    preview = link_preview(look, card.owner_name, verdict_sentence(messages), language)
    share = build_share_links(context, preview, hearts=card.hearts)
    if (preview_in := preview_language(context.request, language)) is not language:
        sentence = verdict_sentence(verdict_messages(look.verdict, seed=look.variant_seed, language=preview_in))
        owner_name = display_name(look.person_id, entry.owner_name, preview_in)
        preview = link_preview(look, owner_name, sentence, preview_in)
    # The database requires of shared looks that they have both times and both images.
    shared_at = (look.shared_at or look.created_at).astimezone(SEOUL)
    guess_count = sum(guesses.values())
    response = render_page(
        context,
        "look.html",
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
        finds_similar=context.state.resources.finds_similar_looks,
        owner_style=entry.owner_style,
        guess_comment=relation.guess
        and comment_on_guess(relation.guess, look.verdict, seed=look.variant_seed, language=language),
        guess_count=guess_count,
        guess_bars=build_bars({style: count / guess_count for style, count in guesses.items()}, language),
        share=share,
        report_reasons=list_choices(ReportReason, language),
        max_report_length=MAX_REPORT_LENGTH,
    )
    if share.kakao is not None:
        allow_kakao_sdk(response, share.kakao)
    return response


@router.get("/looks/{look_id}/similar", name="similar_looks")
async def similar_page(context: Context, look_id: CanonicalUUID, db: Db) -> Response:
    """Public looks of others that look like a public look, or like one of the viewer's own.

    Raises:
        GoneError: the look is neither on the leaderboard nor the viewer's own, or looks cannot be compared.
    """
    if not context.state.resources.finds_similar_looks:
        raise GoneError("page.look_gone")
    viewer_key = context.viewer.key
    public = await public_looks.get_look_for_viewer(db, look_id, viewer_key)
    owner_name = None
    if public is not None:
        owner_name = display_name(public[0].look.person_id, public[0].owner_name, context.language)
    else:
        person, look = await context.viewer.get_person(db), await looks.get(db, look_id)
        if person is None or look is None or look.person_id != person.id:
            raise GoneError("page.look_gone")
        if look.verdict.band is ConfidenceBand.NOT_AN_OUTFIT:
            raise GoneError("page.look_gone")
        if look.pending_question is PendingQuestion.GUESS:
            # What looks like it would give the verdict away.
            return RedirectResponse(url_for("chat", query={"look": look_id}), 302)
    entries = await similar_looks.find_similar(db, look_id, limit=MAX_SIMILAR_LOOKS, viewer_key=viewer_key)
    return render_page(
        context,
        "similar.html",
        section="board",
        back_url=url_for("look" if public is not None else "own_look", look_id=look_id),
        owner_name=owner_name,
        cards=[build_card(entry, language=context.language) for entry in entries],
    )

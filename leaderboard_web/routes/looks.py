"""`/looks/{id}`: one shared look with all that Eva said about it. Nothing else exists here."""

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request, Response

from core.conversation.narration import style_name, verdict_messages
from core.db import leaderboard
from core.seoul_time import SEOUL
from leaderboard_web.dependencies import AppState
from leaderboard_web.judge_response import ProbabilityBar, build_bar
from leaderboard_web.page_meta import preview_language
from leaderboard_web.parameters import parse_canonical_uuid
from leaderboard_web.routes.images import public_image_url
from leaderboard_web.routes.leaderboard import board_path
from leaderboard_web.routes.reactions import MAX_REPORT_LENGTH, ReportReason
from leaderboard_web.routing import PageRoute
from leaderboard_web.sharing import ShareLinks, allow_kakao_sdk, build_share_links, link_preview, verdict_sentence
from leaderboard_web.templating import render_page, request_language
from leaderboard_web.view_models import LookCard, build_card

REPORT_REASONS = tuple(ReportReason)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPage:
    """What the page of a look shows, in the reader's language."""

    card: LookCard
    heatmap_url: str
    """Address of the picture with the warm colours."""
    lines: tuple[str, ...]
    """What Eva says."""
    bars: tuple[ProbabilityBar, ...]
    guess: str | None
    """What its owner guessed."""
    correction: str | None
    """What its owner says it is."""
    shared_at: str
    """ISO 8601, in Seoul."""
    date: str
    is_owner: bool
    """Whether the reader is its owner."""
    is_bookmarked: bool
    is_followed: bool
    style_board_url: str
    """Address of the board of its style."""
    share: ShareLinks


def look_routes(site: AppState) -> APIRouter:
    """The page of a look."""
    router, memory, guests = APIRouter(route_class=PageRoute), site.memory, site.visitor_sessions

    @router.get("/looks/{look_id}", response_class=Response)
    async def page(request: Request, look_id: str) -> Response:
        """The page of a look that is on the board; 404 for all else."""
        language = request_language(request)
        async with memory.database.connection() as connection:
            seen = await leaderboard.get_look_for_viewer(
                connection, parse_canonical_uuid(look_id), guests.session_key(request) or ""
            )
        if seen is None:
            raise HTTPException(404)
        (found, visit), look = seen, seen[0].look
        # The database promises that a look on the board was shared.
        shared_at = (look.shared_at or look.created_at).astimezone(SEOUL)
        shown = build_card(found, signer=memory.url_signer, language=language)
        bubbles = verdict_messages(look.verdict, seed=str(look.id), language=language)
        line, spoken = verdict_sentence(bubbles), preview_language(request, language)
        sharing = build_share_links(request, site.settings, look, shown, line, language)
        if spoken is not language:
            line = verdict_sentence(verdict_messages(look.verdict, seed=str(look.id), language=spoken))
        guess, correction = look.guessed_style, look.corrected_style
        answer = render_page(
            request,
            "look.html",
            section="board",
            preview=link_preview(look, shown.owner_name, line, spoken),
            look=LookPage(
                card=shown,
                # The database promises that a shared look has its pictures.
                heatmap_url=public_image_url(memory.url_signer, look, look.heatmap_key or ""),
                lines=tuple(each.text for each in bubbles),
                bars=tuple(build_bar(style, share, language) for style, share in look.verdict.ranking),
                guess=style_name(guess, language) if guess else None,
                correction=style_name(correction, language) if correction else None,
                shared_at=shared_at.isoformat(),
                date=shared_at.date().isoformat(),
                is_owner=visit.person_id == look.person_id,
                is_bookmarked=visit.has_bookmarked,
                is_followed=visit.is_following,
                style_board_url=board_path(None, look.verdict.style),
                share=sharing,
            ),
            reasons=REPORT_REASONS,
            longest_line=MAX_REPORT_LENGTH,
        )
        if sharing.kakao is not None:
            allow_kakao_sdk(answer, sharing.kakao)
        return answer

    return router

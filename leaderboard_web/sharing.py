"""Ways to pass a look on: the picture that its link unfolds to, and links and buttons of the services people use."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypedDict
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from core.conversation.narration import Message, MessageSlot, style_name, verdict_messages
from core.db import leaderboard
from core.db.looks import Look
from core.i18n.translations import Language, translate
from core.images.renditions import RenditionStore, share_image_key
from core.settings import Settings
from leaderboard_web.dependencies import AppState
from leaderboard_web.middleware.csp import extend_csp
from leaderboard_web.page_meta import LinkPreview, absolute_url
from leaderboard_web.parameters import parse_canonical_uuid
from leaderboard_web.routing import PageRoute
from leaderboard_web.share_image import SHARE_IMAGE_SIZE, content_hash, draw_share_image, read_content_hash
from leaderboard_web.view_models import LookCard

SHARE_IMAGE_CACHE_CONTROL = "public, max-age=3600"
"""A card that was taken back is shown no longer than this by caches that follow the rules."""
VERSION_PATTERN = re.compile(r"[0-9a-f]{10}|1")
"""Of a card, in its address; 1 was that of all cards once."""
KAKAO_SOURCES = "https://*.kakao.com"


class _ImageText(TypedDict):
    title: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KakaoShareButton:
    """The button for KakaoTalk."""

    key: str
    """JavaScript key of the app; public by design."""
    script: str
    integrity: str
    template: str
    """JSON for `Kakao.Share.sendDefault`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareLinks:
    """What the page of a look offers to those who want to pass it on."""

    url: str
    """The look's address; its preview comes in the language of whoever shares it."""
    title: str
    text: str
    telegram: str
    facebook: str
    kakao: KakaoShareButton | None
    """None without EVA_KAKAO_JS_KEY."""


def share_image_routes(state: AppState) -> APIRouter:
    """The cards. Crawlers fetch them, so they need no signature; they are there only for looks on the board."""
    router, memory, derived = APIRouter(route_class=PageRoute), state.resources, RenditionStore(state.resources)

    @router.get("/looks/{look_id}/card-{language}-{marked}.jpg", response_class=Response)
    async def card(look_id: str, language: str, marked: str) -> Response:
        """The card of a look; addresses of older ones bring the newest one."""
        if language not in set(Language) or not VERSION_PATTERN.fullmatch(marked):
            raise HTTPException(404)
        async with memory.database.transaction() as connection:
            found = await leaderboard.get_look(connection, parse_canonical_uuid(look_id))
        if found is None or (photo_key := found.look.photo_key) is None:
            raise HTTPException(404)
        look, spoken = found.look, Language(language)
        line = verdict_sentence(verdict_messages(look.verdict, seed=str(look.id), language=spoken))
        words = _image_text(look, line, spoken)
        made = await derived.get_or_create(
            share_image_key(photo_key, spoken),
            partial(draw_share_image, **words),
            look_id=look.id,
            photo_key=photo_key,
            is_current=lambda kept: read_content_hash(kept) == content_hash(**words),
        )
        return Response(made, media_type="image/jpeg", headers={"Cache-Control": SHARE_IMAGE_CACHE_CONTROL})

    return router


def link_preview(look: Look, owner_name: str, sentence: str, language: Language) -> LinkPreview:
    """What a link to a look unfolds to; `name` is its owner's on the board, `line` Eva's verdict, see `line_of`."""
    return LinkPreview(
        language=language,
        type="article",
        title=_share_title(look, owner_name, language),
        description=sentence,
        image=_share_image_url(look, sentence, language),
        alt=translate("share.alt", language, style=style_name(look.verdict.style, language)),
        path=_look_url(look, language),
    )


def build_share_links(
    request: Request, settings: Settings, look: Look, card: LookCard, sentence: str, language: Language
) -> ShareLinks:
    """The ways to share a look that is on the board; `line` is Eva's verdict, see `line_of`."""
    url = absolute_url(request, _look_url(look, language))
    title = _share_title(look, card.owner_name, language)
    return ShareLinks(
        url=url,
        title=title,
        text=sentence,
        # Both want percent-encoding throughout, spaces as %20.
        telegram=f"https://t.me/share/url?url={quote(url, safe='')}&text={quote(f'{title}. {sentence}', safe='')}",
        facebook=f"https://www.facebook.com/sharer/sharer.php?u={quote(url, safe='')}",
        kakao=_kakao_button(request, settings, look, card, sentence, language),
    )


def allow_kakao_sdk(page: Response, kakao: KakaoShareButton) -> None:
    """Let a page load the script of KakaoTalk's button, and that one talk to Kakao alone."""
    places = {"script-src": [kakao.script], "frame-src": [KAKAO_SOURCES, "kakaolink:"]}
    extend_csp(page, {**places, "connect-src": [KAKAO_SOURCES], "form-action": [KAKAO_SOURCES]}, allow_popups=True)
    # Kakao checks on which site its key is used; more than the site's name it need not know.
    page.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"


def _kakao_button(
    request: Request, settings: Settings, look: Look, card: LookCard, sentence: str, language: Language
) -> KakaoShareButton | None:
    if settings.kakao_js_key is None:
        return None
    width, height = SHARE_IMAGE_SIZE

    def link(path: str) -> dict[str, str]:
        url = absolute_url(request, path)
        return {"webUrl": url, "mobileWebUrl": url}

    template = {
        "objectType": "feed",
        "content": {
            "title": _share_title(look, card.owner_name, language),
            "description": sentence,
            "imageUrl": absolute_url(request, _share_image_url(look, sentence, language)),
            "imageWidth": width,
            "imageHeight": height,
            "link": link(_look_url(look, language)),
        },
        "social": {"likeCount": card.hearts},
        "buttons": [
            {"title": translate("share.kakao.look", language), "link": link(_look_url(look, language))},
            {"title": translate("share.kakao.try", language), "link": link("/try")},
        ],
    }
    return KakaoShareButton(
        key=settings.kakao_js_key,
        script=f"https://t1.kakaocdn.net/kakao_js_sdk/{settings.kakao_sdk_version}/kakao.min.js",
        integrity=settings.kakao_sdk_integrity,
        template=json.dumps(template, ensure_ascii=False),
    )


def _look_url(look: Look, language: Language) -> str:
    return f"/looks/{look.id}?preview={language}"


def _share_image_url(look: Look, sentence: str, language: Language) -> str:
    return f"/looks/{look.id}/card-{language}-{content_hash(**_image_text(look, sentence, language))}.jpg"


def _image_text(look: Look, sentence: str, language: Language) -> _ImageText:
    """What a look's card says."""
    return {"title": style_name(look.verdict.style, language), "line": sentence}


def _share_title(look: Look, owner_name: str, language: Language) -> str:
    return translate("look.title", language, style=style_name(look.verdict.style, language), name=owner_name)


def verdict_sentence(messages: Iterable[Message]) -> str:
    """Eva's verdict in one sentence, of all that she says about a look."""
    return next(each.text for each in messages if each.slot is MessageSlot.VERDICT)

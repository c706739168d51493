"""Ways to pass a look on: the picture that its link unfolds to, and links and buttons of the services people use."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response

from bot.texts import Language, text
from bot.voice import Slot, speak, style_name
from core.db import boards
from core.derived import Derived, card_key
from leaderboard_web.addresses import as_id
from leaderboard_web.head import Preview, absolute
from leaderboard_web.routing import PageRoute
from leaderboard_web.security import widen
from leaderboard_web.sharecard import CARD_SIZE, draw_card, mark, mark_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import Request

    from bot.voice import Bubble
    from core.db.looks import Look
    from core.settings import Settings
    from leaderboard_web.cards import Card
    from leaderboard_web.site import Site

__all__ = ["Sharing", "allow_kakao", "line_of", "preview_of", "share_routes", "sharing_of"]

KEEP = "public, max-age=3600"
"""A card that was taken back is shown no longer than this by caches that follow the rules."""
MARK = re.compile(r"[0-9a-f]{10}|1")
"""Of a card, in its address; 1 was that of all cards once."""
KAKAO = "https://*.kakao.com"


class _Words(TypedDict):
    title: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kakao:
    """The button for KakaoTalk."""

    key: str
    """JavaScript key of the app; public by design."""
    script: str
    integrity: str
    template: str
    """JSON for `Kakao.Share.sendDefault`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What the page of a look offers to those who want to pass it on."""

    url: str
    """The look's address; its preview comes in the language of whoever shares it."""
    title: str
    text: str
    telegram: str
    facebook: str
    kakao: Kakao | None
    """None without EVA_KAKAO_JS_KEY."""


def share_routes(site: Site) -> APIRouter:
    """The cards. Crawlers fetch them, so they need no signature; they are there only for looks on the board."""
    router, memory, derived = APIRouter(route_class=PageRoute), site.memory, Derived(site.memory)

    @router.get("/looks/{look_id}/card-{language}-{marked}.jpg", response_class=Response)
    async def card(look_id: str, language: str, marked: str) -> Response:
        """The card of a look; addresses of older ones bring the newest one."""
        if language not in set(Language) or not MARK.fullmatch(marked):
            raise HTTPException(404)
        async with memory.database.begin() as connection:
            found = await boards.shared(connection, as_id(look_id))
        if found is None or (photo_key := found.look.photo_key) is None:
            raise HTTPException(404)
        look, spoken = found.look, Language(language)
        line = line_of(speak(look.verdict, photo=str(look.id), language=spoken))
        words = _words(look, line, spoken)
        made = await derived.get(
            card_key(photo_key, spoken),
            partial(draw_card, **words),
            look_id=look.id,
            photo_key=photo_key,
            good=lambda kept: mark_of(kept) == mark(**words),
        )
        return Response(made, media_type="image/jpeg", headers={"Cache-Control": KEEP})

    return router


def preview_of(look: Look, name: str, line: str, language: Language) -> Preview:
    """What a link to a look unfolds to; `name` is its owner's on the board, `line` Eva's verdict, see `line_of`."""
    return Preview(
        language=language,
        kind="article",
        title=_title(look, name, language),
        description=line,
        image=_card_path(look, line, language),
        alt=text("share.alt", language, style=style_name(look.verdict.style, language)),
        path=_path(look, language),
    )


def sharing_of(request: Request, settings: Settings, look: Look, card: Card, line: str, language: Language) -> Sharing:
    """The ways to share a look that is on the board; `line` is Eva's verdict, see `line_of`."""
    url = absolute(request, _path(look, language))
    title = _title(look, card.name, language)
    return Sharing(
        url=url,
        title=title,
        text=line,
        # Both want percent-encoding throughout, spaces as %20.
        telegram=f"https://t.me/share/url?url={quote(url, safe='')}&text={quote(f'{title}. {line}', safe='')}",
        facebook=f"https://www.facebook.com/sharer/sharer.php?u={quote(url, safe='')}",
        kakao=_kakao(request, settings, look, card, line, language),
    )


def allow_kakao(page: Response, kakao: Kakao) -> None:
    """Let a page load the script of KakaoTalk's button, and that one talk to Kakao alone."""
    places = {"script-src": [kakao.script], "frame-src": [KAKAO, "kakaolink:"]}
    widen(page, {**places, "connect-src": [KAKAO], "form-action": [KAKAO]}, popups=True)
    # Kakao checks on which site its key is used; more than the site's name it need not know.
    page.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"


def _kakao(request: Request, settings: Settings, look: Look, card: Card, line: str, language: Language) -> Kakao | None:
    if settings.kakao_js_key is None:
        return None
    width, height = CARD_SIZE

    def link(path: str) -> dict[str, str]:
        url = absolute(request, path)
        return {"webUrl": url, "mobileWebUrl": url}

    template = {
        "objectType": "feed",
        "content": {
            "title": _title(look, card.name, language),
            "description": line,
            "imageUrl": absolute(request, _card_path(look, line, language)),
            "imageWidth": width,
            "imageHeight": height,
            "link": link(_path(look, language)),
        },
        "social": {"likeCount": card.hearts},
        "buttons": [
            {"title": text("share.kakao.look", language), "link": link(_path(look, language))},
            {"title": text("share.kakao.try", language), "link": link("/try")},
        ],
    }
    return Kakao(
        key=settings.kakao_js_key,
        script=f"https://t1.kakaocdn.net/kakao_js_sdk/{settings.kakao_sdk_version}/kakao.min.js",
        integrity=settings.kakao_sdk_integrity,
        template=json.dumps(template, ensure_ascii=False),
    )


def _path(look: Look, language: Language) -> str:
    return f"/looks/{look.id}?preview={language}"


def _card_path(look: Look, line: str, language: Language) -> str:
    return f"/looks/{look.id}/card-{language}-{mark(**_words(look, line, language))}.jpg"


def _words(look: Look, line: str, language: Language) -> _Words:
    """What a look's card says."""
    return {"title": style_name(look.verdict.style, language), "line": line}


def _title(look: Look, name: str, language: Language) -> str:
    return text("look.title", language, style=style_name(look.verdict.style, language), name=name)


def line_of(bubbles: Iterable[Bubble]) -> str:
    """Eva's verdict in one sentence, of all that she says about a look."""
    return next(each.text for each in bubbles if each.slot is Slot.VERDICT)

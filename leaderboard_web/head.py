"""What the head of a page says to those who are no readers: its address, its languages, and how a link to it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bot.texts import Language, text
from leaderboard_web.assets import asset

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.datastructures import Headers

__all__ = ["Head", "Preview", "absolute", "head_of", "in_language", "is_kakaotalk", "preview_language"]

KEPT = ("style", "when", "after")
"""Parameters of an address that make another page of it; the rest makes none, as far as search engines go."""
INDEXED = {"about.html", "board.html", "chat.html", "model.html", "privacy.html", "style.html", "styles.html"}
"""Pages that search engines may list; those about a person or their look are not among them."""
LOCALES = {Language.KO: "ko_KR", Language.EN: "en_US"}
KAKAOTALK = "kakaotalk-scrap"
"""In the User-Agent of KakaoTalk's crawler, which names no language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a link to a page unfolds to in messengers and on other sites (Open Graph, Twitter cards)."""

    language: Language
    image: str
    """Path of a 1200 x 630 JPEG; another picture must have another path."""
    alt: str
    title: str | None = None
    """None for the page's own."""
    description: str | None = None
    """None for the page's own."""
    path: str | None = None
    """The address to which likes and shares are counted; None for the page's own."""
    kind: str = "website"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The facts of a page's head; all addresses are absolute."""

    canonical: str
    url: str
    image: str
    alternates: tuple[tuple[str, str], ...]
    """Languages, and the page in each."""
    indexed: bool
    locale: str
    """The preview's language as Open Graph writes it."""
    preview: Preview


def head_of(
    request: Request, template: str, language: Language, *, status: int = 200, preview: Preview | None = None
) -> Head:
    """The head of a page.

    Args:
        request: for the page.
        template: its file.
        language: in which it is shown.
        status: of the answer; only pages that are there can be found.
        preview: what a link to it unfolds to; None for Eva's own card.
    """
    chosen = request.query_params.get("lang")
    shown = preview or Preview(
        language=language, image=asset(f"card-{language}.jpg"), alt=text("page.tagline", language)
    )
    root = _root(request)
    page = root + request.url.path
    query = urlencode([each for each in request.query_params.multi_items() if each[0] in KEPT])

    def address(language: Language | None) -> str:
        wishes = "&".join(filter(None, (query, language and f"lang={language}")))
        return f"{page}?{wishes}" if wishes else page

    canonical = address(language if chosen == language else None)
    return Head(
        canonical=canonical,
        url=canonical if shown.path is None else root + shown.path,
        image=root + shown.image,
        alternates=(*((each.value, address(each)) for each in Language), ("x-default", address(None))),
        indexed=status == 200 and request.method in {"GET", "HEAD"} and template in INDEXED,
        locale=LOCALES[shown.language],
        preview=shown,
    )


def absolute(request: Request, path: str) -> str:
    """The address at which others reach a path: under EVA_PUBLIC_URL, else where this request was sent to."""
    return _root(request) + path


def _root(request: Request) -> str:
    """The address at which others reach the site, without a slash at its end."""
    return request.app.state.public_url or str(request.base_url).rstrip("/")


def in_language(request: Request, language: Language) -> str:
    """This page in another language: a query alone, so that no path can make another site of it."""
    others = [each for each in request.query_params.multi_items() if each[0] != "lang"]
    return f"?{urlencode([*others, ('lang', language.value)])}"


def preview_language(request: Request, language: Language) -> Language:
    """The language of a page's preview: of whoever shared the link (`?preview=`), else of whoever asks."""
    wish = request.query_params.get("preview")
    if wish in set(Language):
        return Language(wish)
    return Language.KO if is_kakaotalk(request.headers) and "accept-language" not in request.headers else language


def is_kakaotalk(headers: Headers) -> bool:
    """Whether it is the crawler that makes KakaoTalk's previews."""
    return KAKAOTALK in headers.get("user-agent", "")

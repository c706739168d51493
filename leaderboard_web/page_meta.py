"""What the head of a page says to those who are no readers: its address, its languages, and how a link to it looks."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request
from starlette.datastructures import Headers

from core.i18n.translations import Language, translate
from leaderboard_web.static_files import static_url

CANONICAL_PARAMS = ("style", "when", "after")
"""Parameters of an address that make another page of it; the rest makes none, as far as search engines go."""
INDEXED_TEMPLATES = {"about.html", "board.html", "chat.html", "model.html", "privacy.html", "style.html", "styles.html"}
"""Pages that search engines may list; those about a person or their look are not among them."""
OPEN_GRAPH_LOCALES = {Language.KO: "ko_KR", Language.EN: "en_US"}
KAKAOTALK_CRAWLER = "kakaotalk-scrap"
"""In the User-Agent of KakaoTalk's crawler, which names no language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreview:
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
class PageMeta:
    """The facts of a page's head; all addresses are absolute."""

    canonical: str
    url: str
    image: str
    alternates: tuple[tuple[str, str], ...]
    """Languages, and the page in each."""
    is_indexed: bool
    locale: str
    """The preview's language as Open Graph writes it."""
    preview: LinkPreview


def build_page_meta(
    request: Request, template: str, language: Language, *, status: int = 200, preview: LinkPreview | None = None
) -> PageMeta:
    """The head of a page.

    Args:
        request: for the page.
        template: its file.
        language: in which it is shown.
        status: of the answer; only pages that are there can be found.
        preview: what a link to it unfolds to; None for Eva's own card.
    """
    chosen = request.query_params.get("lang")
    shown = preview or LinkPreview(
        language=language, image=static_url(f"card-{language}.jpg"), alt=translate("page.tagline", language)
    )
    root = _base_url(request)
    page = root + request.url.path
    query = urlencode([each for each in request.query_params.multi_items() if each[0] in CANONICAL_PARAMS])

    def address(language: Language | None) -> str:
        wishes = "&".join(filter(None, (query, language and f"lang={language}")))
        return f"{page}?{wishes}" if wishes else page

    canonical = address(language if chosen == language else None)
    return PageMeta(
        canonical=canonical,
        url=canonical if shown.path is None else root + shown.path,
        image=root + shown.image,
        alternates=(*((each.value, address(each)) for each in Language), ("x-default", address(None))),
        is_indexed=status == 200 and request.method in {"GET", "HEAD"} and template in INDEXED_TEMPLATES,
        locale=OPEN_GRAPH_LOCALES[shown.language],
        preview=shown,
    )


def absolute_url(request: Request, path: str) -> str:
    """The address at which others reach a path: under EVA_PUBLIC_URL, else where this request was sent to."""
    return _base_url(request) + path


def _base_url(request: Request) -> str:
    """The address at which others reach the site, without a slash at its end."""
    return request.app.state.public_url or str(request.base_url).rstrip("/")


def language_switch_url(request: Request, language: Language) -> str:
    """This page in another language: a query alone, so that no path can make another site of it."""
    others = [each for each in request.query_params.multi_items() if each[0] != "lang"]
    return f"?{urlencode([*others, ('lang', language.value)])}"


def preview_language(request: Request, language: Language) -> Language:
    """The language of a page's preview: of whoever shared the link (`?preview=`), else of whoever asks."""
    wish = request.query_params.get("preview")
    if wish in set(Language):
        return Language(wish)
    return (
        Language.KO if is_kakaotalk_crawler(request.headers) and "accept-language" not in request.headers else language
    )


def is_kakaotalk_crawler(headers: Headers) -> bool:
    """Whether it is the crawler that makes KakaoTalk's previews."""
    return KAKAOTALK_CRAWLER in headers.get("user-agent", "")

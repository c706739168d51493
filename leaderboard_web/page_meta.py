"""Metadata of a page: canonical URL, hreflang alternates, Open Graph and Twitter cards."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request

from core.i18n.translations import Language, translate
from leaderboard_web.static_files import static_url

CANONICAL_PARAMS = ("style", "when", "after")
"""Query parameters that make a different page; all others are dropped from canonical URLs."""
INDEXED_TEMPLATES = {
    "about.html",
    "chat.html",
    "leaderboard.html",
    "model.html",
    "privacy.html",
    "style.html",
    "styles.html",
}
"""Pages that search engines may list; pages about a person or their look are not among them."""
OPEN_GRAPH_LOCALES = {Language.KO: "ko_KR", Language.EN: "en_US"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreview:
    """What messengers and other sites show of a link to a page."""

    language: Language
    image: str
    """Path of a 1200 x 630 JPEG; a changed image must have another path."""
    alt: str
    title: str | None = None
    """None for the title of the page."""
    description: str | None = None
    """None for the description of the page."""
    path: str | None = None
    """Path to which likes and shares are counted; None for that of the page."""
    type: str = "website"
    """Open Graph type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMeta:
    """The metadata of a page; all URLs are absolute."""

    canonical: str
    url: str
    image: str
    alternates: tuple[tuple[str, str], ...]
    """Language codes, and the page in each language."""
    language_switches: tuple[tuple[Language, str], ...]
    """The other languages, and the page in each: as a query alone, which cannot lead to another site."""
    is_indexed: bool
    locale: str
    """The preview's language in the notation of Open Graph."""
    preview: LinkPreview


def build_page_meta(
    request: Request, template: str, language: Language, *, status: int = 200, preview: LinkPreview | None = None
) -> PageMeta:
    """The metadata of a page.

    Args:
        request: for the page.
        template: file name of its template.
        language: of the page.
        status: HTTP status; search engines may only list pages with 200.
        preview: of a link to the page; None for the general preview of the site.
    """
    preview = preview or LinkPreview(
        language=language, image=static_url(f"card-{language}.jpg"), alt=translate("page.tagline", language)
    )
    base_url = absolute_url(request, "")
    page_url = base_url + request.url.path
    params = [(name, value) for name, value in request.query_params.multi_items() if name in CANONICAL_PARAMS]

    def in_language(code: str | None) -> str:
        query = urlencode(params if code is None else [*params, ("lang", code)])
        return f"{page_url}?{query}" if query else page_url

    other_params = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    canonical = in_language(language if request.query_params.get("lang") == language else None)
    return PageMeta(
        canonical=canonical,
        url=canonical if preview.path is None else base_url + preview.path,
        image=base_url + preview.image,
        alternates=(*((code.value, in_language(code)) for code in Language), ("x-default", in_language(None))),
        language_switches=tuple(
            (other, f"?{urlencode([*other_params, ('lang', other.value)])}")
            for other in Language
            if other is not language
        ),
        is_indexed=status == 200 and request.method in {"GET", "HEAD"} and template in INDEXED_TEMPLATES,
        locale=OPEN_GRAPH_LOCALES[preview.language],
        preview=preview,
    )


def absolute_url(request: Request, path: str) -> str:
    """The absolute URL of a path: under EVA_PUBLIC_URL, else under the address that the request was sent to."""
    public_url: str | None = request.app.state.eva.settings.public_url
    return (public_url or str(request.base_url).rstrip("/")) + path

"""Rendering of pages from Jinja templates, with their metadata: canonical URL, alternates, Open Graph.

See ADR 0038.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from markupsafe import Markup, escape

from core.i18n.translations import Language, format_day, translate, variant_keys
from core.seoul_time import format_minute
from leaderboard_web.dependencies import RequestContext
from leaderboard_web.urls import absolute_url, static_url, url_for
from leaderboard_web.viewer import set_language_cookie

UNBROKEN = re.compile(r"\d{1,3}%\)?[가-힣]{1,8}|[가-힣]{1,4}·[가-힣]{1,8}")
"""A percentage with its particle, and a style with two names; not all of a long word, which has to break."""
SENTENCE_END = re.compile(r"(?<=[.!?]) ")
CANONICAL_PARAMS = ("style", "when", "item", "color", "after", "before")
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
PUBLIC_TEMPLATES = INDEXED_TEMPLATES - {"chat.html"} | {"guess.html", "look.html", "person.html", "similar.html"}
"""Pages that everybody may see: browsers may keep them in memory to go back to, and ask before they show them again."""
CONSTANT_FUNCTIONS = ("t", "static_url", "url_for")
"""Functions that return the same for the same name, as long as the process runs."""
MACROS = ("common", "toggles", "look_card")
"""Modules of macros, which every template has under these names; each may use those before it."""
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


class PageMeta(NamedTuple):
    """The metadata of a page; all URLs are absolute."""

    canonical: str
    url: str
    image: str
    alternates: tuple[tuple[str, str], ...]
    """Language codes, and the page in each language."""
    language_switches: tuple[tuple[Language, str], ...]
    """The other languages, and the page in each: as a query alone, which cannot lead to another site. None for answers
    to forms, whose address may have no page."""
    is_indexed: bool
    locale: str
    """The preview's language in the notation of Open Graph."""
    preview: LinkPreview


def render_page(
    context: RequestContext,
    template: str,
    *,
    status: int = 200,
    section: str = "",
    preview: LinkPreview | None = None,
    **values: object,
) -> Response:
    """Render a page.

    Args:
        context: of the request for the page.
        template: file name in `templates/`.
        status: HTTP status of the response.
        section: part of the site that the menu highlights; empty for none.
        preview: what other sites show of a link to the page; None for the general preview of the site.
        values: further values for the template.
    """
    request, language = context.request, context.language
    page = get_environment(language).get_template(template)
    html = page.render(
        values,
        has_cookies=bool(request.cookies),
        section=section,
        page_meta=_build_page_meta(request, template, language, status=status, preview=preview),
    )
    response = HTMLResponse(
        html,
        status,
        {
            "Cache-Control": "private, no-cache" if status == 200 and template in PUBLIC_TEMPLATES else "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language, Cookie",
        },
    )
    if request.query_params.get("lang") == language:
        set_language_cookie(response, language)
    return response


def render_fragment(template: str, language: Language, **values: object) -> str:
    """Render a part of a page, e.g. for a script that inserts it."""
    return get_environment(language).get_template(template).render(values)


def keep_together(sentence: str) -> Markup:
    """Escape a sentence and keep on one line each percentage with its Korean particle, and `포크·전통`.

    Browsers may break a line between a percent sign and Hangul, e.g. in `44%예요`, and on both sides of the dot.
    """
    marked = UNBROKEN.sub(r'<span class="nowrap">\g<0></span>', str(escape(sentence)))
    return Markup(marked)


def _build_page_meta(
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
    preview = preview or _site_preview(language)
    base_url = absolute_url(request, "")
    params = request.query_params.multi_items()
    page_url = base_url + quote(request.scope["path"])
    if query := urlencode([pair for pair in params if pair[0] in CANONICAL_PARAMS]):
        page_url += f"?{query}"
    urls: dict[Language | None, str] = {
        **{code: f"{page_url}{'&' if query else '?'}lang={code}" for code in Language},
        None: page_url,
    }
    other_params = [pair for pair in params if pair[0] != "lang"]
    is_answer_to_form = request.method not in {"GET", "HEAD"}
    canonical = urls[language if request.query_params.get("lang") == language else None]
    return PageMeta(
        canonical=canonical,
        url=canonical if preview.path is None else base_url + preview.path,
        image=base_url + preview.image,
        alternates=tuple((code or "x-default", url) for code, url in urls.items()),
        language_switches=tuple(
            (other, f"?{urlencode([*other_params, ('lang', other.value)])}")
            for other in Language
            if other is not language and not is_answer_to_form
        ),
        is_indexed=status == 200 and not is_answer_to_form and template in INDEXED_TEMPLATES,
        locale=OPEN_GRAPH_LOCALES[preview.language],
        preview=preview,
    )


@cache
def _site_preview(language: Language) -> LinkPreview:
    """The general preview of the site."""
    image, alt = static_url(f"card-{language}.jpg"), translate("page.tagline", language)
    return LinkPreview(language=language, image=image, alt=alt)


class ConstantCalls(Extension):
    """Jinja extension that reads `t("look.says")`, and other calls with nothing but a name, as `("look.says" | t)`.

    Jinja applies a filter to a constant once, when it compiles the template, and calls a function for each page.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """The tokens of a template, of which each such call is replaced."""
        tokens = list(stream)
        position = 0
        while position < len(tokens):
            call = tokens[position : position + 4]
            is_call = [token.type for token in call] == ["name", "lparen", "string", "rparen"]
            if is_call and call[0].value in CONSTANT_FUNCTIONS:
                function, opening, name, closing = call
                yield from (opening, name, Token(function.lineno, "pipe", "|"), function, closing)
                position += 4
            else:
                yield tokens[position]
                position += 1


@cache
def get_environment(language: Language) -> Environment:
    """The templates of a language, with everything that does not depend on the page as globals."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[ConstantCalls],
    )
    environment.globals |= {
        "language": language,
        "t": lambda key, **values: translate(key, language, **values),
        "texts": lambda key, **values: [
            translate(variant, language, **values) for variant in variant_keys(key, language)
        ],
        "day": lambda time: format_day(time, language),
        "url_for": url_for,
        "static_url": static_url,
    }
    environment.filters |= {name: environment.globals[name] for name in CONSTANT_FUNCTIONS}
    environment.filters |= {"keep_together": keep_together, "sentences": SENTENCE_END.split, "minute": format_minute}
    for name in MACROS:
        # `import` would compare the globals of both templates for each page.
        environment.globals[name] = environment.get_template(f"macros/{name}.html").module
    return environment

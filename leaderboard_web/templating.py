"""HTML from templates, in the language of the person who asks."""

import re
from functools import cache, lru_cache
from pathlib import Path

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core.i18n.translations import Language, negotiate_language, translate, variant_keys
from leaderboard_web.page_meta import LinkPreview, build_page_meta, language_switch_url
from leaderboard_web.static_files import static_url

TEMPLATES_PARENT = Path(__file__).parent
LANGUAGE_COOKIE = "lang"
LANGUAGE_COOKIE_MAX_AGE = 365 * 24 * 60 * 60
SIZES_CACHE_SIZE = 1024

MACRO_MODULES = ("toggles", "parts", "looks", "one", "around")
"""Templates of macros, which all others find under these names; each may use those before it."""


@lru_cache(SIZES_CACHE_SIZE)
def _image_sizes(breakpoints: tuple[tuple[str, str, float], ...], ratio: float, width: int, height: int) -> str:
    """How wide a picture is shown, as `sizes` of an image says it.

    Frames cut pictures to their own ratio: one that is broader than its frame is shown broader than the frame is.

    Args:
        shown: the frame's width in each kind of window: what kind, a unit, a number.
        ratio: of the frame, width over height.
        width: of the picture, in px.
        height: of the picture, in px.
    """
    broader = max(1, width / height / ratio)
    return ", ".join(f"{window}{round(number * broader, 1)}{unit}" for window, unit, number in breakpoints)


@cache
def _templates(language: Language) -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES_PARENT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What was read once is not looked at again.
        auto_reload=False,
    )
    environment.filters["unbroken"] = keep_together
    environment.globals |= {
        "asset": static_url,
        "language": language,
        "sizes": _image_sizes,
        "t": lambda key, **words: translate(key, language, **words),
        "texts": lambda key, **words: [translate(each, language, **words) for each in variant_keys(key, language)],
    }
    # Each `import` in a template looks whether what it imports is still the same; these are, on every page.
    for part in MACRO_MODULES:
        environment.globals[part] = environment.get_template(f"{part}.html").module
    return Jinja2Templates(env=environment)


def request_language(request: Request) -> Language:
    """What `?lang=` asks for, else what was chosen before (a cookie), else what the browser prefers."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in set(Language):
            return Language(wish)
    return negotiate_language(request.headers.get("accept-language"))


def render_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    section: str = "",
    preview: LinkPreview | None = None,
    **values: object,
) -> Response:
    """A page.

    Args:
        request: whose language it speaks.
        template: its file in `templates/`.
        status: of the answer.
        section: the part of the site that it belongs to, as the menu names it; empty for none.
        preview: what a link to it unfolds to elsewhere; None for Eva's own card.
        values: what the template shows.
    """
    language = request_language(request)
    page: Response = _templates(language).TemplateResponse(
        request,
        template,
        {
            "switches": [(each, language_switch_url(request, each)) for each in Language if each is not language],
            "section": section,
            "head": build_page_meta(request, template, language, status=status, preview=preview),
            **values,
        },
        status_code=status,
        headers={
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language, Cookie",
        },
    )
    if request.query_params.get("lang") == language:
        set_language_cookie(page, language)
    return page


def set_language_cookie(answer: Response, language: Language) -> None:
    """Leave the language that was chosen with the browser."""
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_COOKIE_MAX_AGE, samesite="lax", httponly=True)


def render_fragment(request: Request, template: str, **values: object) -> str:
    """A part of a page, for a script that puts it there; in the reader's language."""
    language = request_language(request)
    return str(_templates(language).env.get_template(template).render(values))


PERCENTAGE_WITH_PARTICLE = re.compile(r"\d+%\)?[가-힣]+")


def keep_together(sentence: str) -> Markup:
    """Some words, escaped, with each percentage and the particle after it held together."""
    held = PERCENTAGE_WITH_PARTICLE.sub(r'<span class="unbroken">\g<0></span>', str(escape(sentence)))
    return Markup(held)

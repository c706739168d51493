"""HTML from templates, in the language of the person who asks."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.texts import Language, negotiate, text, variants
from leaderboard_web.assets import asset
from leaderboard_web.head import head_of, in_language
from leaderboard_web.unbroken import unbroken

if TYPE_CHECKING:
    from fastapi import Request, Response

    from leaderboard_web.head import Preview

__all__ = ["LANGUAGE_COOKIE", "language_of", "part", "remember_language", "render"]

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "lang"
A_YEAR = 365 * 24 * 60 * 60
REMEMBERED = 1024

PARTS = ("toggles", "parts", "looks", "one", "around")
"""Templates of macros, which all others find under these names; each may use those before it."""


@lru_cache(REMEMBERED)
def _sizes(shown: tuple[tuple[str, str, float], ...], ratio: float, width: int, height: int) -> str:
    """How wide a picture is shown, as `sizes` of an image says it.

    Frames cut pictures to their own ratio: one that is broader than its frame is shown broader than the frame is.

    Args:
        shown: the frame's width in each kind of window: what kind, a unit, a number.
        ratio: of the frame, width over height.
        width: of the picture, in px.
        height: of the picture, in px.
    """
    broader = max(1, width / height / ratio)
    return ", ".join(f"{window}{round(number * broader, 1)}{unit}" for window, unit, number in shown)


@cache
def _templates(language: Language) -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What was read once is not looked at again.
        auto_reload=False,
    )
    environment.filters["unbroken"] = unbroken
    environment.globals |= {
        "asset": asset,
        "language": language,
        "sizes": _sizes,
        "t": lambda key, **words: text(key, language, **words),
        "texts": lambda key, **words: [text(each, language, **words) for each in variants(key, language)],
    }
    # Each `import` in a template looks whether what it imports is still the same; these are, on every page.
    for part in PARTS:
        environment.globals[part] = environment.get_template(f"{part}.html").module
    return Jinja2Templates(env=environment)


def language_of(request: Request) -> Language:
    """What `?lang=` asks for, else what was chosen before (a cookie), else what the browser prefers."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in set(Language):
            return Language(wish)
    return negotiate(request.headers.get("accept-language"))


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    section: str = "",
    preview: Preview | None = None,
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
    language = language_of(request)
    page: Response = _templates(language).TemplateResponse(
        request,
        template,
        {
            "switches": [(each, in_language(request, each)) for each in Language if each is not language],
            "section": section,
            "head": head_of(request, template, language, status=status, preview=preview),
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
        remember_language(page, language)
    return page


def remember_language(answer: Response, language: Language) -> None:
    """Leave the language that was chosen with the browser."""
    answer.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR, samesite="lax", httponly=True)


def part(request: Request, template: str, **values: object) -> str:
    """A part of a page, for a script that puts it there; in the reader's language."""
    language = language_of(request)
    return str(_templates(language).env.get_template(template).render(values))

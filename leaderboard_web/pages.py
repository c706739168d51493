"""HTML from templates, in the language of the person who asks."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from bot.texts import Language, negotiate, text, variants
from leaderboard_web.assets import asset
from leaderboard_web.head import head_of, in_language
from leaderboard_web.moulds import deferrable, pour, pour_each
from leaderboard_web.unbroken import unbroken

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from fastapi import Request, Response

    from leaderboard_web.head import Preview

__all__ = ["LANGUAGE_COOKIE", "language_of", "part", "remember_language", "render"]

HERE = Path(__file__).parent
LANGUAGE_COOKIE = "lang"
A_YEAR = 365 * 24 * 60 * 60
REMEMBERED = 1024
"""Parts of pages that are kept ready, about a kilobyte each."""

PARTS = ("toggles", "parts", "looks", "one", "around")
"""Templates of macros, which all others find under these names; each may use those before it."""

CONSTANT = re.compile(r'\{\{ (?P<what>t|asset)\("(?P<which>[\w.-]+)"\) \}\}')


class _Spoken(FileSystemLoader):
    """Puts what is the same on every page of a language, two texts of three, into the templates when they are read."""

    def __init__(self, folder: Path, language: Language) -> None:
        super().__init__(folder)
        self._language = language

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """A template's source."""
        source, path, is_fresh = super().get_source(environment, template)
        return CONSTANT.sub(self._constant, source), path, is_fresh

    def _constant(self, found: re.Match[str]) -> str:
        said = text(found["which"], self._language) if found["what"] == "t" else asset(found["which"])
        return found[0] if "{" in said else escape(said)


@lru_cache(REMEMBERED)
def _once(macro: Callable[..., str], *values: Hashable) -> str:
    """What a macro makes of these values, made once."""
    return macro(*values)


@deferrable
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
        loader=_Spoken(HERE / "templates", language),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # What was read once is not looked at again.
        auto_reload=False,
    )
    environment.filters["unbroken"] = unbroken
    environment.globals |= {"asset": asset, "once": _once, "pour": pour, "pour_each": pour_each, "sizes": _sizes}
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
            **_words(language),
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


@cache
def _speaker(language: Language) -> Callable[..., str]:
    """What says a text in a language; the same one each time, so that moulds know it again."""
    return deferrable(lambda key, **words: text(key, language, **words))


def part(request: Request, template: str, **values: object) -> str:
    """A part of a page, for a script that puts it there; in the reader's language."""
    language = language_of(request)
    return str(_templates(language).env.get_template(template).render(_words(language) | values))


def _words(language: Language) -> dict[str, object]:
    """What every template speaks with."""
    return {
        "t": _speaker(language),
        "texts": lambda key, **words: [text(each, language, **words) for each in variants(key, language)],
        "language": language,
    }

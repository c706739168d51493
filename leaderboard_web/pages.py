"""HTML from templates, in the language of the person who asks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.texts import Language, negotiate, text, variants
from bot.voice import describe, style_name
from core.styles import STYLES

if TYPE_CHECKING:
    from fastapi import Request, Response

    from leaderboard_web.answer import Answer

__all__ = ["LANGUAGE_COOKIE", "STATIC", "language_of", "render"]

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE_COOKIE = "lang"
A_YEAR = 365 * 24 * 60 * 60

_templates = Jinja2Templates(
    env=Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
)


def language_of(request: Request) -> Language:
    """What `?lang=` asks for, else what was chosen before (a cookie), else what the browser prefers."""
    for wish in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wish in set(Language):
            return Language(wish)
    return negotiate(request.headers.get("accept-language"))


def render(
    request: Request, *, status: int = 200, answer: Answer | None = None, refusal: str | None = None
) -> Response:
    """The page, with Eva's answer or her refusal in the chat where there is one."""
    language = language_of(request)
    page: Response = _templates.TemplateResponse(
        request,
        "chat.html",
        {
            "t": lambda key, **values: text(key, language, **values),
            "texts": lambda key: [text(each, language) for each in variants(key, language)],
            "language": language,
            "languages": list(Language),
            "styles": [(style, style_name(style, language), describe(style, language)) for style in STYLES],
            "samples": request.app.state.samples,
            "answer": answer,
            "refusal": refusal,
        },
        status_code=status,
        headers={
            "Cache-Control": "no-store",
            "Content-Language": language,
            "Vary": "Accept-Language, Cookie",
        },
    )
    if request.query_params.get("lang") == language:
        page.set_cookie(LANGUAGE_COOKIE, language, max_age=A_YEAR, samesite="lax", httponly=True)
    return page

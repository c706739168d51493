"""Rendering of the Jinja templates, in the language of the request."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request, Response
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core.i18n.translations import Language, translate, variant_keys
from leaderboard_web.language import set_language_cookie
from leaderboard_web.page_meta import LinkPreview, build_page_meta
from leaderboard_web.static_files import static_url

PERCENTAGE_WITH_PARTICLE = re.compile(r"\d+%\)?[가-힣]+")
SIZES_CACHE_SIZE = 1024


def render_page(
    request: Request,
    template: str,
    language: Language,
    *,
    status: int = 200,
    section: str = "",
    preview: LinkPreview | None = None,
    **context: object,
) -> Response:
    """Render a page.

    Args:
        request: for the page.
        template: file name in `templates/`.
        language: of the page.
        status: HTTP status of the response.
        section: part of the site that the menu highlights; empty for none.
        preview: what other sites show of a link to the page; None for the general preview of the site.
        context: further values for the template.
    """
    response: Response = _templates.TemplateResponse(
        request,
        template,
        {
            **_base_context(request, language),
            "section": section,
            "page_meta": build_page_meta(request, template, language, status=status, preview=preview),
            **context,
        },
        status_code=status,
        headers={"Cache-Control": "no-store", "Content-Language": language, "Vary": "Accept-Language, Cookie"},
    )
    if request.query_params.get("lang") == language:
        set_language_cookie(response, language)
    return response


def render_fragment(request: Request, template: str, language: Language, **context: object) -> str:
    """Render a part of a page, which a script inserts."""
    return _templates.get_template(template).render(_base_context(request, language) | context)


def keep_together(sentence: str) -> Markup:
    """Escape a sentence and keep each percentage on one line with the Korean particle after it.

    Browsers may break a line between a percent sign and Hangul, e.g. in `44%예요`.
    """
    marked = PERCENTAGE_WITH_PARTICLE.sub(r'<span class="nowrap">\g<0></span>', str(escape(sentence)))
    return Markup(marked)


@lru_cache(SIZES_CACHE_SIZE)
def image_sizes(breakpoints: tuple[tuple[str, str, float], ...], ratio: float, width: int, height: int) -> str:
    """The `sizes` attribute of an image that its frame crops.

    An image that is wider in proportion than its frame is displayed wider than the frame.

    Args:
        breakpoints: width of the frame by window size: media condition, unit, number.
        ratio: of the frame, width over height.
        width: of the image, in px.
        height: of the image, in px.
    """
    scale = max(1, width / height / ratio)
    return ", ".join(f"{condition}{round(number * scale, 1)}{unit}" for condition, unit, number in breakpoints)


def _base_context(request: Request, language: Language) -> dict[str, Any]:
    """What every template uses: the language, the translations `t` and `texts`, and `url_for`."""
    return {
        "language": language,
        "t": lambda key, **values: translate(key, language, **values),
        "texts": lambda key, **values: [
            translate(variant, language, **values) for variant in variant_keys(key, language)
        ],
        "url_for": request.app.state.eva.url_for,
    }


def _create_templates() -> Jinja2Templates:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters["keep_together"] = keep_together
    environment.globals |= {"static_url": static_url, "image_sizes": image_sizes}
    return Jinja2Templates(env=environment)


_templates = _create_templates()

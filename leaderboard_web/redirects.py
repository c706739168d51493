"""Redirects after a form was handled, and the notice that the next page shows about it."""

from collections.abc import Mapping

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from core.i18n.translations import translate
from leaderboard_web.viewer import request_language


def redirect_with_notice(path: str, notice: str | None = None) -> Response:
    """A 303 to a path of the site, which is never cached; `notice` is what the next page reports."""
    target = path if notice is None else f"{path}?said={notice}"
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})


def notice_from_query(request: Request, keys: Mapping[str, str], **values: object) -> tuple[str, ...]:
    """The translated notice that the query parameter `said` names; empty without one, or if the page does not know it.

    Args:
        request: for the page.
        keys: translation keys by notice.
        values: placeholders of the texts.
    """
    key = keys.get(request.query_params.get("said", ""))
    return () if key is None else (translate(key, request_language(request), **values),)

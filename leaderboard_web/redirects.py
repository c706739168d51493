"""Redirects after a form was handled, and the notice that the next page shows about it."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from core.i18n.translations import Language, translate

NO_STORE = {"Cache-Control": "no-store"}

NoticeQuery = Annotated[str, Query(alias="said")]
"""What a page is asked to report, see `redirect_with_notice`; empty for nothing."""


def redirect_with_notice(path: str, notice: str | None = None) -> Response:
    """A 303 to a path of the site, which is never cached; `notice` is what the next page reports."""
    target = path if notice is None else f"{path}?said={notice}"
    return RedirectResponse(target, 303, headers=NO_STORE)


def notice_sentences(notice: str, keys: Mapping[str, str], language: Language, **values: object) -> tuple[str, ...]:
    """The sentence of a notice; nothing if it is empty, or if the page does not know it.

    Args:
        notice: from the query.
        keys: translation keys by notice.
        language: of the page.
        values: placeholders of the texts.
    """
    key = keys.get(notice)
    return () if key is None else (translate(key, language, **values),)

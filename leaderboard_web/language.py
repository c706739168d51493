"""Which language a response is in: the query, the cookie or the browser decides, in this order."""

from fastapi import Request, Response
from starlette.datastructures import Headers

from core.i18n.translations import Language, negotiate_language

LANGUAGE_COOKIE = "lang"
LANGUAGE_COOKIE_MAX_AGE = 365 * 24 * 60 * 60
"""Seconds."""
KAKAOTALK_CRAWLER = "kakaotalk-scrap"
"""Part of the User-Agent of KakaoTalk's link crawler, which sends no Accept-Language."""


def request_language(request: Request) -> Language:
    """The language of a request: `?lang=`, else the cookie of an earlier choice, else Accept-Language."""
    for code in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if code in set(Language):
            return Language(code)
    return negotiate_language(request.headers.get("accept-language"))


def set_language_cookie(response: Response, language: Language) -> None:
    """Keep a chosen language in the browser."""
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=LANGUAGE_COOKIE_MAX_AGE, samesite="lax", httponly=True)


def preview_language(request: Request, language: Language) -> Language:
    """The language of a page's link preview.

    Args:
        request: of the page; `?preview=` holds the language of the person who shared the link.
        language: of the page itself, which is used without `?preview=`; for KakaoTalk's crawler it is Korean.
    """
    code = request.query_params.get("preview")
    if code in set(Language):
        return Language(code)
    if "accept-language" not in request.headers and is_kakaotalk_crawler(request.headers):
        return Language.KO
    return language


def is_kakaotalk_crawler(headers: Headers) -> bool:
    """Whether KakaoTalk fetches a page for a link preview."""
    return KAKAOTALK_CRAWLER in headers.get("user-agent", "")

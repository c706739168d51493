"""Names of the cookies that carry the state of one browser.

Over https they have the prefix `__Host-`: browsers accept such a cookie from this host alone and over https alone, so
that neither a sibling domain nor an attacker on the network can plant one. The prefix requires `Secure`, the path `/`
and no domain (RFC 6265bis, section 4.1.3.2).
"""

from fastapi import Response

HOST_PREFIX = "__Host-"
LOGIN_COOKIE = "login"
LOGIN_PATH = "/login"
"""Of the pages that log in, and of their cookie without the prefix."""
FLASH_COOKIE = "flash"
FLASH_COOKIE_PATH = "/try"
"""Path of the cookie without the prefix."""
CLEAR_SITE_DATA = '"cache", "storage"'
"""What a browser removes when a person leaves, for the next person at a shared computer. Not `cookies`, which would
include those of sibling domains; the cookies of the site are deleted by name."""


def cookie_name(name: str, *, is_secure: bool) -> str:
    """The name of a cookie; `is_secure` says whether the browser uses https."""
    return f"{HOST_PREFIX}{name}" if is_secure else name


def delete_cookie(response: Response, name: str, *, path: str = "/") -> None:
    """Remove a cookie from the browser, under both of its names.

    Args:
        response: to the browser.
        name: without the prefix.
        path: of the cookie without the prefix.
    """
    response.delete_cookie(name, path=path, httponly=True, samesite="lax")
    response.delete_cookie(f"{HOST_PREFIX}{name}", httponly=True, samesite="lax", secure=True)

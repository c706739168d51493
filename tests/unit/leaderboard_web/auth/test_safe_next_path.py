"""A login never redirects to another site, for any requested path."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH, safe_next_path

UNSAFE_PATHS = [
    "//x",
    "/\\x",
    "\\x",
    "/x\\y",
    "https://x",
    "x",
    "",
    "/ x",
    "/\tx",
    "/x\n",
    "//x/..",
    "/%zz#",
    "/ä",
    "///x",
    "/#x",
]


@pytest.mark.parametrize("requested", [None, *UNSAFE_PATHS])
def test_unsafe_path_becomes_the_default(requested: str | None) -> None:
    assert safe_next_path(requested) == DEFAULT_NEXT_PATH


@pytest.mark.parametrize("requested", ["/", "/me", "/looks/1?a=b&c=%2F%2Fx", "/?when=week", "/a//b", "/@x"])
def test_local_path_is_kept(requested: str) -> None:
    assert safe_next_path(requested) == requested


@given(st.text(alphabet="/\\:.@?#%\t\n\r ax2fF-", max_size=12))
def test_any_path_stays_on_the_site(requested: str) -> None:
    path = safe_next_path(requested)
    # Browsers drop tabs and line breaks, treat backslashes as slashes, and trim spaces.
    interpreted = path.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/").strip()
    assert urlsplit(urljoin("https://eva.example/login", interpreted)).netloc == "eva.example"

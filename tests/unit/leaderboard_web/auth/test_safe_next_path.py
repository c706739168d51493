"""No login leads to another site, whatever an address asks for."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH, safe_next_path

ODD = [
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


@pytest.mark.parametrize("wish", [None, *ODD])
def test_what_is_no_page_of_ours_leads_home(wish: str | None) -> None:
    assert safe_next_path(wish) == DEFAULT_NEXT_PATH


@pytest.mark.parametrize("wish", ["/", "/me", "/looks/1?a=b&c=%2F%2Fx", "/?when=week", "/a//b", "/@x"])
def test_a_page_of_ours_is_kept(wish: str) -> None:
    assert safe_next_path(wish) == wish


@given(st.text(alphabet="/\\:.@?#%\t\n\r ax2fF-", max_size=12))
def test_it_is_on_our_site_however_a_browser_reads_it(wish: str) -> None:
    path = safe_next_path(wish)
    # Browsers drop tabs and line ends, take a backslash for a slash, and trim.
    read = path.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/").strip()
    assert urlsplit(urljoin("https://eva.example/login", read)).netloc == "eva.example"

"""Pages with letters of double size on a phone."""

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.layout_checks import FIND_OVERFLOW, IN_WIDTH
from tests.browser.seed_board import SHARED

pytestmark = pytest.mark.browser

FIRST = SHARED[0][0]
OUTSIDE = """links => links.filter((link) => link.checkVisibility()).map((link) => [link, link.getBoundingClientRect()])
    .filter(([link, box]) => box.width && (box.left < 0 || box.right > innerWidth)).map(([link]) => link.outerHTML)"""


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
def test_pages_fit_with_text_of_double_size(open_page: OpenPage, board: dict[str, str], locale: str) -> None:
    page = open_page(path="/about", locale=locale, viewport={"width": 390, "height": 664}, bypass_csp=True)
    root = page.url.removesuffix("/about")
    for path in ("/", f"/looks/{board[FIRST]}", f"/people/{FIRST}", "/try", "/styles", "/me"):
        page.goto(root + path)
        page.add_style_tag(content="html { font-size: 200% !important }")
        assert page.locator("header a").evaluate_all(OUTSIDE) == [], path
        assert page.evaluate(FIND_OVERFLOW) == [], path
        for button in page.locator(".composer button:visible, .front .button").all():
            assert button.evaluate(IN_WIDTH), path
        for name in page.locator(".hero h2 a").all():
            assert name.evaluate("link => link.getClientRects().length") == 1, "no word is broken"


def test_pages_fit_with_large_letters_in_the_settings_of_the_browser(
    open_page: OpenPage, board: dict[str, str]
) -> None:
    """These change media queries as well, as half the width of a phone does."""
    page = open_page(path="/about", locale="ko-KR", viewport={"width": 180, "height": 740})
    root = page.url.removesuffix("/about")
    for path in ("/?style=ethnic", f"/looks/{board[FIRST]}", f"/people/{FIRST}", "/styles/street", "/model"):
        page.goto(root + path)
        assert page.evaluate(FIND_OVERFLOW) == [], path
        tabs = page.locator(".times a")
        assert tabs.evaluate_all(OUTSIDE) == [], path
        padding = page.evaluate("getComputedStyle(document.documentElement).scrollPaddingTop")
        assert padding == "auto", "no room is left free for filters that do not stay"

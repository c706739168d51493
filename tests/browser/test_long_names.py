"""Every page has room for the widest names at every width."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from core.i18n.translations import Language, translate
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.browser.conftest import NewInstallation
from tests.browser.installation import Installation
from tests.browser.layout_checks import WIDTHS, find_overflow
from tests.browser.seed_long_names import create_named_accounts

pytestmark = pytest.mark.browser

LOCALES = {Language.KO: "ko-KR", Language.EN: "en-GB"}
LOGINS = {f"EVA_{provider}_CLIENT_{part}": "none" for provider in ("FACEBOOK", "KAKAO") for part in ("ID", "SECRET")}
SHOTS = os.environ.get("EVA_TEST_SHOTS")
"""Folder for screenshots of the pages, for inspection."""

Person = dict[str, str]
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def wide_names(new_installation: NewInstallation) -> Installation:
    return new_installation()


@pytest.fixture(scope="module")
def wide(wide_names: Installation) -> Iterator[str]:
    """URL of a server whose people all have wide names."""
    with wide_names.running_server(**LOGINS) as address:
        yield address


@pytest.fixture(scope="module")
def accounts(wide_names: Installation) -> list[Person]:
    return wide_names.seed(create_named_accounts)


@pytest.fixture
def visit(chromium: Browser, wide: str) -> Iterator[Visit]:
    """Open a page as a person, or as a new visitor."""
    pages: list[Page] = []

    def start(person: Person | None, language: Language, path: str = "/privacy") -> Page:
        cookie = {"name": VISITOR_COOKIE, "domain": "127.0.0.1", "path": "/", "expires": -1, "httpOnly": True}
        known = [] if person is None else [{**cookie, "value": person["token"], "secure": False, "sameSite": "Lax"}]
        state: Any = {"cookies": known, "origins": []}
        context = chromium.new_context(locale=LOCALES[language], storage_state=state, reduced_motion="reduce")
        page = context.new_page()
        pages.append(page)
        page.goto(wide + path)
        return page

    yield start
    for page in pages:
        page.context.close()


def expect_fits(page: Page, what: str, language: Language) -> None:
    if SHOTS:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 740})
            file = f"{what.strip('/').replace('/', '-') or 'board'}-{width}-{language}.png"
            page.screenshot(path=Path(SHOTS) / file, full_page=True)
    assert find_overflow(page) == {}, what


@pytest.mark.parametrize("language", list(Language))
def test_public_pages_fit_wide_names(visit: Visit, accounts: list[Person], language: Language) -> None:
    first = accounts[0]
    page = visit(first, language)
    root = page.url.removesuffix("/privacy")
    page.request.post(f"{root}/admin/looks/{first['held']}/restore", headers={"Origin": root})
    for path in ("/", "/styles/ethnic", "/me/following", "/me/following/people", "/me/scraps", "/admin", "/admin/log"):
        page.goto(root + path)
        expect(page.locator("main")).to_contain_text(accounts[path != "/admin/log"]["name"])
        expect_fits(page, path, language)


@pytest.mark.parametrize(
    ("number", "visitor", "language"), [(0, 1, Language.KO), (1, None, Language.EN)], ids=["latin ko", "hangul en"]
)
def test_account_pages_fit_wide_names(
    visit: Visit, accounts: list[Person], number: int, visitor: int | None, language: Language
) -> None:
    person = accounts[number]
    own, page = visit(person, language), visit(None if visitor is None else accounts[visitor], language)
    root = page.url.removesuffix("/privacy")
    own_paths = [
        f"/me/looks/{person['private']}/name",
        f"/me/looks/{person['shared']}?said=shared",
        f"/try?look={person['shared']}",
    ]
    for path in ("/me", "/me/settings", "/login", *own_paths):
        own.goto(root + path)
        expect(own.locator("main")).to_contain_text(person["name"])
        expect_fits(own, f"{path.replace(person['private'], '').replace(person['shared'], '')}-{number}", language)
    for path in (f"/people/{quote(person['name'])}", f"/looks/{person['shared']}", f"/login/link/{person['link']}"):
        page.goto(root + path)
        expect(page.locator("main")).to_contain_text(person["name"])
        if "/looks/" in path:
            page.get_by_text(translate("report.open", language)).click()
        expect_fits(page, f"{path.split('/')[1]}-of-{number}", language)

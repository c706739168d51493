"""Account pages: own looks, settings, feed, export, erasure."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.i18n.translations import Language, translate
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.layout_checks import FIND_OVERFLOW, find_faults
from tests.browser.seed_accounts import KINDS, create_accounts
from tests.browser.seed_board import SHARED

pytestmark = pytest.mark.browser

PEOPLE = 10
EN, KO = Language.EN, Language.KO

Person = dict[str, str]
OpenOwn = Callable[..., Page]


@pytest.fixture(scope="module")
def accounts(board: dict[str, str], installation: Installation) -> Iterator[Person]:
    """Accounts with looks; each test takes the next one."""
    return iter(installation.seed(create_accounts, PEOPLE))


@pytest.fixture
def mina(accounts: Iterator[Person]) -> Person:
    """A person with a look of each kind, and the `token` of the browser."""
    return next(accounts)


@pytest.fixture
def open_own(open_page: OpenPage, site: str, mina: Person) -> OpenOwn:
    """Open a page in the browser of that person."""
    cookie = {"name": VISITOR_COOKIE, "value": mina["token"], "domain": "127.0.0.1", "path": "/"}
    whole = {"expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}

    def start(path: str = "/me", **context: Any) -> Page:
        state = {"cookies": [{**cookie, **whole}], "origins": []}
        return open_page(path=path, storage_state=state, **context)

    return start


def test_menu_leads_a_visitor_to_an_explanation(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", viewport={"width": 360, "height": 740}, locale="ko-KR")
    page.get_by_role("link", name=translate("site.nav.me", KO), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("me.anonymous.title", KO))
    assert page.context.cookies() == []
    page.get_by_role("link", name=translate("board.show", KO)).click()
    expect(page).to_have_url(re.compile("/try$"))


def test_history_shows_all_looks_and_the_photos_that_exist(open_own: OpenOwn) -> None:
    page = open_own()
    rows = page.locator(".own")
    expect(rows).to_have_count(len(KINDS))
    for photo in rows.locator("img").all():
        photo.scroll_into_view_if_needed()
        expect(photo).to_have_js_property("complete", True)
        assert photo.evaluate("image => image.naturalWidth > 0")
    expect(rows.locator("img")).to_have_count(len(KINDS) - 1)
    expect(rows.first.locator(".state")).to_have_text(translate("me.state.private", EN))
    expect(rows.locator(".state.held")).to_have_text(translate("me.state.held", EN))
    rows.first.locator("h2 a").click()
    slider, warmth = page.get_by_label(translate("look.warmth", EN)), page.locator(".heatmap")
    slider.press("End")
    expect(warmth).to_have_css("opacity", "1")
    slider.press("Home")
    expect(warmth).to_have_css("opacity", "0")
    assert page.locator(".layers img").first.bounding_box() == warmth.bounding_box()


@pytest.mark.parametrize("script", [True, False])
def test_first_share_prompts_for_a_name_and_can_be_undone(open_own: OpenOwn, mina: Person, script: bool) -> None:
    # Chromium logs every response with an error status, the expected one too.
    page = open_own(java_script_enabled=script, expect_errors=True, viewport={"width": 360, "height": 740})
    page.locator(".own").first.get_by_role("button", name=translate("talk.button.share", EN)).click()
    expect(page).to_have_url(re.compile("/name$"))
    field = page.get_by_label(translate("me.name.label", EN))
    field.fill("<i>Mina</i>")
    field.press("Enter")
    expect(page.get_by_role("status")).to_have_text(translate("talk.name.refused", EN))
    expect(field).to_have_value("<i>Mina</i>")
    name = f"Mina {'with' if script else 'without'}"
    field.fill(name)
    page.get_by_role("button", name=translate("talk.button.share", EN)).click()
    page.get_by_role("button", name=translate("talk.button.post", EN), exact=True).click()
    expect(page.get_by_role("status")).to_have_text(translate("talk.shared", EN, name=name))
    expect(page.get_by_role("status")).to_be_in_viewport(ratio=1)
    page.get_by_role("link", name=translate("me.on_board", EN)).click()
    expect(page).to_have_url(re.compile(f"/looks/{mina['private']}$"))
    expect(page.locator(".verdict .owner-name").first).to_contain_text(name)
    page.goto(page.url.replace("/looks/", "/me/looks/"))
    page.get_by_role("button", name=translate("talk.button.unshare", EN)).click()
    expect(page.get_by_role("status")).to_have_text(translate("talk.unshared", EN))
    expect(page.locator(".state")).to_have_text(translate("me.state.private", EN))


def test_verdict_is_corrected_and_look_deleted_by_keyboard(open_own: OpenOwn, mina: Person) -> None:
    page = open_own(f"/me/looks/{mina['shared']}")
    page.locator(".correct-style summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".correct-style button").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(translate("talk.correct.thanks", EN, style="Business Casual"))
    page.get_by_role("link", name=translate("me.delete", EN)).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("me.delete.title", EN))
    # Otherwise the browser would request its deleted image.
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name=translate("talk.button.erase", EN)).press("Enter")
    # A list within the live region: its items belong to none otherwise.
    expect(page.get_by_role("status").get_by_role("list")).to_have_text(translate("me.deleted", EN))
    expect(page.locator(".own")).to_have_count(len(KINDS) - 1)


def test_feed_bookmarks_and_followed_people(open_own: OpenOwn, board: dict[str, str]) -> None:
    page = open_own("/me/following")
    expect(page.locator(".look").first).to_be_visible()
    page.locator(".lead a").first.click()
    page.wait_for_load_state()
    rows = page.locator(".rows li")
    before = rows.count()
    name = rows.filter(has_text=SHARED[0][0]).get_by_role("link").inner_text()
    page.get_by_role("button", name=translate("me.unfollow.whom", EN, name=name), exact=True).click()
    expect(page.get_by_role("status")).to_have_text(translate("me.unfollowed", EN))
    expect(rows).to_have_count(before - 1)
    page.get_by_role("link", name=translate("me.nav.scraps", EN), exact=True).click()
    page.wait_for_load_state()
    looks = page.locator(".look")
    expect(looks.nth(len(SHARED) - 1)).to_be_visible()
    number = looks.count()
    with page.expect_response("**/unscrap"):
        looks.first.get_by_role("button", name=translate("reactions.bookmarked", EN)).click()
    page.reload()
    expect(looks).to_have_count(number - 1)


def test_language_setting_applies_to_all_pages(open_own: OpenOwn) -> None:
    page = open_own("/me/settings")
    page.get_by_role("button", name=translate("page.language_ko", EN)).click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.get_by_role("status")).to_have_text(translate("talk.language.set", KO))
    page.goto(page.url.partition("/me")[0] + "/styles")
    expect(page.locator("html")).to_have_attribute("lang", "ko")


def test_data_is_exported_and_the_account_erased(open_own: OpenOwn, mina: Person, tmp_path: Path) -> None:
    page = open_own("/me/settings")
    with page.expect_download() as download:
        page.get_by_role("link", name=translate("me.data.get", EN)).click()
    download.value.save_as(tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as file:
        assert {row["id"] for row in json.loads(file.read("looks.json"))} == {mina[kind] for kind, *_ in KINDS}
        photo = file.read(f"pictures/{mina['private']}-photo.jpg")
    assert photo.startswith(b"\xff\xd8")
    page.get_by_role("link", name=translate("talk.button.forget", EN)).click()
    page.get_by_role("link", name=translate("talk.button.stay", EN)).click()
    page.get_by_role("link", name=translate("talk.button.forget", EN)).click()
    page.get_by_role("button", name=translate("talk.button.erase", EN)).click()
    expect(page).to_have_url(re.compile("/me/goodbye$"))
    expect(page.locator("main h1")).to_have_text(translate("talk.forget.done", EN))
    assert VISITOR_COOKIE not in {cookie["name"] for cookie in page.context.cookies()}
    page.get_by_role("link", name=translate("site.nav.me", EN), exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("me.anonymous.title", EN))


def test_all_tabs_are_in_view_on_a_small_phone(open_own: OpenOwn) -> None:
    for locale in ("ko-KR", "en-GB"):
        page = open_own("/me", viewport={"width": 360, "height": 740}, locale=locale, has_touch=True, is_mobile=True)
        tabs = page.locator(".times")
        # The one that is shown has bold letters, which take more room.
        for path in ("/me", "/me/following", "/me/settings"):
            page.goto(re.sub("/me.*", path, page.url))
            for width in (360, 320):
                page.set_viewport_size({"width": width, "height": 740})
                assert tabs.evaluate("tabs => tabs.scrollWidth <= tabs.clientWidth"), (path, width, locale)
                expect(tabs.locator("a").last).to_be_in_viewport(ratio=1)


def test_account_pages_fit_with_text_of_double_size(open_own: OpenOwn, mina: Person) -> None:
    page = open_own("/me", viewport={"width": 390, "height": 740}, bypass_csp=True)
    root = page.url.removesuffix("/me")
    for path in ("/me", "/me/following/people", "/me/settings", f"/me/looks/{mina['shared']}"):
        page.goto(root + path)
        page.add_style_tag(content="html { font-size: 200% !important }")
        assert page.evaluate(FIND_OVERFLOW) == [], path


def test_account_pages_are_accessible_and_fit(open_own: OpenOwn, mina: Person) -> None:
    looks = [f"/me/looks/{mina[kind]}" for kind in ("private", "held", "gone", "nothing")]
    paths = [
        "/me",
        "/me?notice=deleted",
        "/me/scraps",
        "/me/following",
        "/me/following/people",
        "/me/settings",
        "/me/forget",
        *looks,
    ]
    faults = {}
    for width, locale in ((360, "ko-KR"), (1280, "en-GB")):
        page = open_own("/me", viewport={"width": width, "height": 740}, locale=locale)
        root = page.url.removesuffix("/me")
        for path in [*paths, f"{looks[0]}/delete", "/me/goodbye"]:
            page.goto(root + path)
            if found := find_faults(page):
                faults[f"{path} {width} {locale}"] = found
    assert not faults

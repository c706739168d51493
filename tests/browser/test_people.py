"""Reactions, follows and reports: by mouse, by keyboard and without JavaScript."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

from core.i18n.translations import Language, translate
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.layout_checks import LAYOUT_SHIFT, find_faults, find_overflow, find_violations
from tests.browser.seed_board import SCRIPT_NAME, SHARED
from tests.browser.seed_own_look import share_own_look

pytestmark = pytest.mark.browser

EN = Language.EN
FIRST = SHARED[0][0]
LOOK = """element => {
    const { color, filter, boxShadow } = getComputedStyle(element);
    return [color, filter, boxShadow];
}"""
OPERATIONS = (("follow", "follow"), ("heart", "heart"), ("scrap", "bookmark"))
"""What can be done to a look, and the class of its button."""


def test_bookmark_is_shown_immediately_and_after_a_reload(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board['미나']}")
    button = page.locator(".bookmark button")
    expect(button).to_have_accessible_name(translate("reactions.bookmark", EN))
    expect(button).to_have_attribute("aria-pressed", "false")
    with page.expect_response("**/scrap"):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_accessible_name(translate("reactions.bookmarked", EN))
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.goto(re.sub("/looks/.*", "/me/scraps", page.url))
    expect(page.locator(f'.looks a[href="/looks/{board["미나"]}"]')).to_have_count(1)


def test_what_can_be_pressed_answers_a_mouse(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", viewport={"width": 1280, "height": 900})
    pressable = (
        ".front .button:not(.secondary)",
        ".front .secondary",
        "header nav a:not(.try, [aria-current])",
        "header .try",
        ".heart button",
        ".chips a:not([aria-current])",
    )
    for selector in pressable:
        target = page.locator(selector).first
        before = target.evaluate(LOOK)
        target.hover()
        assert target.evaluate(LOOK) != before, selector


def test_a_page_that_the_browser_kept_shows_what_was_pressed_since(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board['Denim Otter 33']}")
    other = page.context.new_page()
    other.goto(page.url)
    for operation, kind in OPERATIONS:
        with other.expect_response(f"**/{operation}"):
            other.locator(f".{kind} button").click()
    hearts = other.locator(".heart .count").inner_text()
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    for operation, kind in OPERATIONS:
        button = page.locator(f".{kind} button")
        expect(button).to_have_attribute("aria-pressed", "true")
        with page.expect_response(f"**/un{operation}"):
            button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".heart .count")).to_have_text(str(int(hearts) - 1))


@pytest.mark.parametrize(("path", "width"), [("/", 320), ("/styles/street", 1280)])
def test_name_on_a_card_links_to_the_owner_and_the_rest_to_the_look(
    open_page: OpenPage, board: dict[str, str], path: str, width: int
) -> None:
    page = open_page(path=path, viewport={"width": width, "height": 740})
    links = page.locator(".owner-name a:visible")
    assert links.count() > 1
    for link in links.all():
        box = link.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    assert page.locator("a a").count() == 0
    name = page.locator(".owner-name a:visible", has_text=FIRST).first
    name.click()
    expect(page.get_by_role("heading", level=1)).to_have_accessible_name(FIRST)
    page.go_back()
    card = page.locator(".hero, .look").filter(has=page.locator(".owner-name a", has_text=FIRST)).first
    # The card's link lies above the photo.
    card.locator("img").first.click(force=True)
    expect(page).to_have_url(re.compile(f"/looks/{board[FIRST]}$"))


def test_person_is_followed_on_a_look_and_unfollowed_on_their_page(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}")
    button = page.locator(".follow button")
    expect(button).to_have_accessible_name(translate("reactions.follow.whom", EN, name=FIRST))
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    with page.expect_response("**/follow"):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert button.bounding_box() == box, "nothing moves"
    expect(button).to_have_accessible_name(translate("reactions.followed.whom", EN, name=FIRST))
    page.locator(".owner a").click()
    expect(page).to_have_url(re.compile(f"/people/{quote(FIRST)}$"))
    expect(page.get_by_role("heading", level=1)).to_have_accessible_name(FIRST)
    expect(button).to_have_attribute("aria-pressed", "true")
    followers = int(page.locator("#followers").inner_text())
    with page.expect_response("**/unfollow"):
        button.click()
    expect(page.locator("#followers")).to_have_text(str(followers - 1))
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#followers")).to_have_text(str(followers - 1))


def test_failed_follow_is_undone(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/people/{quote(FIRST)}", expect_errors=True)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/follow", hold)
    button, followers = page.locator(".follow button"), page.locator("#followers")
    count = int(followers.inner_text())
    with page.expect_request("**/follow"):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(followers).to_have_text(str(count + 1))
    held.pop().abort()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(followers).to_have_text(str(count))


def test_reactions_work_without_javascript(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}", java_script_enabled=False)
    for kind in ("bookmark", "follow"):
        button = page.locator(f".{kind} button")
        button.click()
        expect(page).to_have_url(re.compile("/looks/"))
        expect(button).to_have_attribute("aria-pressed", "true")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "false")
    page.locator(".report summary").first.click()
    page.get_by_label(translate("report.reason.no_outfit", EN)).check()
    page.get_by_role("button", name=translate("report.send", EN)).click()
    expect(page.locator("main h1")).to_have_text(translate("report.thanks", EN))


def test_bookmark_follow_and_report_by_keyboard(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board['Corduroy Fox 71']}")
    page.get_by_label(translate("look.warmth", EN)).focus()
    for target in (*page.locator(".worn button").all(), page.locator(".owner a")):
        page.keyboard.press("Tab")
        expect(target).to_be_focused()
    for (operation, kind), key in zip(OPERATIONS, ("Enter", "Enter", "Space"), strict=True):
        page.keyboard.press("Tab")
        button = page.locator(f".{kind} button")
        expect(button).to_be_focused()
        with page.expect_response(f"**/{operation}"):
            page.keyboard.press(key)
        expect(button).to_have_attribute("aria-pressed", "true")
    page.locator(".report summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label(translate("report.reason.explicit", EN))).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("The second picture")
    with page.expect_response("**/report") as sent:
        page.keyboard.press("Enter")
    assert sent.value.ok
    expect(page.locator(".thanks")).to_have_text(translate("report.thanks", EN))
    expect(page.locator(".thanks")).to_be_focused()
    expect(page.locator(".report:has([name=reason])")).to_have_count(0)


def test_messages_of_others_looks_are_there_at_once(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}", reduced_motion="no-preference")
    for bubble in page.locator(".verdict .log p").all():
        expect(bubble).to_have_css("opacity", "1")
    assert page.locator(".verdict .log .dots").count() == 0
    assert page.evaluate(LAYOUT_SHIFT) < 0.02


@pytest.fixture
def own(open_page: OpenPage, board: dict[str, str], installation: Installation) -> tuple[Page, str]:
    """A page and the id of a look that belongs to its visitor."""
    page = open_page(path=f"/looks/{board[FIRST]}")
    with page.expect_response("**/scrap"):
        page.locator(".bookmark button").click()
    token = next(str(cookie["value"]) for cookie in page.context.cookies() if cookie["name"] == "visitor")
    look = installation.seed(share_own_look, token.partition(".")[0], f"Owner {token[:6]}")
    return page, look


def test_owner_unshares_and_deletes_a_look(own: tuple[Page, str]) -> None:
    page, look = own
    address = re.sub("/looks/.*", f"/looks/{look}", page.url)
    page.goto(address)
    expect(page.locator(".follow, .report")).to_have_count(0)
    expect(page.locator(".own-look-actions")).to_contain_text(translate("look.own", EN))
    assert find_violations(page) == []
    page.locator(".owner a").click()
    expect(page.get_by_text(translate("person.own", EN))).to_be_visible()
    expect(page.locator(".follow")).to_have_count(0)
    page.go_back()
    page.get_by_role("button", name=translate("talk.button.unshare", EN)).click()
    expect(page).to_have_url(re.compile(f"/me/looks/{look}"))
    assert page.request.get(address).status == 404
    page.get_by_role("link", name=translate("me.delete", EN)).click()
    page.locator("main form button").first.click()
    expect(page).to_have_url(re.compile(r"/me(\?.*)?$"))
    assert page.request.get(address.replace("/looks/", "/me/looks/")).status == 404


@pytest.mark.parametrize("locale", ["ko-KR", "en-GB"])
def test_person_page_and_report_form_are_accessible(open_page: OpenPage, board: dict[str, str], locale: str) -> None:
    page = open_page(path=f"/people/{quote('미나')}", viewport={"width": 320, "height": 740}, locale=locale)
    assert find_faults(page) == []
    page.goto(page.url.partition("/people")[0] + f"/looks/{board['미나']}")
    assert find_faults(page) == []
    # What opens moves the rest of the page, on a busy machine later than a browser ascribes to the click.
    page.locator(".report summary").first.click()
    assert find_violations(page) == []
    assert find_overflow(page) == {}
    page.set_viewport_size({"width": 320, "height": 740})
    for target in page.locator(".owner a, .toggle button, .report summary, .report input, .report button").all():
        box = target.bounding_box()
        assert box is not None
        small = min(box["height"], box["width"])
        assert small >= 24 or target.get_attribute("type") == "radio"


def test_name_with_markup_has_a_page_and_is_escaped(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[SCRIPT_NAME]}")
    expect(page.locator(".owner a")).to_contain_text(SCRIPT_NAME)
    expect(page.locator(".follow button")).to_have_accessible_name(
        translate("reactions.follow.whom", EN, name=SCRIPT_NAME)
    )
    page.locator(".owner a").click()
    expect(page.get_by_role("heading", level=1)).to_have_accessible_name(SCRIPT_NAME)
    with page.expect_response("**/follow"):
        page.locator(".follow button").click()
    expect(page.locator(".follow button")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.hacked") is None

"""The leaderboard and the pages of its looks."""

import json
import re
from itertools import pairwise
from uuid import UUID

import pytest
from playwright.sync_api import Route, expect

from core.i18n.translations import Language, translate
from tests.browser.conftest import SAVES_DATA, OpenPage
from tests.browser.seed_board import SCRIPT_NAME, SHARED

pytestmark = pytest.mark.browser

FIRST = SHARED[0][0]
STREAM = {"Content-Type": "text/event-stream"}
BOXES = """items => items.map((item) => {
    const { x, y, bottom } = item.getBoundingClientRect();
    return { x: Math.round(x), y, bottom };
})"""
LINE_BOXES = "items => items.map((item) => [item.clientHeight, item.scrollWidth - item.clientWidth])"
OUTLINE_MARGIN = """element => {
    const isCard = element.matches(".stretched-link");
    const { outlineOffset, outlineWidth } = getComputedStyle(element, isCard ? "::after" : null);
    const { top, bottom } = (isCard ? element.closest(".look") : element).getBoundingClientRect();
    let row = element.parentElement;
    while (getComputedStyle(row).overflowX === "visible") row = row.parentElement;
    const edge = row.getBoundingClientRect();
    return Math.min(top - edge.top, edge.bottom - bottom) - parseFloat(outlineOffset) - parseFloat(outlineWidth);
}"""
"""px between the outline of an element and the edge of the row that cuts it."""
TAP_TWICE = """link => {
    const init = { bubbles: true, cancelable: true, pointerType: "touch" };
    for (const time of [1, 2]) link.dispatchEvent(new PointerEvent("click", init));
}"""
LOADED = "image => image.complete && image.naturalWidth > 0"


def test_leaderboard_is_ordered_with_a_large_first_place(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/?when=today")
    expect(page.locator(".hero h2")).to_have_text("Street")
    expect(page.locator(".hero .owner-name")).to_contain_text(FIRST)
    count = page.locator(".looks .place").count()
    assert count >= len(SHARED) - 1
    places = [translate("board.place", Language.EN, place=place) for place in range(2, count + 2)]
    expect(page.locator(".looks .place")).to_have_text(places)
    for photo in page.locator("main img").all():
        photo.scroll_into_view_if_needed()
        expect(photo).to_have_js_property("complete", True)
        assert photo.evaluate(LOADED)
        assert photo.get_attribute("alt")


def test_card_links_to_its_look_and_tab_to_its_style(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    page.get_by_role("navigation", name=translate("board.style", Language.EN)).get_by_role(
        "link", name="80s Retro"
    ).click()
    expect(page.locator(".hero .owner-name")).to_contain_text("Corduroy Fox 71")
    expect(page.locator(".looks > li")).to_have_count(0)
    page.locator(".hero .frame img").first.click(force=True)
    expect(page).to_have_url(re.compile(f"/looks/{board['Corduroy Fox 71']}$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("80s Retro")


@pytest.mark.parametrize("locale", ["ko-KR", "en-GB"])
def test_style_and_percent_of_a_card_share_a_line(open_page: OpenPage, board: dict[str, str], locale: str) -> None:
    page = open_page(path="/?when=new", locale=locale)
    for width in (360, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 780})
        heights = page.locator(".looks .what").evaluate_all("items => items.map((item) => item.clientHeight)")
        assert len(heights) >= len(board)
        assert max(heights) < 2 * 16, width
    page.goto(page.url.partition("?")[0])
    names = page.locator(".strip .what")
    expect(names.nth(len(board) - 1)).to_be_attached()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 780})
        boxes = names.evaluate_all(LINE_BOXES)
        assert all(height < 2 * 16 and excess == 0 for height, excess in boxes), f"in the row of new looks at {width}"


def test_a_row_of_small_cards_that_cannot_be_loaded_takes_no_space(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/privacy", expect_errors=True)
    page.route("**/?when=new", lambda route: route.fulfill(status=503, body="busy"))
    with page.expect_response("**/?when=new"):
        page.goto(page.url.replace("/privacy", "/"))
    expect(page.locator(".strip h2")).to_be_visible()
    expect(page.locator(".strip .row")).to_have_css("height", "0px")


def test_similar_looks_lead_back_on_a_phone(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}/similar")
    page.get_by_role("link", name=translate("similar.back", Language.EN, name=FIRST)).click()
    expect(page).to_have_url(re.compile(f"/looks/{board[FIRST]}$"))


@pytest.mark.parametrize(
    ("path", "row"),
    [("/", ".times a"), ("/", ".chips a"), ("/", ".strip .stretched-link"), ("/try", ".samples button")],
)
def test_no_row_cuts_the_outline_of_the_focus(open_page: OpenPage, board: dict[str, str], path: str, row: str) -> None:
    page = open_page(path=path)
    page.keyboard.press("Tab")
    focused = page.locator(row).first
    focused.focus()
    assert focused.evaluate("element => element.matches(':focus-visible')")
    assert focused.evaluate(OUTLINE_MARGIN) >= 0


def test_slider_fades_the_heatmap(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}")
    slider = page.get_by_label(translate("look.warmth", Language.EN))
    warmth = page.locator(".heatmap")
    slider.press("End")
    expect(warmth).to_have_css("opacity", "1")
    slider.press("Home")
    expect(warmth).to_have_css("opacity", "0")
    photo, layer = page.locator(".layers img").first.bounding_box(), warmth.bounding_box()
    assert photo == layer


def test_a_browser_without_time_limits_gives_hearts(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    page.evaluate("delete AbortSignal.timeout")
    button = page.locator(f'.heart[data-look="{board["미나"]}"] button')
    for path in ("**/heart", "**/unheart"):
        with page.expect_response(path):
            button.click()


def test_heart_is_shown_immediately_and_after_a_reload(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    before = 2 * (len(SHARED) - 1)
    form = page.locator(f'.heart[data-look="{board["미나"]}"]')
    button, count = form.get_by_role("button"), form.locator(".count")
    expect(count).to_have_text(str(before))
    # Its stream has begun, and hears of the heart.
    other = open_page(path="/privacy")
    with other.expect_response("**/live"):
        other.goto(f"{page.url}?when=all")
    with page.expect_response("**/heart"):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(count).to_have_text(str(before + 1))
    # Without a reload, on the page of another visitor.
    expect(other.locator(f'.heart[data-look="{board["미나"]}"] .count')).to_have_text(str(before + 1))
    expect(button).to_have_accessible_name(f"{translate('heart.label', Language.EN)} {before + 1}")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(count).to_have_text(str(before + 1))
    with page.expect_response("**/unheart"):
        button.press("Enter")
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(count).to_have_text(str(before))


SWITCH_WINDOWS = """() => {
  for (const value of [true, false]) {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }
  dispatchEvent(new Event("focus"));
}"""
"""The person looks at another window and comes back."""


def test_a_page_connects_again_when_its_browser_may_have_a_session(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/privacy")
    look, streams = board["새틴 고양이 12"], list[str]()
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None)
    button = page.locator(f'.heart[data-look="{look}"] button')
    with page.expect_response("**/live"):
        page.goto(page.url.replace("/privacy", "/?when=all"))
    # The stream has begun when it tells of something.
    other = open_page(path=f"/looks/{look}")
    before = page.locator(f'.heart[data-look="{look}"] .count').inner_text()
    other.locator(".heart button").click()
    expect(page.locator(f'.heart[data-look="{look}"] .count')).to_have_text(str(int(before) + 1))
    # Back in its window, it waits as every page does.
    with page.expect_request("**/live"):
        page.evaluate(SWITCH_WINDOWS)
        page.wait_for_timeout(200)
        assert len(streams) == 1
    other.locator(".heart button").click()
    expect(page.locator(f'.heart[data-look="{look}"] .count')).to_have_text(before)
    with page.expect_request("**/live") as again:
        button.click()
    assert "visitor=" in again.value.all_headers()["cookie"]
    # The stream of a session stays.
    with page.expect_response("**/unheart"):
        button.click()
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(200)
    assert len(streams) == 3
    for count in (str(int(before) + 1), before):
        other.locator(".heart button").click()
        expect(page.locator(f'.heart[data-look="{look}"] .count')).to_have_text(count)


def test_new_looks_are_announced_and_put_on_top(open_page: OpenPage, board: dict[str, str]) -> None:
    page, streams = open_page(path="/privacy"), list[Route]()

    def hold(route: Route) -> None:
        streams.append(route)

    page.route("**/live", hold)
    with page.expect_request("**/live"):
        page.goto(page.url.replace("/privacy", "/?when=new"))
    newest = page.locator(".looks > li").first
    total, owner = page.locator(".looks > li").count(), newest.locator(".owner-name").inner_text()
    gone = page.locator(".looks .heart").nth(1).get_attribute("data-look")
    newest.evaluate("item => item.remove()")
    change = {"hearts": {}, "new": {str(UUID(int=n)): "street" for n in (1, 2)}, "gone": [gone]}
    streams.pop(0).fulfill(body=f"data: {json.dumps(change)}\n\n", headers=STREAM)
    link = page.locator(".new-looks")
    expect(link).to_have_text(translate("board.live.many", Language.EN, count=2))
    assert page.locator(".look[inert]").count() == 1
    link.click()
    expect(page.locator(".looks > li")).to_have_count(total)
    expect(newest.locator(".owner-name")).to_have_text(owner)
    expect(link).to_be_hidden()


def test_a_look_that_is_gone_cannot_be_opened_from_a_small_card(open_page: OpenPage, board: dict[str, str]) -> None:
    page, streams = open_page(path="/privacy"), list[Route]()

    def hold(route: Route) -> None:
        streams.append(route)

    page.route("**/live", hold)
    with page.expect_request("**/live"):
        page.goto(page.url.replace("/privacy", "/"))
    card = page.locator(".strip .look").first
    look = (card.locator("[href^='/looks/']").first.get_attribute("href") or "").removeprefix("/looks/")
    expect(card).not_to_have_attribute("inert", "")
    change = {"hearts": {}, "new": {}, "gone": [look]}
    streams.pop().fulfill(body=f"data: {json.dumps(change)}\n\n", headers=STREAM)
    expect(card).to_have_attribute("inert", "")


def test_pages_of_people_who_save_data_are_not_live(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/about")
    page.add_init_script(SAVES_DATA)
    streams = []
    page.on("request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None)
    page.clock.install()
    page.goto(page.url.replace("/about", "/"))
    page.clock.run_for(60_000)
    assert streams == []


def test_failed_heart_is_undone(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}", expect_errors=True)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/heart", hold)
    button, count = page.locator(".heart button"), page.locator(".heart .count")
    with page.expect_request("**/heart"):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(count).to_have_text(str(2 * len(SHARED) + 1))
    held.pop().abort()
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(count).to_have_text(str(2 * len(SHARED)))


def test_leaderboard_works_without_javascript(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/?when=today", java_script_enabled=False)
    page.locator(".looks > li", has_text=SHARED[-1][0]).locator(".heart button").click()
    expect(page).to_have_url(re.compile(f"/looks/{board[SHARED[-1][0]]}$"))
    expect(page.locator(".heart button")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".fade")).to_be_hidden()
    photo, layer = (image.bounding_box() for image in page.locator(".layers img").all())
    assert photo is not None
    assert layer is not None
    assert (photo["y"], photo["width"]) == (layer["y"], layer["width"])
    assert photo["x"] + photo["width"] < layer["x"]
    expect(page.locator(".heatmap")).to_have_css("opacity", "1")
    page.locator(".heart button").click()
    expect(page.locator(".heart button")).to_have_attribute("aria-pressed", "false")


def test_name_with_markup_is_escaped(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    expect(page.locator(".looks .owner-name", has_text=SCRIPT_NAME)).to_have_count(1)
    page.goto(f"{page.url}looks/{board[SCRIPT_NAME]}")
    expect(page.locator(".verdict .owner-name")).to_contain_text(SCRIPT_NAME)
    expect(page.locator(".layers img").first).to_have_attribute(
        "alt", translate("look.title", Language.EN, style="Street", name=SCRIPT_NAME)
    )
    assert page.evaluate("window.hacked") is None


def test_keyboard_reaches_all_controls_and_skips_the_menu(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/?when=today")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=translate("site.skip", Language.EN))).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=translate("board.when.today", Language.EN))).to_be_focused()
    card = page.locator(".looks .stretched-link").first
    card.focus()
    page.keyboard.press("Tab")
    expect(page.locator(".looks .heart button").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".looks .owner-name a").first).to_be_focused()
    card.press("Enter")
    expect(page).to_have_url(re.compile("/looks/"))


def test_empty_leaderboard_links_to_the_chat(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/?style=mode&when=week", locale="ko-KR")
    expect(page.locator(".empty h2")).to_have_text(translate("board.empty", Language.KO))
    page.get_by_role("link", name=translate("board.show", Language.KO)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("page.tagline", Language.KO))


@pytest.mark.parametrize(("width", "columns"), [(390, 2), (768, 3), (1024, 4), (1280, 5), (1600, 6)])
def test_photos_stand_in_columns_in_their_order(
    open_page: OpenPage, board: dict[str, str], width: int, columns: int
) -> None:
    page = open_page(path="/?when=all", viewport={"width": width, "height": 800})
    boxes = page.locator(".looks > li").evaluate_all(BOXES)
    assert len({box["x"] for box in boxes}) == min(columns, len(boxes))
    assert [box["y"] for box in boxes] == sorted(box["y"] for box in boxes), "read from top to bottom"
    for first, second in pairwise(sorted(boxes, key=lambda box: (box["x"], box["y"]))):
        assert first["x"] != second["x"] or first["bottom"] <= second["y"] + 1, "nothing overlaps"


def test_the_front_page_shows_what_it_is_about_at_once(open_page: OpenPage, board: dict[str, str]) -> None:
    for locale, language in (("en-GB", Language.EN), ("ko-KR", Language.KO)):
        page = open_page(path="/", viewport={"width": 390, "height": 664}, locale=locale)
        expect(page.get_by_role("heading", level=1)).to_have_text(translate("page.tagline", language))
        photo = page.locator(".hero .frame img").first.bounding_box()
        assert photo is not None
        assert photo["y"] <= 200
        marks = page.locator(".hero .marks")
        expect(marks).to_have_css("opacity", "1")
        expect(marks).to_have_css("clip-path", "none")
        page.locator(".hero .stretched-link").hover()
        expect(marks).to_have_css("opacity", "0")
    page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    assert page.evaluate("scrollY") > 300
    expect(page.locator(".filters")).to_be_in_viewport(ratio=0.95)


def test_a_card_shows_what_eva_looked_at_and_takes_a_heart(open_page: OpenPage, board: dict[str, str]) -> None:
    mouse = open_page(path="/?when=all", viewport={"width": 1280, "height": 900})
    card = mouse.locator(".looks > li").first
    card.hover()
    expect(card.locator(".map")).to_have_js_property("complete", True)
    assert card.locator(".map").evaluate(LOADED)
    mouse.mouse.move(2, 2)
    expect(card.locator(".map")).to_have_count(0)
    touch = open_page(path="/?when=all", has_touch=True, is_mobile=True)
    # Time stands still: the second tap is in time.
    touch.clock.install(time=0)
    touch.clock.pause_at(1000)
    card = touch.locator(".looks > li").first
    link, button = card.locator(".stretched-link"), card.locator(".heart button")
    expect(card).to_have_css("touch-action", "manipulation")
    with touch.expect_response("**/heart"):
        link.tap(force=True)
        link.tap(force=True)
    expect(button).to_have_attribute("aria-pressed", "true")
    with touch.expect_response("**/unheart"):
        button.tap()
    touch.clock.resume()
    link.tap(force=True)
    expect(touch).to_have_url(re.compile("/looks/"))


def test_two_taps_on_a_small_card_open_its_look(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    page.locator(".strip .stretched-link").first.evaluate(TAP_TWICE)
    expect(page).to_have_url(re.compile("/looks/"))

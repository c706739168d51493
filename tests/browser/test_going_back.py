"""Going back to a page: in a browser that kept it, in one that loads it again, and after a phone discarded it."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.conftest import FLAGS, PROGRAMS, OpenPage, find_program
from tests.browser.seed_board import SHARED

pytestmark = pytest.mark.browser

FIRST = SHARED[0][0]


def test_back_from_a_look_returns_to_the_place(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    # Further looks may be appended below it.
    card = page.locator(".looks .stretched-link").nth(len(board) - 2)
    card.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    assert top > 200
    card.click()
    expect(page).to_have_url(re.compile("/looks/"))
    page.go_back()
    expect(card).to_be_in_viewport()
    page.wait_for_function("top => Math.abs(scrollY - top) < 50", arg=top)


def open_split_list(page: Page) -> Locator:
    """Show the newest looks, up to a full page of them, as if they were on two pages; the looks of both."""

    def split(route: Route) -> None:
        first, *cards = route.fetch(url=route.request.url.replace("&part=2", "")).text().split('<li class="look')
        last, end, after = cards.pop().partition("</ol>")
        after = re.sub('<p class="more">.*?</p>', "", after)
        shown, more = [*cards, last][:2], '<p class="more"><a href="/?when=new&part=2">More</a></p>'
        if "part=2" in route.request.url:
            shown, more = [*cards, last][2:], ""
        route.fulfill(body='<li class="look'.join([first, *shown]) + end + more + after, content_type="text/html")

    url = urljoin(page.url, "/?when=new")
    number = page.request.get(url).text().count('<li class="look')
    page.route("**/?when=new*", split)
    page.goto(url)
    looks = page.locator(".looks > li")
    expect(looks).to_have_count(number)
    expect(page.locator(".more")).to_have_count(0)
    return looks


@pytest.fixture(scope="module")
def keeping_chromium(chromium: Browser) -> Iterator[Browser]:
    """A Chromium that keeps pages to go back to, which the shell and Playwright's own settings prevent."""
    path, prevented = find_program(PROGRAMS[1:]), ["--disable-back-forward-cache", "--headless"]
    with chromium.browser_type.launch(
        executable_path=path, args=[*FLAGS, "--headless=new"], ignore_default_args=prevented
    ) as browser:
        yield browser


@pytest.mark.parametrize("is_kept", [True, False])
def test_the_next_page_of_a_list_is_appended_and_there_again_after_a_look(
    open_page: OpenPage, board: dict[str, str], request: pytest.FixtureRequest, *, is_kept: bool
) -> None:
    browser = request.getfixturevalue("keeping_chromium" if is_kept else "chromium")
    page = open_page(path="/privacy", browser=browser, viewport={"width": 390, "height": 780})
    last = open_split_list(page).last
    page.evaluate("document.title = 'kept'")
    last.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    last.locator(".stretched-link").click()
    page.wait_for_url("**/looks/*")
    with page.expect_response("**/heart"):
        page.locator(".heart button").click()
    # Playwright waits for the load of pages, and a kept one has none.
    page.evaluate("history.back()")
    expect(page).to_have_url(re.compile(r"/\?when=new$"))
    expect(last.locator(".heart button")).to_have_attribute("aria-pressed", "true")
    expect(last).to_be_in_viewport()
    page.wait_for_function("top => Math.abs(scrollY - top) < 50", arg=top)
    assert (page.title() == "kept") is is_kept
    with page.expect_response("**/unheart"):
        last.locator(".heart button").click()


def test_a_list_that_a_phone_discarded_in_the_background_is_there_again(
    open_page: OpenPage, board: dict[str, str]
) -> None:
    page = open_page(path="/privacy", viewport={"width": 390, "height": 780})
    page.add_init_script("addEventListener('pagehide', (event) => event.stopImmediatePropagation())")
    last = open_split_list(page).last
    last.scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { value: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.reload()
    expect(last).to_be_in_viewport()
    page.wait_for_function("top => Math.abs(scrollY - top) < 50", arg=top)
    expect(page.locator(".more")).to_have_count(0)


def test_a_list_that_is_left_again_does_not_load_its_other_pages(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/privacy", viewport={"width": 390, "height": 780})
    open_split_list(page)
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    with page.expect_response("**/?when=new"):
        page.evaluate(
            """() => {
                dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
                dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
            }"""
        )
    assert not [url for url in urls if "part=2" in url]


def test_a_refresh_does_not_undo_what_was_pressed_meanwhile(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}")
    other = page.context.new_page()
    other.goto(page.url)
    with other.expect_response("**/scrap"):
        other.locator(".bookmark button").click()
    heart, bookmark = page.locator(".heart button"), page.locator(".bookmark button")
    before = page.request.get(page.url).text()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(page.url, hold)
    with page.expect_request(page.url):
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    with page.expect_response("**/heart"):
        heart.click()
    expect(page.locator(".heart")).not_to_have_attribute("data-busy", "1")
    held[0].fulfill(body=before, content_type="text/html")
    expect(bookmark).to_have_attribute("aria-pressed", "true")
    expect(heart).to_have_attribute("aria-pressed", "true")
    # Other tests count the hearts.
    with page.expect_response("**/unheart"):
        heart.click()


def test_public_pages_may_be_kept_to_go_back_to(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    root = page.url.rstrip("/")
    for path in ("/", f"/looks/{board[FIRST]}", f"/people/{FIRST}", "/styles", "/styles/street", "/about"):
        assert page.request.get(root + path).headers["cache-control"] == "private, no-cache", path
    for path in ("/me", "/try", "/login"):
        assert "no-store" in page.request.get(root + path).headers["cache-control"], path

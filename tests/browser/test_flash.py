"""A reaction that cannot be saved is undone and announced, in the language of the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from core.i18n.translations import Language, translate
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.layout_checks import find_overflow, find_violations
from tests.browser.seed_board import SHARED

pytestmark = pytest.mark.browser

EN = Language.EN
FIRST = SHARED[0][0]


@pytest.fixture(scope="module")
def strict(site: str, installation: Installation) -> Iterator[str]:
    """A second server on the same database that allows one write a minute."""
    with installation.running_server(EVA_WRITES_PER_MINUTE="1") as address:
        yield address


def expect_notice(page: Page, words: str) -> None:
    line = page.locator(".notice [role=status]")
    expect(line).to_have_text(words)
    expect(line).to_be_in_viewport()


def expect_no_notice(page: Page) -> None:
    expect(page.locator(".notice [role=status]")).to_be_empty()
    expect(page.locator(".notice button")).to_be_hidden()


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_reaction_without_a_network_is_undone(
    open_page: OpenPage, board: dict[str, str], locale: str, language: Language
) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}", locale=locale, expect_errors=True)
    expect_no_notice(page)
    page.context.set_offline(True)
    for kind in ("heart", "bookmark", "follow"):
        button = page.locator(f".{kind} button")
        button.click()
        expect_notice(page, translate("notice.offline", language))
        expect(button).to_have_attribute("aria-pressed", "false")
        page.keyboard.press("Escape")
        expect_no_notice(page)
    page.locator(".heart button").click()
    expect_notice(page, translate("notice.offline", language))
    assert find_violations(page) == []
    assert find_overflow(page) == {}
    page.context.set_offline(False)
    with page.expect_response("**/heart"):
        page.locator(".heart button").click()
    expect_no_notice(page)
    expect(page.locator(".heart button")).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/unheart"):
        page.locator(".heart button").click()


def test_message_of_the_server_is_shown(open_page: OpenPage, board: dict[str, str], strict: str) -> None:
    page = open_page(path="/", expect_errors=True, locale="ko-KR")
    board_page = page.url
    page.goto(f"{strict}/")
    form = page.locator(".looks .heart").last
    look = str(form.get_attribute("action")).removesuffix("/heart")
    # By its look, since further cards are appended while the test runs.
    button = page.locator(f'.looks .heart[data-give="{look}/heart"] button')
    count = int(button.locator(".count").inner_text() or 0)
    with page.expect_response("**/heart"):
        button.click()
    expect(button.locator(".count")).to_have_text(str(count + 1))
    with page.expect_response("**/unheart") as refused:
        button.click()
    assert refused.value.status == 429
    expect_notice(page, translate("limits.writes", Language.KO))
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button.locator(".count")).to_have_text(str(count + 1))
    # Remove the heart, which may change the order for later tests.
    page.goto(board_page)
    with page.expect_response("**/unheart"):
        page.locator(f'form[action="{look}/unheart"] button').click()


def test_response_of_a_proxy_is_handled(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", expect_errors=True)
    page.route("**/heart", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    page.locator(".hero .heart button").click()
    expect_notice(page, translate("page.trouble", EN))


def test_closing_the_message_by_keyboard_restores_the_focus(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", expect_errors=True)
    page.route("**/heart", lambda route: route.abort())
    heart = page.locator(".hero .heart button")
    heart.press("Enter")
    expect_notice(page, translate("notice.offline", EN))
    expect(heart).to_be_focused()
    close = page.get_by_role("button", name=translate("notice.close", EN))
    box = close.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    close.press("Enter")
    expect_no_notice(page)
    expect(heart).to_be_focused()


def test_failed_report_preserves_the_form(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board['미나']}", expect_errors=True)
    page.locator(".report summary").first.click()
    reason, line = (
        page.get_by_label(translate("report.reason.other", EN)),
        page.get_by_label(translate("report.line", EN)),
    )
    reason.check()
    line.fill("The second picture")
    page.context.set_offline(True)
    page.get_by_role("button", name=translate("report.send", EN)).click()
    expect_notice(page, translate("notice.offline", EN))
    expect(reason).to_be_checked()
    expect(line).to_have_value("The second picture")
    page.context.set_offline(False)
    page.get_by_role("button", name=translate("report.send", EN)).click()
    expect(page.locator(".thanks")).to_be_focused()
    expect_no_notice(page)


@pytest.mark.parametrize("path", ["/static/*/base.css", "/offline/en"])
def test_the_service_worker_keeps_nothing_of_another_version(open_page: OpenPage, path: str) -> None:
    """During an update, a process of another version may answer."""
    page = open_page(path="/about")
    script = page.request.get(page.url.replace("/about", "/service-worker.js")).text()

    def answer(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, headers=reply.headers | {"eva-version": "0123456789ab"})

    page.route(f"**{path}", answer)
    error = page.evaluate(f"(async () => {{ {script}; return keepOfflinePages().catch(String); }})()")
    assert "of this version" in error


def test_without_a_network_a_page_of_the_site_says_so(open_page: OpenPage) -> None:
    page = open_page(path="/about", locale="ko-KR", service_workers="allow", expect_errors=True)
    page.evaluate("navigator.serviceWorker.ready")
    assert page.evaluate("caches.match('/offline/ko').then(Boolean)")
    page.context.set_offline(True)
    page.goto(page.url.replace("/about", "/styles"))
    expect(page.locator("main h1")).to_have_text(translate("page.offline", Language.KO))
    assert page.evaluate("document.fonts.check('20px \"Eva Wordmark\"')")
    page.context.set_offline(False)
    page.get_by_role("link", name=translate("offline.again", Language.KO)).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("page.styles_title", Language.KO))

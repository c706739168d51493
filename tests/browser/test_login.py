"""Login and logout: by a link from a chat, through OAuth redirects, with Telegram."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.testing.telegram import FakeTelegram
from core.i18n.translations import Language, translate
from tests.browser.conftest import NewInstallation
from tests.browser.installation import Installation
from tests.browser.layout_checks import FIND_OVERFLOW, find_faults, find_overflow
from tests.browser.seed_login_link import create_login_links
from tests.fake_oauth_providers import FakeOAuthProviders

pytestmark = pytest.mark.browser

EN = Language.EN
BOT = "eva_stylist_bot"
TELEGRAM_WEB = "https://web.telegram.org"
WIDGET = """
const { authUrl, telegramLogin } = document.currentScript.dataset;
const link = document.createElement("a");
link.href = `${authUrl}?${"%s"}`;
link.textContent = `Log in with Telegram (${telegramLogin})`;
document.currentScript.after(link);
"""
"""Replaces Telegram's script: a link back with the parameters that Telegram adds."""

FRAME = """<!doctype html><title>Telegram Web</title>
<iframe width="340" height="600" sandbox="allow-scripts allow-same-origin allow-popups allow-forms allow-modals"
  src="%s"></iframe>
<script>
addEventListener("message", ({ data, source }) => {
  const { eventType, eventData } = JSON.parse(data);
  if (source === frames[0] && eventType === "web_app_open_link") open(eventData.url, "_blank", "noreferrer");
});
</script>"""
"""Replaces Telegram Web: a sandboxed Mini App, and links that open on its request."""

TWO_BROWSERS, ONE_LINK, TWO_CLICKS = "Linen Heron", "Satin Fox", "Denim Otter"
ACCESSIBLE = {"ko-KR": ("Corduroy Penguin 71", "새틴 고양이 12"), "en-GB": ("Corduroy Penguin 72", "새틴 고양이 13")}
"""For each language who logs in and who is then met by a visitor."""

Visit = Callable[..., Page]
Link = Callable[[str], str]


@pytest.fixture(scope="module")
def logins() -> Iterator[FakeOAuthProviders]:
    with FakeOAuthProviders() as peer:
        yield peer


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as peer:
        yield peer


@pytest.fixture(scope="module")
def installation(new_installation: NewInstallation) -> Installation:
    return new_installation()


@pytest.fixture(scope="module")
def server_url(installation: Installation, logins: FakeOAuthProviders, telegram: FakeTelegram) -> Iterator[str]:
    """URL of a server with all login methods, with Telegram's widget."""
    others = {name: value for name, value in logins.environment.items() if not name.startswith("telegram")}
    settings = {f"EVA_{name.upper()}": value for name, value in others.items()}
    with installation.running_server(
        **settings,
        EVA_TELEGRAM_TOKEN=telegram.token,
        EVA_TELEGRAM_API_URL=telegram.url,
        EVA_TELEGRAM_BOT_USERNAME=BOT,
    ) as address:
        yield address


@pytest.fixture(scope="module")
def link(server_url: str, installation: Installation) -> Link:
    """Login links as chats send them, an unused one at each call."""
    names = [*2 * [TWO_BROWSERS], ONE_LINK, *4 * [TWO_CLICKS], *(name for pair in ACCESSIBLE.values() for name in pair)]
    unused = list(zip(names, installation.seed(create_login_links, names), strict=True))

    def take(name: str) -> str:
        entry = next(entry for entry in unused if entry[0] == name)
        unused.remove(entry)
        return f"{server_url}/login/link/{entry[1]}"

    return take


@pytest.fixture
def visit(chromium: Browser, server_url: str, telegram: FakeTelegram) -> Iterator[Visit]:
    """Open a page in a new browser; an error in its console fails the test."""
    pages: list[Page] = []
    errors: list[str] = []

    def widget(route: Route) -> None:
        fields = {"id": "4711", "first_name": "Mina", "auth_date": str(int(time.time()))}
        key = hashlib.sha256(telegram.token.encode()).digest()
        script = WIDGET % urlencode(signed(key, fields))
        route.fulfill(status=200, content_type="text/javascript", body=script)

    def start(path: str = "/login", **context: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 360, "height": 740}, "reduced_motion": "reduce"}
        page = chromium.new_context(**{**options, **context}).new_page()
        pages.append(page)
        page.route("https://telegram.org/**", widget)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type in {"error", "warning"} else None)
        page.goto(path if path.startswith("http") else server_url + path)
        return page

    yield start
    for page in pages:
        page.context.close()
    assert not errors


def signed(key: bytes, fields: dict[str, str]) -> dict[str, str]:
    words = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {**fields, "hash": hmac.new(key, words.encode(), "sha256").hexdigest()}


def button(page: Page, key: str, **words: str) -> Any:
    return page.get_by_role("button", name=translate(key, EN, **words), exact=True)


def enter(visit: Visit, link: Link, name: str) -> Page:
    page = visit(link(name))
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("login.link.title", EN, name=name))
    button(page, "login.link.enter").click()
    expect(page).to_have_url(re.compile("/me$"))
    return page


def test_link_logs_in_and_logout_everywhere_ends_all_sessions(visit: Visit, link: Link, server_url: str) -> None:
    phone, laptop = [enter(visit, link, TWO_BROWSERS) for _ in range(2)]
    phone.goto(f"{server_url}/login")
    expect(phone.locator(".lead")).to_have_text(translate("login.here", EN, name=TWO_BROWSERS))
    button(phone, "login.everywhere").click()
    expect(phone.get_by_text(translate("login.said.everywhere", EN))).to_be_visible()
    laptop.goto(f"{server_url}/login")
    expect(laptop.get_by_role("heading", level=1)).to_have_text(translate("login.title", EN))


def test_used_link_is_explained(visit: Visit, link: Link) -> None:
    address = link(ONE_LINK)
    page = visit(address)
    button(page, "login.link.enter").click()
    expect(page).to_have_url(re.compile("/me$"))
    other = visit("/login")
    other.on("console", lambda _: None)
    reply = other.request.get(address)
    assert reply.status == 410
    assert translate("login.over.title", EN) in reply.text()


def test_two_clicks_send_a_form_once(visit: Visit, link: Link) -> None:
    page = visit(address := link(TWO_CLICKS))
    sent = []

    def answer_late(route: Route) -> None:
        sent.append(route.request.method)
        time.sleep(1)
        route.continue_()

    page.route(address, answer_late)
    button(page, "login.link.enter").dblclick(delay=100)
    expect(page).to_have_url(re.compile("/me$"))
    assert sent == ["POST"]


def test_a_click_while_the_answer_takes_long_sends_nothing(visit: Visit, link: Link) -> None:
    page = visit(link(TWO_CLICKS))
    page.clock.install()
    page.evaluate("""() => {
        window.ignored = [];
        addEventListener("submit", (event) => {
            ignored.push(event.defaultPrevented);
            event.preventDefault();
        });
    }""")
    enter = button(page, "login.link.enter")
    enter.click()
    # The page, too, had not come as a whole.
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))")
    enter.click()
    page.clock.fast_forward(20_000)
    enter.click()
    page.clock.fast_forward(20_000)
    enter.click()
    assert page.evaluate("ignored") == [False, True, True, False]


def test_a_form_is_sent_again_after_the_person_has_stopped_it(visit: Visit, link: Link) -> None:
    page = visit(address := link(TWO_CLICKS))
    page.route(address, lambda _: None)
    number = count(1)
    with page.expect_request(lambda request: request.url == address and next(number) == 2):
        page.evaluate("""() => {
            const click = () => document.querySelector("main form button").click();
            navigation.addEventListener("navigateerror", () => setTimeout(click), { once: true });
            click();
            setTimeout(stop, 100);
        }""")


def test_a_form_is_sent_again_after_going_back(visit: Visit, link: Link) -> None:
    page = visit(address := link(TWO_CLICKS))
    sent = []

    def stay(route: Route) -> None:
        sent.append(route.request.method)
        route.fulfill(status=204)

    page.route(address, stay)
    for _ in range(2):
        with page.expect_request(address):
            button(page, "login.link.enter").click(no_wait_after=True)
        # In a browser that kept the page.
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert sent == ["POST", "POST"]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_kakao_login_returns_to_the_page(
    visit: Visit, logins: FakeOAuthProviders, server_url: str, scripts: bool
) -> None:
    logins.user_id = f"330{scripts:d}"
    page = visit("/login?next=/styles", java_script_enabled=scripts)
    page.get_by_role("link", name=translate("login.with.kakao", EN)).click()
    expect(page).to_have_url(f"{server_url}/styles")
    [cookie] = [cookie for cookie in page.context.cookies() if cookie["name"] == "visitor"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    page.goto(f"{server_url}/login")
    page.get_by_role("link", name=translate("login.join.facebook", EN)).click()
    expect(page.get_by_text(translate("login.has.login", EN, way="Kakao"))).to_be_visible()
    assert find_overflow(page) == {}
    button(page, "login.confirm.join.new", way="Facebook").click()
    expect(page.get_by_text(translate("login.said.connected", EN))).to_be_visible()
    button(page, "login.disconnect.facebook").click()
    expect(page.get_by_text(translate("login.said.disconnected", EN))).to_be_visible()
    button(page, "login.disconnect.kakao").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("login.ask.disconnect.title", EN))
    page.get_by_role("link", name=translate("login.ask.no", EN)).click()
    expect(page.get_by_text(translate("login.way.kakao", EN), exact=True)).to_be_visible()
    button(page, "login.out").click()
    expect(page.get_by_text(translate("login.said.out", EN))).to_be_visible()


def test_denied_login_returns_to_the_page(visit: Visit, logins: FakeOAuthProviders) -> None:
    page = visit("/login")
    logins.denies = True
    try:
        page.get_by_role("link", name=translate("login.with.kakao", EN)).click()
        expect(page.get_by_text(translate("login.said.denied", EN))).to_be_visible()
    finally:
        logins.denies = False


def test_telegram_login_widget(visit: Visit, server_url: str) -> None:
    page = visit("/login?next=/model")
    page.get_by_role("link", name=f"Log in with Telegram ({BOT})").click()
    expect(page).to_have_url(f"{server_url}/model")
    page.goto(f"{server_url}/login")
    expect(page.get_by_text(translate("login.way.telegram", EN), exact=True)).to_be_visible()


def mini_app(telegram: FakeTelegram, user: int) -> str:
    """The path that Telegram opens for a user."""
    person = json.dumps({"id": user, "first_name": "Mina", "language_code": "en"})
    fields = {"user": person, "auth_date": str(int(time.time())), "signature": "x"}
    data = urlencode(signed(hmac.digest(b"WebAppData", telegram.token.encode(), "sha256"), fields))
    return f"/login/telegram/app#{urlencode({'tgWebAppData': data, 'tgWebAppVersion': '9.0'})}"


@contextmanager
def framed(chromium: Browser, address: str, by: str) -> Iterator[Page]:
    """A page of another site that shows this one in a frame, as Telegram Web does."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    content = FRAME % address.replace("&", "&amp;")
    # The frame's server is this machine, which Chromium protects from pages of the network.
    context.grant_permissions(["local-network-access"], origin=by)
    context.route(f"{by}/", lambda route: route.fulfill(content_type="text/html", body=content))
    yield context.new_page()
    context.close()


def test_telegram_web_frames_the_mini_app_and_opens_it_in_a_tab(
    chromium: Browser, server_url: str, telegram: FakeTelegram
) -> None:
    with framed(chromium, server_url + mini_app(telegram, 816), by=TELEGRAM_WEB) as page:
        page.goto(TELEGRAM_WEB)
        app = page.frame_locator("iframe")
        expect(app.get_by_text(translate("login.app.apart", EN))).to_be_visible()
        expect(app.get_by_role("navigation")).to_have_count(0)
        assert page.frames[1].evaluate(FIND_OVERFLOW) == []
        with page.context.expect_page() as opened:
            app.get_by_role("link", name=translate("login.app.tab", EN)).click()
        tab = opened.value
        expect(tab).to_have_url(re.compile("/login/link/"))
        tab.get_by_role("button", name=translate("login.link.enter", EN)).click()
        expect(tab).to_have_url(re.compile("/me$"))
        assert [cookie["name"] for cookie in page.context.cookies(server_url)] == ["visitor"]


def test_other_sites_cannot_frame_the_mini_app(chromium: Browser, server_url: str, telegram: FakeTelegram) -> None:
    by = "https://web.telegram.example"
    with framed(chromium, server_url + mini_app(telegram, 817), by=by) as page:
        with page.expect_event("requestfailed") as refused:
            page.goto(by)
        assert refused.value.url.startswith(server_url)
        assert refused.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"


def test_mini_app_logs_in(visit: Visit, telegram: FakeTelegram) -> None:
    page = visit(mini_app(telegram, 815))
    expect(page).to_have_url(re.compile("/login/link/"))
    button(page, "login.link.enter").click()
    expect(page).to_have_url(re.compile("/me$"))


@pytest.mark.parametrize("locale", list(ACCESSIBLE))
def test_login_pages_are_accessible(visit: Visit, link: Link, server_url: str, locale: str) -> None:
    page, language, faults = visit(locale=locale), Language(locale[:2]), dict[str, list[str]]()

    def look(name: str) -> None:
        faults[name] = find_faults(page)

    look("stranger")
    page.goto(f"{server_url}/login/telegram/app")
    look("app")
    name, other_name = ACCESSIBLE[locale]
    page.goto(link(name))
    look("link")
    page.locator("form.panel button").first.click()
    expect(page).to_have_url(re.compile("/me$"))
    page.goto(f"{server_url}/login")
    look("known")
    page.locator(".logins button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("login.ask.disconnect.title", language))
    look("ask")
    page.locator(".choices button").click()
    expect(page).to_have_url(re.compile("said=disconnected$"))
    look("visitor")
    page.goto(link(other_name))
    look("bring")
    assert not any(faults.values()), faults

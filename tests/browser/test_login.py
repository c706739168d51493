"""Logging in and out in a real browser: by a link from a chat, through a provider's redirects, with Telegram."""

import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from bot.testing.telegram import FakeTelegram
from core.i18n.translations import Language, translate
from tests.browser.conftest import ENVIRONMENT, running_server
from tests.browser.layout_checks import FIND_OVERFLOW, LAYOUT_SHIFT, WIDTHS, find_overflow
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
"""A stand-in for Telegram's script: a link back, with what Telegram would add to it."""

FRAME = """<!doctype html><title>Telegram Web</title>
<iframe width="340" height="600" sandbox="allow-scripts allow-same-origin allow-popups allow-forms allow-modals"
  src="%s"></iframe>
<script>
addEventListener("message", ({ data, source }) => {
  const { eventType, eventData } = JSON.parse(data);
  if (source === frames[0] && eventType === "web_app_open_link") open(eventData.url, "_blank", "noreferrer");
});
</script>"""
"""A stand-in for Telegram in a browser: a Mini App in its sandbox, and links that are opened when it asks."""

Visit = Callable[..., Page]
Link = Callable[[str, str], str]


@pytest.fixture(scope="module")
def logins() -> Iterator[FakeOAuthProviders]:
    with FakeOAuthProviders() as peer:
        yield peer


@pytest.fixture(scope="module")
def telegram() -> Iterator[FakeTelegram]:
    with FakeTelegram() as peer:
        yield peer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("login")


@pytest.fixture(scope="module")
def door(folder: Path, logins: FakeOAuthProviders, telegram: FakeTelegram) -> Iterator[str]:
    """The address of an Eva with all logins, of Telegram's the one with a script of Telegram's."""
    others = {name: value for name, value in logins.environment.items() if not name.startswith("telegram")}
    settings = {f"EVA_{name.upper()}": value for name, value in others.items()}
    with running_server(
        folder,
        **settings,
        EVA_TELEGRAM_TOKEN=telegram.token,
        EVA_TELEGRAM_API_URL=telegram.url,
        EVA_TELEGRAM_BOT_USERNAME=BOT,
    ) as address:
        yield address


@pytest.fixture
def link(door: str, folder: Path) -> Link:
    """A link as somebody gets it in a chat."""

    def issue(subject: str, name: str) -> str:
        command = [sys.executable, "-m", "tests.browser.seed_login_link", subject, name]
        done = subprocess.run(
            command, cwd=folder, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60
        )
        return f"{door}/login/link/{done.stdout.strip()}"

    return issue


@pytest.fixture
def visit(chromium: Browser, door: str, telegram: FakeTelegram) -> Iterator[Visit]:
    """Open a page in a new browser; any complaint in its console fails the test."""
    pages: list[Page] = []
    complaints: list[str] = []

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
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        page.goto(path if path.startswith("http") else door + path)
        return page

    yield start
    for page in pages:
        page.context.close()
    assert not complaints


def signed(key: bytes, fields: dict[str, str]) -> dict[str, str]:
    words = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {**fields, "hash": hmac.new(key, words.encode(), "sha256").hexdigest()}


def button(page: Page, key: str, **words: str) -> Any:
    return page.get_by_role("button", name=translate(key, EN, **words), exact=True)


def enter(visit: Visit, link: Link, subject: str, name: str) -> Page:
    page = visit(link(subject, name))
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("login.link.title", EN, name=name))
    button(page, "login.link.enter").click()
    expect(page).to_have_url(re.compile("/me$"))
    return page


def test_a_link_logs_in_and_everywhere_means_everywhere(visit: Visit, link: Link, door: str) -> None:
    phone, desk = [enter(visit, link, "1", "Linen Heron") for _ in range(2)]
    phone.goto(f"{door}/login")
    expect(phone.locator(".lead")).to_have_text(translate("login.here", EN, name="Linen Heron"))
    button(phone, "login.everywhere").click()
    expect(phone.get_by_text(translate("login.said.everywhere", EN))).to_be_visible()
    desk.goto(f"{door}/login")
    expect(desk.get_by_role("heading", level=1)).to_have_text(translate("login.title", EN))


def test_a_link_that_was_used_says_so(visit: Visit, link: Link) -> None:
    address = link("2", "Satin Fox")
    page = visit(address)
    button(page, "login.link.enter").click()
    expect(page).to_have_url(re.compile("/me$"))
    other = visit("/login")
    other.on("console", lambda _: None)
    reply = other.request.get(address)
    assert reply.status == 410
    assert translate("login.over.title", EN) in reply.text()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_through_kakaos_pages_and_back(visit: Visit, logins: FakeOAuthProviders, door: str, scripts: bool) -> None:
    logins.user_id = f"330{scripts:d}"
    page = visit("/login?next=/styles", java_script_enabled=scripts)
    page.get_by_role("link", name=translate("login.with.kakao", EN)).click()
    expect(page).to_have_url(f"{door}/styles")
    [cookie] = [each for each in page.context.cookies() if each["name"] == "visitor"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    page.goto(f"{door}/login")
    page.get_by_role("link", name=translate("login.join.facebook", EN)).click()
    expect(page.get_by_text(translate("login.said.connected", EN))).to_be_visible()
    button(page, "login.disconnect.facebook").click()
    expect(page.get_by_text(translate("login.said.disconnected", EN))).to_be_visible()
    button(page, "login.disconnect.kakao").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("login.ask.disconnect.title", EN))
    page.get_by_role("link", name=translate("login.ask.no", EN)).click()
    expect(page.get_by_text(translate("login.way.kakao", EN), exact=True)).to_be_visible()
    button(page, "login.out").click()
    expect(page.get_by_text(translate("login.said.out", EN))).to_be_visible()


def test_who_says_no_is_back_where_they_were(visit: Visit, logins: FakeOAuthProviders) -> None:
    page = visit("/login")
    logins.denies = True
    try:
        page.get_by_role("link", name=translate("login.with.kakao", EN)).click()
        expect(page.get_by_text(translate("login.said.denied", EN))).to_be_visible()
    finally:
        logins.denies = False


def test_telegrams_button(visit: Visit, door: str) -> None:
    page = visit("/login?next=/model")
    page.get_by_role("link", name=f"Log in with Telegram ({BOT})").click()
    expect(page).to_have_url(f"{door}/model")
    page.goto(f"{door}/login")
    expect(page.get_by_text(translate("login.way.telegram", EN), exact=True)).to_be_visible()


def mini_app(telegram: FakeTelegram, user: int) -> str:
    """The address that Telegram opens for somebody."""
    person = json.dumps({"id": user, "first_name": "Mina", "language_code": "en"})
    fields = {"user": person, "auth_date": str(int(time.time())), "signature": "x"}
    data = urlencode(signed(hmac.digest(b"WebAppData", telegram.token.encode(), "sha256"), fields))
    return f"/login/telegram/app#{urlencode({'tgWebAppData': data, 'tgWebAppVersion': '9.0'})}"


@contextmanager
def framed(chromium: Browser, address: str, by: str) -> Iterator[Page]:
    """A browser in which the first page of another site has this one in a frame, as Telegram Web does it."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 360, "height": 740}, reduced_motion="reduce")
    content = FRAME % address.replace("&", "&amp;")
    # The frame's server is this machine, which Chromium protects from pages of the network.
    context.grant_permissions(["local-network-access"], origin=by)
    context.route(f"{by}/", lambda route: route.fulfill(content_type="text/html", body=content))
    yield context.new_page()
    context.close()


def test_telegram_web_frames_the_mini_app_and_opens_it_in_a_tab(
    chromium: Browser, door: str, telegram: FakeTelegram
) -> None:
    with framed(chromium, door + mini_app(telegram, 816), by=TELEGRAM_WEB) as page:
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
        assert [each["name"] for each in page.context.cookies(door)] == ["visitor"]


def test_nobody_else_frames_it(chromium: Browser, door: str, telegram: FakeTelegram) -> None:
    by = "https://web.telegram.example"
    with framed(chromium, door + mini_app(telegram, 817), by=by) as page:
        with page.expect_event("requestfailed") as refused:
            page.goto(by)
        assert refused.value.url.startswith(door)
        assert refused.value.failure == "net::ERR_BLOCKED_BY_RESPONSE"


def test_as_a_mini_app(visit: Visit, telegram: FakeTelegram) -> None:
    page = visit(mini_app(telegram, 815))
    expect(page).to_have_url(re.compile("/login/link/"))
    button(page, "login.link.enter").click()
    expect(page).to_have_url(re.compile("/me$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["ko-KR", "en-GB"])
def test_the_pages_are_for_everybody(visit: Visit, link: Link, door: str, locale: str, scheme: str) -> None:
    """Nothing sticks out or jumps, and nothing that can be checked stands in anybody's way."""
    shots = os.environ.get("EVA_TEST_SHOTS")
    page, language = visit(locale=locale, color_scheme=scheme), Language(locale[:2])

    def look(name: str) -> None:
        assert find_overflow(page) == {}, name
        for width in WIDTHS if shots else ():
            page.set_viewport_size({"width": width, "height": 740})
            page.screenshot(path=Path(shots or "") / f"{name}-{width}-{locale}-{scheme}.png", full_page=True)
        assert page.evaluate(LAYOUT_SHIFT) < 0.02, name
        found = [each for each in Axe().run(page).response["violations"] if each["impact"] in {"serious", "critical"}]
        assert found == [], name

    look("stranger")
    page.goto(f"{door}/login/telegram/app")
    look("app")
    page.goto(link("9", "Corduroy Penguin 71"))
    look("link")
    page.locator("form.panel button").first.click()
    expect(page).to_have_url(re.compile("/me$"))
    page.goto(f"{door}/login")
    look("known")
    page.locator(".logins button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("login.ask.disconnect.title", language))
    look("ask")
    page.locator(".choices button").click()
    expect(page).to_have_url(re.compile("said=disconnected$"))
    look("visitor")
    page.goto(link("10", "새틴 고양이 12"))
    look("bring")

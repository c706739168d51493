"""The login page: available methods, logout and unlinking."""

from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from core.db import one_time_tokens, people
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import translate
from core.resources import Resources
from core.services import accounts
from core.services.deletion import erase_person
from core.urls import LOGIN_LINK_PATH
from leaderboard_web.auth import login_page
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.factories import hearted_look_ids
from tests.fake_oauth_providers import FakeOAuthProviders
from tests.html import attributes
from tests.integration.leaderboard_web.auth.conftest import (
    EN,
    SITE,
    BrowserFactory,
    count,
    create_site,
    create_visitor,
    get_owner_id,
    get_session_person_id,
    log_in,
)

BOT = "eva_stylist_bot"


async def test_unconfigured_logins_are_not_found(resources: Resources, samples: Path) -> None:
    app = create_site(resources, samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as client:
        page = await client.get("/login", headers={"Accept-Language": "en"})
        assert translate("login.none", EN) in unescape(page.text)
        assert attributes(page, "main a", "href") == ["/"]
        assert "telegram.org" not in page.text + page.headers["content-security-policy"]
        for path in ("/login/kakao", "/login/kakao/back", "/login/facebook", "/login/telegram/app"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/login/telegram/app")).status_code in {404, 405}


async def test_csp_allows_the_telegram_widget_on_the_login_page_only(resources: Resources, samples: Path) -> None:
    app = create_site(resources, samples, telegram_token=SecretStr("1:token"), telegram_bot_username=BOT)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as mina:
        page, other = await mina.get("/login"), await mina.get("/styles")
    policy = dict(directive.split(" ", 1) for directive in page.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self' https://telegram.org"
    assert policy["frame-src"] == "https://oauth.telegram.org"
    assert policy["default-src"] == "'none'"
    assert page.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert f'data-telegram-login="{BOT}"' in page.text
    assert "telegram" not in other.headers["content-security-policy"]
    assert other.headers["cross-origin-opener-policy"] == "same-origin"


async def test_display_name_is_escaped(resources: Resources, mina: httpx.AsyncClient) -> None:
    await log_in(mina)
    person = await get_session_person_id(resources, mina)
    assert person is not None
    async with resources.database.transaction() as connection:
        await people.update_display_name(connection, person, "<img src=x>")
    page = await mina.get("/login")
    assert "<img src=x>" not in page.text
    assert "&lt;img src=x&gt;" in page.text


async def test_logout_ends_this_session_only(resources: Resources, browser: BrowserFactory) -> None:
    first, second = browser(), browser()
    await log_in(first)
    await log_in(second)
    old_cookie = first.cookies[VISITOR_COOKIE]
    reply = await first.post("/login/out")
    assert reply.headers["location"] == "/login?said=out"
    assert reply.headers["clear-site-data"] == '"cache", "storage"'
    assert VISITOR_COOKIE not in first.cookies
    assert await get_owner_id(resources, IdentityProvider.WEB, old_cookie.partition(".")[0]) is None
    assert await get_session_person_id(resources, second) is not None
    # The server does not accept the old cookie any more.
    first.cookies.set(VISITOR_COOKIE, old_cookie, domain="eva.example")
    assert translate("login.title.known", EN) not in (await first.get("/login")).text


async def test_logout_everywhere_ends_all_sessions(resources: Resources, browser: BrowserFactory) -> None:
    first, second = browser(), browser()
    await log_in(first)
    await log_in(second)
    reply = await first.post("/login/everywhere")
    assert reply.headers["location"] == "/login?said=everywhere"
    assert "clear-site-data" in reply.headers
    assert await get_session_person_id(resources, second) is None
    assert translate("login.title.known", EN) not in (await second.get("/login")).text
    assert await count(resources, "people") == 1


@pytest.mark.parametrize("operation", ["everywhere", "disconnect/kakao"])
async def test_login_links_end_with_the_sessions_or_the_login(
    resources: Resources, browser: BrowserFactory, operation: str
) -> None:
    owner, thief = browser(), browser()
    await log_in(owner, "kakao")
    person = await get_session_person_id(resources, owner)
    assert person is not None
    async with resources.database.transaction() as connection:
        link = f"{LOGIN_LINK_PATH}/{await one_time_tokens.create(connection, person)}"
    await owner.post(f"/login/{operation}", data={"sure": "1"})
    assert (await thief.post(link)).status_code == 410
    assert await get_session_person_id(resources, thief) is None


async def test_logout_without_login_asks_before_erasing(resources: Resources, mina: httpx.AsyncClient) -> None:
    visitor = await create_visitor(resources, mina)
    assert translate("login.out.visitor", EN) in unescape((await mina.get("/login")).text)
    for operation in ("out", "everywhere"):
        reply = await mina.post(f"/login/{operation}")
        assert reply.status_code == 200
        assert translate("login.ask.out", EN) in unescape(reply.text)
        assert attributes(reply, ".languages a", "href") == [], "this address opens no page"
        assert await get_session_person_id(resources, mina) == visitor
    reply = await mina.post("/login/out", data={"sure": "1"})
    assert reply.headers["location"] == "/me/goodbye", "the page that says that everything was deleted"
    async with resources.database.transaction() as connection:
        assert await people.get(connection, visitor) is None
        assert await hearted_look_ids(connection, visitor) == set()
    assert await count(resources, "hearts") == 0


@pytest.mark.parametrize("operation", ["out", "everywhere"])
async def test_a_login_that_is_connected_while_logging_out_keeps_the_person(
    resources: Resources, mina: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    visitor = await create_visitor(resources, mina)
    session_key = mina.cookies[VISITOR_COOKIE].partition(".")[0]

    async def connect_and_erase(resources: Resources, person_id: UUID, **options: Any) -> bool:
        async with resources.database.transaction() as connection:
            await create_identity(connection, person_id, IdentityProvider.TELEGRAM, "42")
        return await erase_person(resources, person_id, **options)

    monkeypatch.setattr(login_page, "erase_person", connect_and_erase)
    reply = await mina.post(f"/login/{operation}", data={"sure": "1"})
    assert reply.headers["location"] == f"/login?said={operation}"
    assert await get_owner_id(resources, IdentityProvider.WEB, session_key) is None
    assert await get_owner_id(resources, IdentityProvider.TELEGRAM, "42") == visitor
    assert await count(resources, "hearts") == 1


async def test_unlinking_the_last_login_asks_for_confirmation(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    await log_in(mina, "kakao")
    await log_in(mina, "facebook")
    person = await get_session_person_id(resources, mina)
    assert (await mina.post("/login/disconnect/facebook")).headers["location"] == "/login?said=disconnected"
    assert await get_owner_id(resources, IdentityProvider.FACEBOOK, logins.user_id) is None
    reply = await mina.post("/login/disconnect/kakao")
    assert reply.status_code == 200
    assert translate("login.ask.disconnect.title", EN) in reply.text
    assert await get_owner_id(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) == person
    await mina.post("/login/disconnect/kakao", data={"sure": "1"})
    assert await get_owner_id(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) is None
    assert await get_session_person_id(resources, mina) == person
    assert (await mina.post("/login/disconnect/myspace")).status_code == 404


@pytest.mark.parametrize("operation", ["out", "everywhere", "disconnect/kakao"])
async def test_anonymous_and_cross_site_requests_change_no_login(
    resources: Resources, mina: httpx.AsyncClient, operation: str
) -> None:
    assert (await mina.post(f"/login/{operation}")).status_code == 303
    await log_in(mina)
    session = await get_session_person_id(resources, mina)
    assert (await mina.post(f"/login/{operation}", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await get_session_person_id(resources, mina) == session


async def test_unlinking_kakao_removes_both_kakao_identities(resources: Resources) -> None:
    """Every provider but the browser's own belongs to exactly one method."""
    listed = [provider for providers in accounts.LOGIN_METHODS.values() for provider in providers]
    assert sorted(listed) == sorted(set(IdentityProvider) - {IdentityProvider.WEB})

"""Login with Telegram's widget, as a Mini App, and with a magic link from a chat."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from core.conversation.display_names import display_name
from core.db import looks, one_time_tokens, people
from core.db.identities import delete_identity, get_identity, list_identities
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services import accounts
from core.urls import LOGIN_LINK_PATH
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.databases import wait_until_blocked
from tests.factories import create_look, create_person
from tests.harness import make_application
from tests.html import attributes, texts
from tests.integration.leaderboard_web.auth.conftest import get_session_person_id

EN = Language.EN
SITE = "http://eva.example"
TOKEN = "123456:TEST-TOKEN-for-unit-tests"
MINA = "42"
BrowserFactory = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def browser(resources: Resources, samples: Path) -> AsyncIterator[BrowserFactory]:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    settings = {
        "public_url": SITE,
        "telegram_token": SecretStr(TOKEN),
        "telegram_bot_username": "eva_stylist_bot",
    }
    transport = httpx.ASGITransport(create_app(make_application(resources, classifier, **settings), samples=samples))
    async with AsyncExitStack() as stack:

        def start() -> httpx.AsyncClient:
            client = httpx.AsyncClient(transport=transport, base_url=SITE, headers={"Accept-Language": "en"})
            stack.push_async_callback(client.aclose)
            return client

        yield start


def sign(key: bytes, fields: dict[str, str]) -> dict[str, str]:
    text = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {**fields, "hash": hmac.new(key, text.encode(), "sha256").hexdigest()}


def widget_parameters(user: str = MINA, *, age: float = 0, token: str = TOKEN) -> dict[str, str]:
    """The signed parameters of the widget's callback."""
    fields = {"id": user, "first_name": "Mina", "auth_date": str(int(time.time() - age))}
    return sign(hashlib.sha256(token.encode()).digest(), fields)


def init_data(user: str = MINA, *, age: float = 0) -> str:
    """Signed `initData` of a Mini App."""
    person = json.dumps({"id": int(user), "first_name": "Mina", "language_code": "ko"})
    fields = {"query_id": "AAH", "user": person, "auth_date": str(int(time.time() - age)), "signature": "x"}
    return urlencode(sign(hmac.digest(b"WebAppData", TOKEN.encode(), "sha256"), fields))


async def start_login(client: httpx.AsyncClient, **params: str) -> str:
    """The callback URL of the widget on this browser's login page."""
    page = await client.get("/login", params=params)
    (url,) = attributes(page, "script[data-auth-url]", "data-auth-url")
    return url


async def create_chat_person(resources: Resources, user: str = MINA) -> UUID:
    """Create a person who chats with Eva on Telegram."""
    async with resources.database.transaction() as connection:
        return (
            await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, user, language=Language.EN)
        ).id


async def create_visitor(resources: Resources, client: httpx.AsyncClient) -> UUID:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    await client.post(f"/looks/{look.id}/heart")
    visitor = await get_session_person_id(resources, client)
    assert visitor is not None
    return visitor


async def create_magic_link(resources: Resources, person: UUID, **options: Any) -> str:
    async with resources.database.transaction() as connection:
        return f"{LOGIN_LINK_PATH}/{await one_time_tokens.create(connection, person, **options)}"


async def exists(resources: Resources, person: UUID) -> bool:
    async with resources.database.transaction() as connection:
        return await people.get(connection, person) is not None


# Login widget


async def test_widget_logs_in_the_person_of_the_chat(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await create_chat_person(resources)
    visitor = await create_visitor(resources, mina)
    reply = await mina.get(await start_login(mina, next="/styles"), params=widget_parameters())
    assert (reply.status_code, reply.headers["location"]) == (303, "/login/join")
    reply = await mina.post("/login/join", data={"do": "join"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/styles")
    assert await get_session_person_id(resources, mina) == person
    assert not await exists(resources, visitor)


async def test_widget_login_is_rejected_the_second_time(resources: Resources, browser: BrowserFactory) -> None:
    mina, thief = browser(), browser()
    proof = widget_parameters()
    assert (await mina.get(await start_login(mina), params=proof)).status_code == 303
    for client in (thief, mina):
        reply = await client.get(await start_login(thief), params=proof)
        assert reply.status_code == 400
        assert translate("error.login", EN) in unescape(reply.text)
    assert await get_session_person_id(resources, thief) is None


async def test_widget_callback_is_rejected_in_another_browser(resources: Resources, browser: BrowserFactory) -> None:
    """A victim with the attacker's login would show their photos to the attacker."""
    attacker, victim = browser(), browser()
    visitor = await create_visitor(resources, victim)
    back = await start_login(attacker)
    await start_login(victim)
    assert (await victim.get(back, params=widget_parameters("666"))).status_code == 400
    assert await get_session_person_id(resources, victim) == visitor
    async with resources.database.transaction() as connection:
        assert await get_identity(connection, IdentityProvider.TELEGRAM, "666") is None


@pytest.mark.parametrize("malformed", [{"age": 700.0}, {"age": -120.0}, {"token": "1:another"}, {"user": "0"}])
async def test_forged_or_old_widget_login_is_rejected(
    resources: Resources, mina: httpx.AsyncClient, malformed: dict[str, Any]
) -> None:
    assert (await mina.get(await start_login(mina), params=widget_parameters(**malformed))).status_code == 400
    assert await get_session_person_id(resources, mina) is None


async def test_linked_telegram_shows_no_widget(mina: httpx.AsyncClient) -> None:
    await mina.get(await start_login(mina), params=widget_parameters())
    page = await mina.get("/login")
    assert "telegram-widget" not in page.text
    assert "telegram.org" not in page.headers["content-security-policy"]
    assert 'action="/login/disconnect/telegram"' in page.text


# Mini App


async def test_mini_app_login_leads_to_the_confirmation_page(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await create_chat_person(resources)
    page = await mina.get("/login/telegram/app")
    assert "/telegram-app.js" in page.text
    data = init_data()
    reply = await mina.post("/login/telegram/app", data={"init_data": data})
    link = reply.json()["next"]
    assert link.startswith(f"{LOGIN_LINK_PATH}/")
    assert await get_session_person_id(resources, mina) is None
    again = await mina.post("/login/telegram/app", data={"init_data": data}, headers={"Accept": "application/json"})
    assert (again.status_code, again.json()["message"]) == (400, translate("error.login", EN))
    assert (await mina.post(link)).headers["location"] == "/me"
    assert await get_session_person_id(resources, mina) == person
    # A logged-in person skips the confirmation.
    assert (await mina.post("/login/telegram/app", data={"init_data": init_data()})).json() == {"next": "/me"}


async def test_only_the_mini_app_page_may_be_framed(resources: Resources, mina: httpx.AsyncClient) -> None:
    """No other site may frame it, and no other page may be framed."""
    await create_chat_person(resources)
    ancestors = "content-security-policy"
    page = await mina.get("/login/telegram/app")
    policy = page.headers[ancestors].split("; ")
    assert [directive for directive in policy if directive.startswith("frame-ancestors")] == [
        "frame-ancestors https://web.telegram.org"
    ]
    assert "x-frame-options" not in page.headers
    link = (await mina.post("/login/telegram/app", data={"init_data": init_data()})).json()["next"]
    for path in (link, "/login", "/me", "/", "/login/telegram/back/x", "/login/telegram/nothing"):
        assert "frame-ancestors 'none'" in (await mina.get(path)).headers[ancestors], path


@pytest.mark.parametrize("data", ["", "hash=1", "user=%7B%22id%22%3A42%7D&auth_date=1&hash=x"])
async def test_invalid_init_data_is_rejected(resources: Resources, mina: httpx.AsyncClient, data: str) -> None:
    reply = await mina.post("/login/telegram/app", data={"init_data": data})
    assert reply.status_code == 400
    reply = await mina.post("/login/telegram/app", data={"init_data": init_data(age=3600)})
    assert reply.status_code == 400


# Magic link


async def test_magic_link_asks_first_and_works_once(resources: Resources, browser: BrowserFactory) -> None:
    person, mina, other = await create_chat_person(resources), browser(), browser()
    link = await create_magic_link(resources, person)
    # Messengers fetch links for previews any number of times.
    for _ in range(3):
        page = await other.get(link)
        assert page.status_code == 200
        assert attributes(page, "meta[name=robots]", "content") == ["noindex"]
        assert VISITOR_COOKIE not in other.cookies
    assert translate("login.link.enter", EN) in page.text
    assert (await mina.post(link)).headers["location"] == "/me"
    assert await get_session_person_id(resources, mina) == person
    # Who is logged in here, maybe not by this link, is told who they are.
    for reply in (await mina.get(link), await mina.post(link)):
        page = await mina.get(reply.headers["location"])
        name = display_name(person, None, EN)
        assert texts(page, ".log") == [translate("login.over.known", EN, name=name)]
    for reply in (await other.get(link), await other.post(link)):
        assert reply.status_code == 410
        assert translate("login.over", EN) in unescape(reply.text)
    assert await get_session_person_id(resources, other) is None


async def test_magic_link_during_an_erasure_is_expired(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await create_chat_person(resources)
    link = await create_magic_link(resources, person)
    async with resources.database.transaction() as erasure:
        assert await people.lock(erasure, person)
        login = asyncio.create_task(mina.post(link))
        await wait_until_blocked(resources.database)
        await people.delete_person(erasure, person)
    assert (await login).status_code == 410
    assert await get_session_person_id(resources, mina) is None


@pytest.mark.parametrize("token", ["x", "%00", "%ff", "a" * 3000])
async def test_invented_magic_link_is_expired(mina: httpx.AsyncClient, token: str) -> None:
    for reply in (await mina.get(f"{LOGIN_LINK_PATH}/{token}"), await mina.post(f"{LOGIN_LINK_PATH}/{token}")):
        assert reply.status_code == 410


async def test_magic_link_expires(resources: Resources, mina: httpx.AsyncClient) -> None:
    link = await create_magic_link(resources, await create_chat_person(resources), lifetime=-timedelta(seconds=1))
    assert (await mina.get(link)).status_code == 410
    assert (await mina.post(link)).status_code == 410


async def test_magic_link_redirects_the_logged_in_person(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await create_chat_person(resources)
    await mina.post(await create_magic_link(resources, person))
    reply = await mina.get(await create_magic_link(resources, person))
    assert (reply.status_code, reply.headers["location"]) == (303, "/me")


async def test_magic_link_to_oneself_erases_nobody(resources: Resources, mina: httpx.AsyncClient) -> None:
    """Links of a command are also for people whom nothing but this browser knows."""
    async with resources.database.transaction() as connection:
        person = (await people.get_or_create_by_identity(connection, IdentityProvider.WEB, "x", language=EN)).id
    await mina.post(await create_magic_link(resources, person))
    async with resources.database.transaction() as connection:
        await delete_identity(connection, IdentityProvider.WEB, "x")
    await mina.post(await create_magic_link(resources, person))
    assert await get_session_person_id(resources, mina) == person


async def test_magic_link_merges_the_visitor_on_request(resources: Resources, mina: httpx.AsyncClient) -> None:
    person, visitor = await create_chat_person(resources), await create_visitor(resources, mina)
    link = await create_magic_link(resources, person)
    assert translate("login.link.bring", EN) in (await mina.get(link)).text
    await mina.post(link, data={"bring": "1"})
    assert await get_session_person_id(resources, mina) == person
    assert not await exists(resources, visitor)
    async with resources.database.transaction() as connection:
        shared = (await connection.exec_driver_sql("SELECT person_id FROM hearts")).scalar_one()
    assert str(shared) == str(person)


async def test_magic_link_does_not_merge_the_visitor_by_default(resources: Resources, mina: httpx.AsyncClient) -> None:
    person, visitor = await create_chat_person(resources), await create_visitor(resources, mina)
    await mina.post(await create_magic_link(resources, person))
    assert await get_session_person_id(resources, mina) == person
    assert not await exists(resources, visitor)
    async with resources.database.transaction() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM hearts")).scalar_one() == 0


async def test_magic_link_switches_or_merges_accounts(resources: Resources, mina: httpx.AsyncClient) -> None:
    first, second, third = [await create_chat_person(resources, user) for user in ("1", "2", "3")]
    await mina.post(await create_magic_link(resources, first))
    page = await mina.get(await create_magic_link(resources, second))
    for key in ("login.link.merge", "login.link.merge.hint", "login.link.yours"):
        assert translate(key, EN) in unescape(page.text)
    await mina.post(await create_magic_link(resources, second))
    assert await get_session_person_id(resources, mina) == second
    assert await exists(resources, first)
    await mina.post(await create_magic_link(resources, third), data={"bring": "1"})
    assert await get_session_person_id(resources, mina) == third
    assert not await exists(resources, second)
    async with resources.database.transaction() as connection:
        assert set(accounts.find_linked_logins(await list_identities(connection, third))) == {"telegram"}


async def test_cross_site_request_cannot_use_a_magic_link(resources: Resources, mina: httpx.AsyncClient) -> None:
    link = await create_magic_link(resources, await create_chat_person(resources))
    assert (await mina.post(link, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await mina.get(link)).status_code == 200

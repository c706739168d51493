"""Logging in with Telegram's widget and as a Mini App, and by the one-time link of a chat."""

import hashlib
import hmac
import json
import re
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

from core.conversation.service import LOGIN_LINK_PATH
from core.db import looks, one_time_tokens, people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services import accounts
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.sessions import VISITOR_COOKIE
from tests.factories import create_look, create_person
from tests.harness import make_application

EN = Language.EN
SITE = "http://eva.example"
TOKEN = "123456:TEST-TOKEN-for-unit-tests"
MINA = "42"
NewBrowser = Callable[[], httpx.AsyncClient]


@pytest.fixture
async def browser(resources: Resources, samples: Path) -> AsyncIterator[NewBrowser]:
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


@pytest.fixture
def mina(browser: NewBrowser) -> httpx.AsyncClient:
    return browser()


def signed(key: bytes, fields: dict[str, str]) -> dict[str, str]:
    words = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {**fields, "hash": hmac.new(key, words.encode(), "sha256").hexdigest()}


def a_login(user: str = MINA, *, age: float = 0, token: str = TOKEN) -> dict[str, str]:
    """What the widget adds to the address."""
    fields = {"id": user, "first_name": "Mina", "auth_date": str(int(time.time() - age))}
    return signed(hashlib.sha256(token.encode()).digest(), fields)


def init_data(user: str = MINA, *, age: float = 0) -> str:
    """What a Mini App is opened with."""
    person = json.dumps({"id": int(user), "first_name": "Mina", "language_code": "ko"})
    fields = {"query_id": "AAH", "user": person, "auth_date": str(int(time.time() - age)), "signature": "x"}
    return urlencode(signed(hmac.digest(b"WebAppData", TOKEN.encode(), "sha256"), fields))


async def way_back(client: httpx.AsyncClient, **params: str) -> str:
    """Where the widget sends this browser."""
    page = await client.get("/login", params=params)
    found = re.search(r'data-auth-url="([^"]+)"', page.text)
    assert found is not None
    return unescape(found[1])


async def who(resources: Resources, client: httpx.AsyncClient) -> UUID | None:
    key = (client.cookies.get(VISITOR_COOKIE) or "").partition(".")[0]
    async with resources.database.transaction() as connection:
        found = await people.get_identity(connection, IdentityProvider.WEB, key)
    return None if found is None else found.person_id


async def in_chat(resources: Resources, user: str = MINA) -> UUID:
    """Somebody who talks to Eva on Telegram."""
    async with resources.database.transaction() as connection:
        return (await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, user, language="en")).id


async def a_visit(resources: Resources, client: httpx.AsyncClient) -> UUID:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    await client.post(f"/looks/{look.id}/heart")
    visitor = await who(resources, client)
    assert visitor is not None
    return visitor


async def a_link(resources: Resources, person: UUID, **options: Any) -> str:
    async with resources.database.transaction() as connection:
        return f"{LOGIN_LINK_PATH}/{await one_time_tokens.create(connection, person, **options)}"


async def exists(resources: Resources, person: UUID) -> bool:
    async with resources.database.transaction() as connection:
        return await people.get(connection, person) is not None


# The widget


async def test_the_widget_logs_in_who_is_known_from_the_chat(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await in_chat(resources)
    visitor = await a_visit(resources, mina)
    reply = await mina.get(await way_back(mina, next="/styles"), params=a_login())
    assert (reply.status_code, reply.headers["location"]) == (303, "/styles")
    assert await who(resources, mina) == person
    assert not await exists(resources, visitor)


async def test_a_login_of_telegrams_is_good_once(resources: Resources, browser: NewBrowser) -> None:
    mina, thief = browser(), browser()
    proof = a_login()
    assert (await mina.get(await way_back(mina), params=proof)).status_code == 303
    for client in (thief, mina):
        reply = await client.get(await way_back(thief), params=proof)
        assert reply.status_code == 400
        assert translate("error.login", EN) in unescape(reply.text)
    assert await who(resources, thief) is None


async def test_nobody_is_logged_in_by_a_link_of_somebody_elses(resources: Resources, browser: NewBrowser) -> None:
    """With a login of the attacker's own the victim would from then on show their photos to the attacker."""
    attacker, victim = browser(), browser()
    visitor = await a_visit(resources, victim)
    back = await way_back(attacker)
    await way_back(victim)
    assert (await victim.get(back, params=a_login("666"))).status_code == 400
    assert await who(resources, victim) == visitor
    async with resources.database.transaction() as connection:
        assert await people.get_identity(connection, IdentityProvider.TELEGRAM, "666") is None


@pytest.mark.parametrize("odd", [{"age": 700.0}, {"age": -120.0}, {"token": "1:another"}, {"user": "0"}])
async def test_what_telegram_did_not_just_say_is_refused(
    resources: Resources, mina: httpx.AsyncClient, odd: dict[str, Any]
) -> None:
    assert (await mina.get(await way_back(mina), params=a_login(**odd))).status_code == 400
    assert await who(resources, mina) is None


async def test_a_connected_telegram_has_no_button(mina: httpx.AsyncClient) -> None:
    await mina.get(await way_back(mina), params=a_login())
    page = await mina.get("/login")
    assert "telegram-widget" not in page.text
    assert "telegram.org" not in page.headers["content-security-policy"]
    assert 'action="/login/disconnect/telegram"' in page.text


# The Mini App


async def test_a_mini_app_leads_to_the_page_that_asks(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await in_chat(resources)
    page = await mina.get("/login/telegram/app")
    assert "/telegram-app.js" in page.text
    data = init_data()
    reply = await mina.post("/login/telegram/app", data={"init_data": data})
    link = reply.json()["next"]
    assert link.startswith(f"{LOGIN_LINK_PATH}/")
    assert await who(resources, mina) is None
    again = await mina.post("/login/telegram/app", data={"init_data": data}, headers={"Accept": "application/json"})
    assert (again.status_code, again.json()["message"]) == (400, translate("error.login", EN))
    assert (await mina.post(link)).headers["location"] == "/me"
    assert await who(resources, mina) == person
    # Opened again by who is in already.
    assert (await mina.post("/login/telegram/app", data={"init_data": init_data()})).json() == {"next": "/me"}


async def test_telegram_web_may_frame_that_page_and_no_other(resources: Resources, mina: httpx.AsyncClient) -> None:
    """Nor may anybody else; what the page leads to stays in nobody's frame."""
    await in_chat(resources)
    ancestors = "content-security-policy"
    page = await mina.get("/login/telegram/app")
    policy = page.headers[ancestors].split("; ")
    assert [each for each in policy if each.startswith("frame-ancestors")] == [
        "frame-ancestors https://web.telegram.org"
    ]
    assert "x-frame-options" not in page.headers
    link = (await mina.post("/login/telegram/app", data={"init_data": init_data()})).json()["next"]
    for path in (link, "/login", "/me", "/", "/login/telegram/back/x", "/login/telegram/nothing"):
        assert "frame-ancestors 'none'" in (await mina.get(path)).headers[ancestors], path


@pytest.mark.parametrize("data", ["", "hash=1", "user=%7B%22id%22%3A42%7D&auth_date=1&hash=x"])
async def test_made_up_init_data_is_refused(resources: Resources, mina: httpx.AsyncClient, data: str) -> None:
    reply = await mina.post("/login/telegram/app", data={"init_data": data})
    assert reply.status_code == 400
    reply = await mina.post("/login/telegram/app", data={"init_data": init_data(age=3600)})
    assert reply.status_code == 400


# The link


async def test_a_link_asks_first_and_works_once(resources: Resources, browser: NewBrowser) -> None:
    person, mina, other = await in_chat(resources), browser(), browser()
    link = await a_link(resources, person)
    # Messengers fetch it for a preview, as often as they like.
    for _ in range(3):
        page = await other.get(link)
        assert page.status_code == 200
        assert 'name="robots" content="noindex"' in page.text
        assert VISITOR_COOKIE not in other.cookies
    assert translate("login.link.enter", EN) in page.text
    assert (await mina.post(link)).headers["location"] == "/me"
    assert await who(resources, mina) == person
    for reply in (await other.get(link), await other.post(link)):
        assert reply.status_code == 410
        assert translate("login.over", EN) in unescape(reply.text)
    assert await who(resources, other) is None


@pytest.mark.parametrize("token", ["x", "%00", "%ff", "a" * 3000])
async def test_what_is_no_link_does_not_open(mina: httpx.AsyncClient, token: str) -> None:
    for reply in (await mina.get(f"{LOGIN_LINK_PATH}/{token}"), await mina.post(f"{LOGIN_LINK_PATH}/{token}")):
        assert reply.status_code == 410


async def test_a_link_is_good_for_ten_minutes(resources: Resources, mina: httpx.AsyncClient) -> None:
    link = await a_link(resources, await in_chat(resources), lifetime=-timedelta(seconds=1))
    assert (await mina.get(link)).status_code == 410
    assert (await mina.post(link)).status_code == 410


async def test_who_is_in_already_goes_on(resources: Resources, mina: httpx.AsyncClient) -> None:
    person = await in_chat(resources)
    await mina.post(await a_link(resources, person))
    reply = await mina.get(await a_link(resources, person))
    assert (reply.status_code, reply.headers["location"]) == (303, "/me")


async def test_what_a_visitor_did_comes_along_if_they_say_so(resources: Resources, mina: httpx.AsyncClient) -> None:
    person, visitor = await in_chat(resources), await a_visit(resources, mina)
    link = await a_link(resources, person)
    assert translate("login.link.bring", EN) in (await mina.get(link)).text
    await mina.post(link, data={"bring": "1"})
    assert await who(resources, mina) == person
    assert not await exists(resources, visitor)
    async with resources.database.transaction() as connection:
        shared = (await connection.exec_driver_sql("SELECT person_id FROM hearts")).scalar_one()
    assert str(shared) == str(person)


async def test_what_a_visitor_did_is_not_given_to_whoever_sent_a_link(
    resources: Resources, mina: httpx.AsyncClient
) -> None:
    person, visitor = await in_chat(resources), await a_visit(resources, mina)
    await mina.post(await a_link(resources, person))
    assert await who(resources, mina) == person
    assert not await exists(resources, visitor)
    async with resources.database.transaction() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM hearts")).scalar_one() == 0


async def test_who_is_logged_in_switches_or_says_that_both_are_theirs(
    resources: Resources, mina: httpx.AsyncClient
) -> None:
    first, second, third = [await in_chat(resources, user) for user in ("1", "2", "3")]
    await mina.post(await a_link(resources, first))
    page = await mina.get(await a_link(resources, second))
    for key in ("login.link.merge", "login.link.merge.hint", "login.link.yours"):
        assert translate(key, EN) in unescape(page.text)
    await mina.post(await a_link(resources, second))
    assert await who(resources, mina) == second
    assert await exists(resources, first)
    await mina.post(await a_link(resources, third), data={"bring": "1"})
    assert await who(resources, mina) == third
    assert not await exists(resources, second)
    async with resources.database.transaction() as connection:
        assert set(accounts.linked_logins(await people.list_identities(connection, third))) == {"telegram"}


async def test_another_site_cannot_press_the_button(resources: Resources, mina: httpx.AsyncClient) -> None:
    link = await a_link(resources, await in_chat(resources))
    assert (await mina.post(link, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await mina.get(link)).status_code == 200

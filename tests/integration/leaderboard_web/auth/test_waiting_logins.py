"""A login that waits for an answer is accepted once, in its browser, and ends with the sessions."""

import base64
import json
import time
from html import unescape
from typing import Any

import httpx
import pytest

from core.db import people
from core.db.schema import IdentityProvider
from core.errors import StorageUnavailableError
from core.i18n.translations import translate
from core.resources import Resources
from core.services.deletion import erase_person
from core.urls import LOGIN_LINK_PATH
from leaderboard_web.auth import login_flow
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.fake_oauth_providers import FakeOAuthProviders
from tests.integration.leaderboard_web.auth.conftest import (
    EN,
    BrowserFactory,
    answer_confirmation,
    count,
    create_visitor,
    get_owner_id,
    get_session_person_id,
    log_in,
)

KAKAO = IdentityProvider.KAKAO_LOGIN


async def test_a_copy_of_the_confirmation_works_once(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    """The next person at a shared computer may have copied all cookies."""
    mina, copy = browser(), browser()
    await create_visitor(resources, mina)
    await log_in(mina)
    for name in ("login", VISITOR_COOKIE):
        copy.cookies.set(name, mina.cookies[name], domain="eva.example")
    await answer_confirmation(mina, "join")
    for answer in ("join", "apart"):
        reply = await copy.post("/login/join", data={"do": answer})
        assert reply.status_code == 400
        assert await get_session_person_id(resources, copy) is None


async def test_the_cookie_of_a_question_opens_no_login_link(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    """It is signed, not encrypted: its content must open nothing without the session that it waits in."""
    mina, other = browser(), browser()
    await create_visitor(resources, mina)
    await log_in(mina)
    payload = mina.cookies["login"].strip('"').split(".")[0]
    stored = json.loads(base64.b64decode(payload))
    reply = await other.post(f"{LOGIN_LINK_PATH}/{stored[login_flow.PENDING_KEY]['id']}")
    assert await get_session_person_id(resources, other) is None, reply.status_code


async def test_a_copy_of_a_canceled_question_is_over(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    mina, copy = browser(), browser()
    visitor = await create_visitor(resources, mina)
    await log_in(mina)
    for name in ("login", VISITOR_COOKIE):
        copy.cookies.set(name, mina.cookies[name], domain="eva.example")
    await answer_confirmation(mina, "cancel")
    assert (await copy.post("/login/join", data={"do": "join"})).status_code == 400
    assert await get_session_person_id(resources, copy) == visitor


async def test_the_question_expires(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await create_visitor(resources, mina)
    await log_in(mina)
    later = time.time() + login_flow.CONFIRMATION_LIFETIME.total_seconds() + 1
    monkeypatch.setattr("leaderboard_web.auth.login_flow.time.time", lambda: later)
    assert (await mina.get("/login/join")).headers["location"] == "/login"
    reply = await mina.post("/login/join", data={"do": "join"})
    assert reply.status_code == 400
    assert translate("error.login", EN) in unescape(reply.text)
    assert await get_session_person_id(resources, mina) == visitor


@pytest.mark.parametrize("answer", ["join", "apart"])
async def test_logging_out_everywhere_ends_a_question_about_the_account(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders, answer: str
) -> None:
    """The next person at a computer that was left behind would be logged in a moment later."""
    mina, left_behind = browser(), browser()
    await log_in(mina)
    account = await get_session_person_id(resources, mina)
    visitor = await create_visitor(resources, left_behind)
    assert (await log_in(left_behind)).url.path == "/login/join"
    assert (await mina.post("/login/everywhere")).headers["location"] == "/login?said=everywhere"
    assert (await left_behind.get("/login/join")).headers["location"] == "/login"
    reply = await left_behind.post("/login/join", data={"do": answer})
    assert reply.status_code == 400
    assert await get_session_person_id(resources, left_behind) == visitor
    assert await get_owner_id(resources, KAKAO, logins.user_id) == account
    assert await count(resources, "hearts") == 1


@pytest.mark.parametrize("answer", ["join", "apart"])
async def test_logging_out_everywhere_ends_a_question_of_the_visitor(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders, answer: str
) -> None:
    mina, left_behind = browser(), browser()
    await log_in(mina)
    await log_in(left_behind)
    assert (await log_in(left_behind, "facebook")).url.path == "/login/join"
    await mina.post("/login/everywhere")
    reply = await left_behind.post("/login/join", data={"do": answer})
    assert reply.status_code == 400
    assert await get_session_person_id(resources, left_behind) is None
    assert await get_owner_id(resources, IdentityProvider.FACEBOOK, logins.user_id) is None


async def test_logging_out_everywhere_ends_a_question_while_the_visitor_is_erased(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    mina, left_behind = browser(), browser()
    await log_in(mina)
    await create_visitor(resources, left_behind)
    assert (await log_in(left_behind)).url.path == "/login/join"

    async def erase_slowly(*arguments: Any, **options: Any) -> bool:
        await mina.post("/login/everywhere")
        return await erase_person(*arguments, **options)

    monkeypatch.setattr(login_flow, "erase_person", erase_slowly)
    assert (await left_behind.post("/login/join", data={"do": "apart"})).status_code == 400
    assert await get_session_person_id(resources, left_behind) is None


async def test_a_failed_erasure_leaves_the_question(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await create_visitor(resources, mina)
    await log_in(mina)

    async def refuse(*_: Any, **__: Any) -> bool:
        raise StorageUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(login_flow, "erase_person", refuse)
        assert (await mina.post("/login/join", data={"do": "apart"})).status_code == 503
    assert await get_session_person_id(resources, mina) == visitor
    assert await answer_confirmation(mina, "apart") == "/me"
    async with resources.database.connection() as connection:
        assert await people.get(connection, visitor) is None

"""A visitor who has anything is asked before a login takes it along; a planted login cookie is worth nothing."""

from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from core.db import looks, moderation, one_time_tokens, people, person_reports, reactions, relations
from core.db.identities import list_identities
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services import accounts
from core.services.deletion import erase_person
from core.styles import Style
from core.urls import LOGIN_LINK_PATH
from leaderboard_web.auth import login_flow
from leaderboard_web.viewer import SECURE_VISITOR_COOKIE, VISITOR_COOKIE
from tests.factories import create_look, create_person, store_images
from tests.fake_oauth_providers import FakeOAuthProviders
from tests.html import texts
from tests.integration.leaderboard_web.auth.conftest import (
    EN,
    BrowserFactory,
    answer_confirmation,
    count,
    create_site,
    create_visitor,
    get_owner_id,
    get_session_person_id,
    log_in,
)

KAKAO = IdentityProvider.KAKAO_LOGIN


async def start_login(client: httpx.AsyncClient, method: str = "kakao") -> str:
    """Start a login and return the callback URL, which the client does not open."""
    start = await client.get(f"/login/{method}")
    return str((await client.get(start.headers["location"])).headers["location"])


async def create_private_look(resources: Resources, person_id: UUID) -> UUID:
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, person_id))
    return look.id


async def list_methods(resources: Resources, person_id: UUID) -> set[str]:
    async with resources.database.transaction() as connection:
        return set(accounts.find_linked_logins(await list_identities(connection, person_id)))


async def exists(resources: Resources, person_id: UUID) -> bool:
    async with resources.database.transaction() as connection:
        return await people.get(connection, person_id) is not None


async def test_a_planted_login_cookie_is_refused(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    """The attacker's own login would receive the victim's private looks."""
    victim, attacker = browser(), browser()
    visitor = await create_visitor(resources, victim)
    look_id = await create_private_look(resources, visitor)
    back = await start_login(attacker)
    cookies = f"{VISITOR_COOKIE}={victim.cookies[VISITOR_COOKIE]}; login={attacker.cookies['login']}"
    reply = await victim.get(back, headers={"Cookie": cookies, "Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 400
    assert await get_session_person_id(resources, victim) == visitor
    assert await get_owner_id(resources, KAKAO, logins.user_id) is None
    await log_in(attacker)
    assert (await attacker.get(f"/me/looks/{look_id}")).status_code == 404
    assert (await victim.get(f"/me/looks/{look_id}")).status_code == 200


async def test_a_planted_confirmation_is_refused(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    victim, attacker = browser(), browser()
    visitor = await create_visitor(resources, victim)
    await create_visitor(resources, attacker)
    await log_in(attacker)
    cookies = f"{VISITOR_COOKIE}={victim.cookies[VISITOR_COOKIE]}; login={attacker.cookies['login']}"
    reply = await victim.post("/login/join", data={"do": "join"}, headers={"Cookie": cookies})
    assert reply.status_code == 400
    assert await list_methods(resources, visitor) == set()
    assert await get_owner_id(resources, KAKAO, logins.user_id) is None


@pytest.mark.parametrize("planted", ["login", "visitor"])
async def test_cookies_without_the_prefix_are_ignored_over_https(
    resources: Resources, samples: Path, logins: FakeOAuthProviders, planted: str
) -> None:
    """A sibling domain can set any cookie but those with the prefix."""
    app = create_site(resources, samples, **logins.environment, public_url="https://eva.example")
    mounts = {"https://eva.example": httpx.ASGITransport(app)}
    async with (
        httpx.AsyncClient(mounts=mounts, base_url="https://eva.example") as attacker,
        httpx.AsyncClient(mounts=mounts, base_url="https://eva.example") as victim,
    ):
        back = await start_login(attacker)
        if planted == "login":
            victim.cookies.set("login", attacker.cookies["__Host-login"])
            assert (await victim.get(back)).status_code == 400
        else:
            await attacker.get(back)
            victim.cookies.set("visitor", attacker.cookies[SECURE_VISITOR_COOKIE])
            assert 'action="/login/out"' not in (await victim.get("/login")).text
        assert SECURE_VISITOR_COOKIE not in victim.cookies


@pytest.mark.parametrize("language", Language)
async def test_a_visitor_with_anything_is_asked_and_sees_what_would_be_joined(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders, language: Language
) -> None:
    mina = browser()
    mina.headers["Accept-Language"] = language
    visitor = await create_visitor(resources, mina)
    await create_private_look(resources, visitor)
    page = await log_in(mina, next="/styles")
    assert page.url.path == "/login/join"
    assert page.headers["cache-control"] == "no-store"
    text = unescape(page.text)
    way = translate("login.way.kakao", language)
    for sentence in (
        translate("login.confirm.new", language, way=way),
        translate("login.has.looks.private", language, number=1),
        translate("login.has.hearts", language, number=1),
        translate("login.confirm.yours", language, way=way),
    ):
        assert sentence in text
    assert translate("login.has.bookmarks", language, number=0) not in text
    # Nothing has happened yet.
    assert await get_owner_id(resources, KAKAO, logins.user_id) is None
    assert await get_session_person_id(resources, mina) == visitor
    assert await answer_confirmation(mina, "join") == "/styles"
    assert await get_owner_id(resources, KAKAO, logins.user_id) == visitor
    assert await get_session_person_id(resources, mina) == visitor
    assert "login" not in mina.cookies


async def test_cancelling_changes_nothing(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    visitor = await create_visitor(resources, mina)
    await log_in(mina)
    assert await answer_confirmation(mina, "cancel") == "/login?said=denied"
    assert await get_session_person_id(resources, mina) == visitor
    assert await get_owner_id(resources, KAKAO, logins.user_id) is None
    assert await count(resources, "hearts") == 1
    assert (await mina.post("/login/join", data={"do": "join"})).status_code == 400


async def test_logging_in_without_the_visitor_erases_what_no_login_could_reach(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    first, second = browser(), browser()
    await log_in(first)
    account = await get_session_person_id(resources, first)
    visitor = await create_visitor(resources, second)
    page = await log_in(second)
    assert translate("login.confirm.drop", EN) in unescape(page.text)
    await answer_confirmation(second, "apart")
    assert await get_session_person_id(resources, second) == account
    assert not await exists(resources, visitor)
    assert await count(resources, "hearts") == 0


async def test_a_visitor_who_connects_the_login_meanwhile_is_not_erased(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = await create_visitor(resources, mina)
    await log_in(mina)

    async def connect_and_erase(resources: Resources, person_id: UUID, **options: Any) -> bool:
        async with resources.database.transaction() as connection:
            await accounts.link_or_merge(connection, person_id, KAKAO, logins.user_id, language=EN)
        return await erase_person(resources, person_id, **options)

    monkeypatch.setattr(login_flow, "erase_person", connect_and_erase)
    await answer_confirmation(mina, "apart")
    assert await get_owner_id(resources, KAKAO, logins.user_id) == visitor
    assert await count(resources, "hearts") == 1


async def test_only_a_login_that_was_connected_is_called_so(mina: httpx.AsyncClient) -> None:
    await log_in(mina, "kakao")
    connected = "/login?said=connected"
    await log_in(mina, "facebook", next=connected)
    assert await answer_confirmation(mina, "apart") == "/me"
    await log_in(mina, "kakao", next=connected)
    assert await answer_confirmation(mina, "join") == connected


async def test_a_second_login_is_connected_only_after_the_question(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    """A person with a login and no content has something, too."""
    await log_in(mina, "kakao")
    person = await get_session_person_id(resources, mina)
    assert person is not None
    page = await log_in(mina, "facebook")
    way = translate("login.way.kakao", EN)
    assert translate("login.has.login", EN, way=way) in unescape(page.text)
    assert await list_methods(resources, person) == {"kakao"}
    # Another account in the same browser: the first one stays, reachable by its own login.
    await answer_confirmation(mina, "apart")
    other = await get_session_person_id(resources, mina)
    assert other not in {None, person}
    assert await list_methods(resources, person) == {"kakao"}
    await log_in(mina, "kakao")
    await answer_confirmation(mina, "join")
    assert await get_session_person_id(resources, mina) == person
    assert await list_methods(resources, person) == {"kakao", "facebook"}


async def test_a_visitor_with_nothing_is_logged_in_at_once(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    visitor = await create_visitor(resources, mina)
    async with resources.database.transaction() as connection:
        await connection.exec_driver_sql("DELETE FROM hearts")
    page = await log_in(mina, next="/styles")
    assert page.url.path == "/styles"
    assert await get_owner_id(resources, KAKAO, logins.user_id) == visitor


async def test_logging_in_again_asks_nothing(mina: httpx.AsyncClient, logins: FakeOAuthProviders) -> None:
    await log_in(mina)
    assert (await log_in(mina, next="/styles")).url.path == "/styles"


async def test_other_sites_cannot_answer(resources: Resources, mina: httpx.AsyncClient) -> None:
    visitor = await create_visitor(resources, mina)
    await log_in(mina)
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (await mina.post("/login/join", data={"do": "join"}, headers=headers)).status_code == 403
    assert await list_methods(resources, visitor) == set()


@pytest.mark.parametrize("data", [{}, {"do": "yes"}])
async def test_an_unknown_answer_is_refused(
    resources: Resources, mina: httpx.AsyncClient, data: dict[str, Any]
) -> None:
    await create_visitor(resources, mina)
    await log_in(mina)
    assert (await mina.post("/login/join", data=data)).status_code in {400, 422}


async def test_everything_that_is_asked_about_is_shown(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    """What a visitor has who has neither looks nor reactions."""
    visitor = await create_visitor(resources, mina)
    async with resources.database.transaction() as connection:
        (owner, chatting) = [(await create_person(connection)).id for _ in range(2)]
        look = await create_look(connection, owner)
        assert await looks.share(connection, look.id)
        await connection.exec_driver_sql("DELETE FROM hearts")
        await reactions.create_guess(connection, look.id, visitor, Style.MODE)
        await moderation.create_report(connection, look.id, visitor)
        await person_reports.create(connection, owner, visitor, "")
        await relations.create_block(connection, visitor, owner)
        await people.update_display_name(connection, visitor, "Mina")
        token = await one_time_tokens.create(connection, chatting)
    expected = [
        translate("login.has.name", EN, name="Mina"),
        translate("login.has.guesses", EN, number=1),
        translate("login.has.blocks", EN, number=1),
        translate("login.has.reports", EN, number=2),
    ]
    for page in (await log_in(mina), await mina.get(f"{LOGIN_LINK_PATH}/{token}")):
        assert texts(page, ".notes li") == expected


async def test_the_magic_link_says_what_would_come_along(resources: Resources, mina: httpx.AsyncClient) -> None:
    visitor = await create_visitor(resources, mina)
    await create_private_look(resources, visitor)
    async with resources.database.transaction() as connection:
        token = await one_time_tokens.create(connection, (await create_person(connection)).id)
    page = await mina.get(f"{LOGIN_LINK_PATH}/{token}")
    assert translate("login.has.looks.private", EN, number=1) in unescape(page.text)

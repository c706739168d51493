"""Login with OAuth providers on real sockets."""

from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from core.db import people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.fake_oauth_providers import FakeOAuthProviders
from tests.harness import make_application
from tests.html import attributes
from tests.html import select as select_elements
from tests.integration.leaderboard_web.auth.conftest import (
    EN,
    SITE,
    BrowserFactory,
    answer_confirmation,
    count,
    create_visitor,
    get_owner_id,
    get_session_person_id,
    log_in,
)

METHODS = [
    ("kakao", IdentityProvider.KAKAO_LOGIN),
    ("telegram", IdentityProvider.TELEGRAM),
    ("facebook", IdentityProvider.FACEBOOK),
]


@pytest.mark.parametrize(("method", "provider"), METHODS)
async def test_login_creates_a_person_once(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders, method: str, provider: IdentityProvider
) -> None:
    first, second = browser(), browser()
    reply = await log_in(first, method, next="/login")
    assert reply.status_code == 200
    assert translate(f"login.way.{method}", EN) in reply.text
    await log_in(second, method)
    person = await get_owner_id(resources, provider, logins.user_id)
    assert person is not None
    assert await get_session_person_id(resources, first) == person == await get_session_person_id(resources, second)
    assert first.cookies[VISITOR_COOKIE] != second.cookies[VISITOR_COOKIE]
    assert await count(resources, "people") == 1


@pytest.mark.parametrize("pkce", [True, False])
async def test_authorization_request_has_minimal_scope_state_and_pkce(
    mina: httpx.AsyncClient, logins: FakeOAuthProviders, pkce: bool
) -> None:
    logins.pkce = pkce
    await log_in(mina, "kakao")
    await log_in(mina, "facebook")
    kakao, facebook = logins.authorization_requests
    assert kakao["scope"] == "openid"
    assert len(kakao["nonce"]) >= 16
    assert ("code_challenge" in kakao) is pkce
    assert facebook["scope"] == "public_profile"
    for parameters in (kakao, facebook):
        assert len(parameters["state"]) >= 16
        assert parameters["redirect_uri"].startswith(f"{SITE}/login/")


async def test_login_keeps_the_visitor_and_replaces_the_cookie(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    visitor, before = await create_visitor(resources, mina), mina.cookies[VISITOR_COOKIE]
    await log_in(mina)
    await answer_confirmation(mina, "join")
    assert (
        await get_owner_id(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id)
        == visitor
        == await get_session_person_id(resources, mina)
    )
    # Session fixation: the old cookie is invalid for an attacker who planted or read it.
    assert mina.cookies[VISITOR_COOKIE] != before
    assert await get_owner_id(resources, IdentityProvider.WEB, before.partition(".")[0]) is None


async def test_login_merges_the_visitor_into_the_known_person(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    first, second = browser(), browser()
    await log_in(first)
    person_id = await get_session_person_id(resources, first)
    visitor = await create_visitor(resources, second)
    await log_in(second)
    await answer_confirmation(second, "join")
    assert person_id == await get_session_person_id(resources, second) == await get_session_person_id(resources, first)
    async with resources.database.transaction() as connection:
        assert await people.get(connection, visitor) is None
    assert await count(resources, "hearts") == 1


async def test_second_login_is_linked_to_the_same_person(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    await log_in(mina, "kakao")
    await log_in(mina, "facebook", next="/login?said=connected")
    page = await mina.get(await answer_confirmation(mina, "join"))
    assert translate("login.said.connected", EN) in unescape(page.text)
    assert len(select_elements(page, 'form[action^="/login/disconnect/"]')) == 2
    person = await get_session_person_id(resources, mina)
    assert await get_owner_id(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) == person
    assert await get_owner_id(resources, IdentityProvider.FACEBOOK, logins.user_id) == person


async def test_rotated_signing_key_is_fetched_once(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders
) -> None:
    await log_in(browser())
    logins.rotate_signing_key()
    assert (await log_in(browser(), next="/login")).status_code == 200
    assert logins.calls.count("jwks.json") == 2
    await log_in(browser())
    assert logins.calls.count("jwks.json") == 2
    assert await count(resources, "people") == 1


async def test_login_page_with_oauth_loads_no_third_party_script(mina: httpx.AsyncClient) -> None:
    page = await mina.get("/login")
    assert any(link.startswith("/login/telegram?") for link in attributes(page, "a", "href"))
    assert "telegram.org" not in page.text + page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


async def test_telegram_oauth_logs_in_the_person_of_the_chat(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, logins.user_id, language=Language.KO
        )
    await log_in(mina, "telegram")
    assert await get_session_person_id(resources, mina) == person.id


async def test_login_session_cookie_belongs_to_this_host_over_https(
    resources: Resources, samples: Path, logins: FakeOAuthProviders
) -> None:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    service = make_application(resources, classifier, public_url="https://eva.example", **logins.environment)
    transport = httpx.ASGITransport(create_app(service, samples=samples))
    async with httpx.AsyncClient(transport=transport, base_url="http://eva.example") as client:
        reply = await client.get("/login/kakao")
    flags = set(reply.headers["set-cookie"].lower().split("; ")[1:])
    # `__Host-` requires this path; without https it is `/login`.
    assert reply.headers["set-cookie"].startswith("__Host-login=")
    assert {"path=/", "httponly", "samesite=lax", "secure", "max-age=3600"} <= flags
    assert not any(flag.startswith("domain") for flag in flags)
    assert parse_qs(urlsplit(reply.headers["location"]).query)["redirect_uri"] == [
        "https://eva.example/login/kakao/back"
    ]

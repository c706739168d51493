"""Login with OAuth providers on real sockets, which can forge their answers, and logout."""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select
from structlog.testing import capture_logs

from core.db import looks, people, schema
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services import accounts
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.sessions import VISITOR_COOKIE
from tests.factories import create_look, create_person, hearted_look_ids
from tests.fake_oauth_providers import FACEBOOK_SECRET, KAKAO_ID, KAKAO_SECRET, FakeOAuthProviders
from tests.harness import make_application
from tests.html import attributes
from tests.html import select as select_elements

EN = Language.EN
SITE = "http://eva.example"
BOT = "eva_stylist_bot"
BrowserFactory = Callable[[], httpx.AsyncClient]


@pytest.fixture
def logins() -> Iterator[FakeOAuthProviders]:
    with FakeOAuthProviders() as fake:
        yield fake


@pytest.fixture
def site(resources: Resources, samples: Path, logins: FakeOAuthProviders) -> FastAPI:
    return create_site(resources, samples, **logins.environment)


def create_site(resources: Resources, samples: Path, **settings: Any) -> FastAPI:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier, public_url=SITE, **settings), samples=samples)


@pytest.fixture
async def browser(site: FastAPI) -> AsyncIterator[BrowserFactory]:
    """Creates clients that send requests for the site to the application, and others over the network."""
    async with AsyncExitStack() as stack:

        def start() -> httpx.AsyncClient:
            client = httpx.AsyncClient(
                mounts={SITE: httpx.ASGITransport(site)}, base_url=SITE, headers={"Accept-Language": "en"}
            )
            stack.push_async_callback(client.aclose)
            return client

        yield start


@pytest.fixture
def mina(browser: BrowserFactory) -> httpx.AsyncClient:
    return browser()


async def log_in(client: httpx.AsyncClient, method: str = "kakao", **params: str) -> httpx.Response:
    """Follow all redirects of a login."""
    reply = await client.get(f"/login/{method}", params=params, follow_redirects=True)
    assert reply.url.host == "eva.example"
    return reply


async def start_login(client: httpx.AsyncClient, method: str = "kakao") -> str:
    """Start a login and return the callback URL, which the client does not open."""
    start = await client.get(f"/login/{method}")
    reply = await client.get(start.headers["location"])
    return str(reply.headers["location"])


async def get_session_person_id(resources: Resources, client: httpx.AsyncClient) -> UUID | None:
    """The person of the client's session."""
    key = (client.cookies.get(VISITOR_COOKIE) or "").partition(".")[0]
    async with resources.database.transaction() as connection:
        identity = await people.get_identity(connection, IdentityProvider.WEB, key)
    return None if identity is None else identity.person_id


async def get_owner_id(resources: Resources, provider: IdentityProvider, subject: str) -> UUID | None:
    async with resources.database.transaction() as connection:
        identity = await people.get_identity(connection, provider, subject)
    return None if identity is None else identity.person_id


async def create_visitor(resources: Resources, client: httpx.AsyncClient) -> UUID:
    """Create an anonymous visitor by a heart."""
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    assert (await client.post(f"/looks/{look.id}/heart")).status_code == 303
    visitor = await get_session_person_id(resources, client)
    assert visitor is not None
    return visitor


async def count(resources: Resources, name: str) -> int:
    async with resources.database.transaction() as connection:
        statement = select(func.count()).select_from(schema.metadata.tables[name])
        return (await connection.execute(statement)).scalar_one()


# OAuth providers

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
    assert (
        await get_owner_id(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id)
        == visitor
        == await get_session_person_id(resources, mina)
    )
    # The old cookie is worthless for anybody who planted or saw it.
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
    assert person_id == await get_session_person_id(resources, second) == await get_session_person_id(resources, first)
    async with resources.database.transaction() as connection:
        assert await people.get(connection, visitor) is None
    assert await count(resources, "hearts") == 1


async def test_second_login_is_linked_to_the_same_person(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    await log_in(mina, "kakao")
    page = await log_in(mina, "facebook", next="/login?said=connected")
    assert translate("login.said.connected", EN) in page.text
    assert len(select_elements(page, 'form[action^="/login/disconnect/"]')) == 2
    person = await get_session_person_id(resources, mina)
    assert await get_owner_id(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) == person
    assert await get_owner_id(resources, IdentityProvider.FACEBOOK, logins.user_id) == person


INVALID_TOKENS: dict[str, dict[str, Any]] = {
    "another app": {"claims": {"aud": "another"}},
    "another app, with azp": {"claims": {"aud": "another", "azp": KAKAO_ID}},
    "another issuer": {"claims": {"iss": "https://kauth.evil.example"}},
    "expired": {"claims": {"exp": 1_700_000_000, "iat": 1_699_990_000}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "no subject": {"claims": {"sub": None}},
    "malformed subject": {"claims": {"sub": "../x"}},
    "no signature": {"alg": "none"},
    "the public key as a secret": {"alg": "HS256"},
    "another key": {"alg": "other-key"},
}


@pytest.mark.parametrize("change", INVALID_TOKENS.values(), ids=INVALID_TOKENS)
async def test_invalid_id_token_is_rejected(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(logins, name, value)
    with capture_logs() as logs:
        reply = await log_in(mina)
    assert reply.status_code == 400
    assert translate("error.login", EN) in unescape(reply.text)
    assert await count(resources, "people") == 0
    assert VISITOR_COOKIE not in mina.cookies
    assert [event["error"] for event in logs] == ["LoginRejectedError"]


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


@pytest.mark.parametrize(
    "broken",
    ["openid-configuration", "openid-configuration-500", "token", "token-500", "jwks.json", "jwks.json-500"],
)
async def test_oidc_outage_is_reported_as_unavailable(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, broken: str
) -> None:
    logins.broken = broken
    reply = await log_in(mina)
    assert reply.status_code == 503
    assert translate("error.login_unavailable", EN) in unescape(reply.text)
    assert await count(resources, "people") == 0
    logins.broken = None
    assert (await log_in(mina, next="/login")).status_code == 200


@pytest.mark.parametrize("broken", ["access_token", "access_token-500", "me", "me-500"])
async def test_facebook_outage_is_reported_as_unavailable(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, broken: str
) -> None:
    logins.broken = broken
    assert (await log_in(mina, "facebook")).status_code == 503
    assert await count(resources, "people") == 0


async def test_login_page_with_oauth_loads_no_third_party_script(mina: httpx.AsyncClient) -> None:
    page = await mina.get("/login")
    assert 'href="/login/telegram?' in page.text
    assert "telegram.org" not in page.text + page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


async def test_telegram_oauth_logs_in_the_person_of_the_chat(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, logins.user_id, language="ko"
        )
    await log_in(mina, "telegram")
    assert await get_session_person_id(resources, mina) == person.id


@pytest.mark.parametrize(
    "change", [{"iss": "https://evil.example"}, {"aud": "1"}, {"id": None}, {"id": True}, {"nonce": "x"}]
)
async def test_invalid_telegram_id_token_is_rejected(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, change: dict[str, Any]
) -> None:
    logins.claims = change
    assert (await log_in(mina, "telegram")).status_code == 400
    assert await count(resources, "people") == 0


@pytest.mark.parametrize("method", ["kakao", "telegram", "facebook"])
async def test_callback_is_rejected_in_another_browser(
    resources: Resources, browser: BrowserFactory, logins: FakeOAuthProviders, method: str
) -> None:
    attacker, victim = browser(), browser()
    back = await start_login(attacker, method)
    # The victim is made to open it, with and without a login in progress.
    for _ in range(2):
        reply = await victim.get(back)
        assert reply.status_code == 400
        assert await get_session_person_id(resources, victim) is None
        await start_login(victim, method)
    assert await count(resources, "people") == 0
    other_state = re.sub(r"state=[^&]+", "state=another", await start_login(victim, method))
    no_state = re.sub(r"&state=[^&]+", "", await start_login(victim, method))
    for callback_url in (other_state, no_state):
        assert (await victim.get(callback_url)).status_code == 400
    assert logins.calls.count("token") + logins.calls.count("access_token") == 0


async def test_callback_is_rejected_the_second_time(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    back = await start_login(mina)
    assert (await mina.get(back)).status_code == 303
    session = await get_session_person_id(resources, mina)
    assert (await mina.get(back)).status_code == 400
    assert await get_session_person_id(resources, mina) == session
    assert logins.calls.count("token") == 1


async def test_denied_consent_shows_a_notice(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    logins.denies = True
    for method in ("kakao", "facebook"):
        reply = await log_in(mina, method)
        assert reply.status_code == 200
        assert translate("login.said.denied", EN) in unescape(reply.text)
    assert await count(resources, "people") == 0


async def test_cross_site_request_cannot_start_a_login(mina: httpx.AsyncClient, logins: FakeOAuthProviders) -> None:
    reply = await mina.get("/login/kakao", headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.headers["location"] == "/login"
    assert logins.calls == []


FOREIGN_URLS = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%09/evil.example\n",
    "/\t/evil.example",
    "javascript:alert(1)",
    "evil.example",
    " /me",
    "/me#x\r\nSet-Cookie: a=b",
    "/" + "a" * 600,
    "",
]


@pytest.mark.parametrize("requested", FOREIGN_URLS)
async def test_login_never_redirects_to_another_site(mina: httpx.AsyncClient, requested: str) -> None:
    await mina.get("/login/kakao", params={"next": requested})
    back = (await mina.get((await mina.get("/login/kakao", params={"next": requested})).headers["location"])).headers
    reply = await mina.get(back["location"])
    assert (reply.status_code, reply.headers["location"]) == (303, "/me")


async def test_login_redirects_to_the_requested_path(mina: httpx.AsyncClient) -> None:
    await mina.get("/login/kakao", params={"next": "/?when=week&style=mode"})
    page = await mina.get("/login", params={"next": "/looks/1?a=b"})
    (login_url,) = attributes(page, "a.kakao", "href")
    assert parse_qs(urlsplit(login_url).query)["next"] == ["/looks/1?a=b"]
    start = await mina.get(login_url)
    back = await mina.get(start.headers["location"])
    assert (await mina.get(back.headers["location"])).headers["location"] == "/looks/1?a=b"


async def test_secrets_and_person_ids_are_neither_shown_nor_logged(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    with capture_logs() as logs:
        await create_visitor(resources, mina)
        for method in ("kakao", "facebook"):
            page = await log_in(mina, method, next="/login")
            logins.alg = "none"
            await log_in(mina, "kakao")
            logins.alg = "RS256"
    private = (KAKAO_SECRET, FACEBOOK_SECRET, "access-token", "refresh-token", mina.cookies[VISITOR_COOKIE])
    for secret in private:
        assert secret not in page.text
    for secret in (*private, logins.user_id, str(await get_session_person_id(resources, mina))):
        assert secret not in str(logs)


# Login page


async def test_unconfigured_logins_are_not_found(resources: Resources, samples: Path) -> None:
    app = create_site(resources, samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as client:
        page = await client.get("/login", headers={"Accept-Language": "en"})
        assert translate("login.none", EN) in page.text
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
        await people.set_display_name(connection, person, "<img src=x>")
    page = await mina.get("/login")
    assert "<img src=x>" not in page.text
    assert "&lt;img src=x&gt;" in page.text


# Logout


async def test_logout_ends_this_session_only(resources: Resources, browser: BrowserFactory) -> None:
    first, second = browser(), browser()
    await log_in(first)
    await log_in(second)
    old_cookie = first.cookies[VISITOR_COOKIE]
    reply = await first.post("/login/out")
    assert reply.headers["location"] == "/login?said=out"
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
    assert (await first.post("/login/everywhere")).headers["location"] == "/login?said=everywhere"
    assert await get_session_person_id(resources, second) is None
    assert translate("login.title.known", EN) not in (await second.get("/login")).text
    assert await count(resources, "people") == 1


async def test_logout_without_login_asks_before_erasing(resources: Resources, mina: httpx.AsyncClient) -> None:
    visitor = await create_visitor(resources, mina)
    assert translate("login.out.visitor", EN) in unescape((await mina.get("/login")).text)
    for operation in ("out", "everywhere"):
        reply = await mina.post(f"/login/{operation}")
        assert reply.status_code == 200
        assert translate("login.ask.out", EN) in unescape(reply.text)
        assert await get_session_person_id(resources, mina) == visitor
    reply = await mina.post("/login/out", data={"sure": "1"})
    assert reply.headers["location"] == "/login?said=out"
    async with resources.database.transaction() as connection:
        assert await people.get(connection, visitor) is None
        assert await hearted_look_ids(connection, visitor) == set()
    assert await count(resources, "hearts") == 0


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


async def test_login_session_cookie_is_limited_to_login_pages(
    resources: Resources, samples: Path, logins: FakeOAuthProviders
) -> None:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    service = make_application(resources, classifier, public_url="https://eva.example", **logins.environment)
    transport = httpx.ASGITransport(create_app(service, samples=samples))
    async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.1") as client:
        reply = await client.get("/login/kakao")
    flags = set(reply.headers["set-cookie"].lower().split("; ")[1:])
    assert {"path=/login", "httponly", "samesite=lax", "secure", "max-age=3600"} <= flags
    assert parse_qs(urlsplit(reply.headers["location"]).query)["redirect_uri"] == [
        "https://eva.example/login/kakao/back"
    ]


async def test_unlinking_kakao_removes_both_kakao_identities(resources: Resources) -> None:
    """Every provider but the browser's own belongs to exactly one method."""
    listed = [provider for providers in accounts.LOGIN_METHODS.values() for provider in providers]
    assert sorted(listed) == sorted(set(IdentityProvider) - {IdentityProvider.WEB})

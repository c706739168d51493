"""Logging in and out on the site, against a provider on a real socket that may lie."""

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

EN = Language.EN
SITE = "http://eva.example"
BOT = "eva_stylist_bot"
NewBrowser = Callable[[], httpx.AsyncClient]


@pytest.fixture
def logins() -> Iterator[FakeOAuthProviders]:
    with FakeOAuthProviders() as peer:
        yield peer


@pytest.fixture
def site(resources: Resources, samples: Path, logins: FakeOAuthProviders) -> FastAPI:
    return a_site(resources, samples, **logins.environment)


def a_site(resources: Resources, samples: Path, **settings: Any) -> FastAPI:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier, public_url=SITE, **settings), samples=samples)


@pytest.fixture
async def browser(site: FastAPI) -> AsyncIterator[NewBrowser]:
    """Browsers: what is at Eva's address goes to her, everything else over the wire."""
    async with AsyncExitStack() as stack:

        def start() -> httpx.AsyncClient:
            client = httpx.AsyncClient(
                mounts={SITE: httpx.ASGITransport(site)}, base_url=SITE, headers={"Accept-Language": "en"}
            )
            stack.push_async_callback(client.aclose)
            return client

        yield start


@pytest.fixture
def mina(browser: NewBrowser) -> httpx.AsyncClient:
    return browser()


async def log_in(client: httpx.AsyncClient, way: str = "kakao", **params: str) -> httpx.Response:
    """Follow the whole chain to its end."""
    reply = await client.get(f"/login/{way}", params=params, follow_redirects=True)
    assert reply.url.host == "eva.example"
    return reply


async def way_back(client: httpx.AsyncClient, way: str = "kakao") -> str:
    """Begin to log in, and stop before the browser comes back; gives where it would."""
    there = await client.get(f"/login/{way}")
    reply = await client.get(there.headers["location"])
    return str(reply.headers["location"])


async def who(resources: Resources, client: httpx.AsyncClient) -> UUID | None:
    """Whose the browser is."""
    key = (client.cookies.get(VISITOR_COOKIE) or "").partition(".")[0]
    async with resources.database.transaction() as connection:
        found = await people.get_identity(connection, IdentityProvider.WEB, key)
    return None if found is None else found.person_id


async def owner(resources: Resources, provider: IdentityProvider, subject: str) -> UUID | None:
    async with resources.database.transaction() as connection:
        found = await people.get_identity(connection, provider, subject)
    return None if found is None else found.person_id


async def a_visit(resources: Resources, client: httpx.AsyncClient) -> UUID:
    """Somebody gives a heart, and so is a visitor."""
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
        assert await looks.share(connection, look.id)
    assert (await client.post(f"/looks/{look.id}/heart")).status_code == 303
    visitor = await who(resources, client)
    assert visitor is not None
    return visitor


async def count(resources: Resources, name: str) -> int:
    async with resources.database.transaction() as connection:
        found = select(func.count()).select_from(schema.metadata.tables[name])
        return (await connection.execute(found)).scalar_one()


# Logins of others

WAYS = [
    ("kakao", IdentityProvider.KAKAO_LOGIN),
    ("telegram", IdentityProvider.TELEGRAM),
    ("facebook", IdentityProvider.FACEBOOK),
]


@pytest.mark.parametrize(("way", "provider"), WAYS)
async def test_a_login_makes_a_person_and_knows_them_again(
    resources: Resources, browser: NewBrowser, logins: FakeOAuthProviders, way: str, provider: IdentityProvider
) -> None:
    first, second = browser(), browser()
    reply = await log_in(first, way, next="/login")
    assert reply.status_code == 200
    assert translate(f"login.way.{way}", EN) in reply.text
    await log_in(second, way)
    person = await owner(resources, provider, logins.user_id)
    assert person is not None
    assert await who(resources, first) == person == await who(resources, second)
    assert first.cookies[VISITOR_COOKIE] != second.cookies[VISITOR_COOKIE]
    assert await count(resources, "people") == 1


@pytest.mark.parametrize("pkce", [True, False])
async def test_what_is_asked_for_is_who_it_is_and_no_more(
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
    for asked in (kakao, facebook):
        assert len(asked["state"]) >= 16
        assert asked["redirect_uri"].startswith(f"{SITE}/login/")


async def test_what_was_done_before_logging_in_is_kept(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    visitor, before = await a_visit(resources, mina), mina.cookies[VISITOR_COOKIE]
    await log_in(mina)
    assert await owner(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) == visitor == await who(resources, mina)
    # Whoever planted or saw the old cookie has nothing.
    assert mina.cookies[VISITOR_COOKIE] != before
    assert await owner(resources, IdentityProvider.WEB, before.partition(".")[0]) is None


async def test_a_visitor_who_is_known_already_becomes_one_with_who_they_are(
    resources: Resources, browser: NewBrowser, logins: FakeOAuthProviders
) -> None:
    at_home, elsewhere = browser(), browser()
    await log_in(at_home)
    known = await who(resources, at_home)
    visitor = await a_visit(resources, elsewhere)
    await log_in(elsewhere)
    assert known == await who(resources, elsewhere) == await who(resources, at_home)
    async with resources.database.transaction() as connection:
        assert await people.get(connection, visitor) is None
    assert await count(resources, "hearts") == 1


async def test_two_logins_of_one_person(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    await log_in(mina, "kakao")
    page = await log_in(mina, "facebook", next="/login?said=connected")
    assert translate("login.said.connected", EN) in page.text
    assert page.text.count('action="/login/disconnect/') == 2
    person = await who(resources, mina)
    assert await owner(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) == person
    assert await owner(resources, IdentityProvider.FACEBOOK, logins.user_id) == person


LIES: dict[str, dict[str, Any]] = {
    "another app": {"claims": {"aud": "another"}},
    "another app, with azp": {"claims": {"aud": "another", "azp": KAKAO_ID}},
    "another issuer": {"claims": {"iss": "https://kauth.evil.example"}},
    "expired": {"claims": {"exp": 1_700_000_000, "iat": 1_699_990_000}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "nobody": {"claims": {"sub": None}},
    "an odd somebody": {"claims": {"sub": "../x"}},
    "no signature": {"alg": "none"},
    "the public key as a secret": {"alg": "HS256"},
    "another key": {"alg": "other-key"},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_lie_is_not_believed(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, lie: dict[str, Any]
) -> None:
    for name, value in lie.items():
        setattr(logins, name, value)
    with capture_logs() as logs:
        reply = await log_in(mina)
    assert reply.status_code == 400
    assert translate("error.login", EN) in unescape(reply.text)
    assert await count(resources, "people") == 0
    assert VISITOR_COOKIE not in mina.cookies
    assert [each["error"] for each in logs] == ["LoginRejectedError"]


async def test_a_new_key_of_the_provider_is_fetched(
    resources: Resources, browser: NewBrowser, logins: FakeOAuthProviders
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
async def test_a_provider_that_is_down_is_no_bug(
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
async def test_facebook_that_is_down_is_no_bug(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, broken: str
) -> None:
    logins.broken = broken
    assert (await log_in(mina, "facebook")).status_code == 503
    assert await count(resources, "people") == 0


async def test_no_script_of_others_where_none_is_needed(mina: httpx.AsyncClient) -> None:
    page = await mina.get("/login")
    assert 'href="/login/telegram?' in page.text
    assert "telegram.org" not in page.text + page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin"


async def test_a_login_with_telegram_is_who_chats_there(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, logins.user_id, language="ko"
        )
    await log_in(mina, "telegram")
    assert await who(resources, mina) == person.id


@pytest.mark.parametrize(
    "lie", [{"iss": "https://evil.example"}, {"aud": "1"}, {"id": None}, {"id": True}, {"nonce": "x"}]
)
async def test_a_lie_about_telegram_is_not_believed(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders, lie: dict[str, Any]
) -> None:
    logins.claims = lie
    assert (await log_in(mina, "telegram")).status_code == 400
    assert await count(resources, "people") == 0


@pytest.mark.parametrize("way", ["kakao", "telegram", "facebook"])
async def test_a_login_ends_only_in_the_browser_that_began_it(
    resources: Resources, browser: NewBrowser, logins: FakeOAuthProviders, way: str
) -> None:
    attacker, victim = browser(), browser()
    back = await way_back(attacker, way)
    # The victim is made to open it, with and without a login of their own under way.
    for _ in range(2):
        reply = await victim.get(back)
        assert reply.status_code == 400
        assert await who(resources, victim) is None
        await way_back(victim, way)
    assert await count(resources, "people") == 0
    mixed = re.sub(r"state=[^&]+", "state=another", await way_back(victim, way))
    none = re.sub(r"&state=[^&]+", "", await way_back(victim, way))
    for address in (mixed, none):
        assert (await victim.get(address)).status_code == 400
    assert logins.calls.count("token") + logins.calls.count("access_token") == 0


async def test_a_state_is_good_once(resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders) -> None:
    back = await way_back(mina)
    assert (await mina.get(back)).status_code == 303
    session = await who(resources, mina)
    assert (await mina.get(back)).status_code == 400
    assert await who(resources, mina) == session
    assert logins.calls.count("token") == 1


async def test_who_says_no_is_answered_kindly(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    logins.denies = True
    for way in ("kakao", "facebook"):
        reply = await log_in(mina, way)
        assert reply.status_code == 200
        assert translate("login.said.denied", EN) in unescape(reply.text)
    assert await count(resources, "people") == 0


async def test_no_other_site_begins_a_login(mina: httpx.AsyncClient, logins: FakeOAuthProviders) -> None:
    reply = await mina.get("/login/kakao", headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.headers["location"] == "/login"
    assert logins.calls == []


AWAY = [
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


@pytest.mark.parametrize("wish", AWAY)
async def test_a_login_never_leads_to_another_site(mina: httpx.AsyncClient, wish: str) -> None:
    await mina.get("/login/kakao", params={"next": wish})
    back = (await mina.get((await mina.get("/login/kakao", params={"next": wish})).headers["location"])).headers
    reply = await mina.get(back["location"])
    assert (reply.status_code, reply.headers["location"]) == (303, "/me")


async def test_a_login_leads_on_to_where_one_was(mina: httpx.AsyncClient) -> None:
    await mina.get("/login/kakao", params={"next": "/?when=week&style=mode"})
    page = await mina.get("/login", params={"next": "/looks/1?a=b"})
    href = re.search(r'href="(/login/kakao\?[^"]+)"', page.text)
    assert href is not None
    assert parse_qs(urlsplit(unescape(href[1])).query)["next"] == ["/looks/1?a=b"]
    there = await mina.get(unescape(href[1]))
    back = await mina.get(there.headers["location"])
    assert (await mina.get(back.headers["location"])).headers["location"] == "/looks/1?a=b"


async def test_no_secret_and_no_person_is_shown_or_logged(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    with capture_logs() as logs:
        await a_visit(resources, mina)
        for way in ("kakao", "facebook"):
            page = await log_in(mina, way, next="/login")
            logins.alg = "none"
            await log_in(mina, "kakao")
            logins.alg = "RS256"
    private = (KAKAO_SECRET, FACEBOOK_SECRET, "access-token", "refresh-token", mina.cookies[VISITOR_COOKIE])
    for each in private:
        assert each not in page.text
    for each in (*private, logins.user_id, str(await who(resources, mina))):
        assert each not in str(logs)


# The page


async def test_only_what_is_configured_is_there(resources: Resources, samples: Path) -> None:
    app = a_site(resources, samples)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as client:
        page = await client.get("/login", headers={"Accept-Language": "en"})
        assert translate("login.none", EN) in page.text
        assert "telegram.org" not in page.text + page.headers["content-security-policy"]
        for path in ("/login/kakao", "/login/kakao/back", "/login/facebook", "/login/telegram/app"):
            assert (await client.get(path)).status_code == 404
        assert (await client.post("/login/telegram/app")).status_code in {404, 405}


async def test_telegrams_older_button_is_let_in_and_nothing_else(resources: Resources, samples: Path) -> None:
    app = a_site(resources, samples, telegram_token=SecretStr("1:token"), telegram_bot_username=BOT)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE) as mina:
        page, other = await mina.get("/login"), await mina.get("/styles")
    policy = dict(each.split(" ", 1) for each in page.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self' https://telegram.org"
    assert policy["frame-src"] == "https://oauth.telegram.org"
    assert policy["default-src"] == "'none'"
    assert page.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert f'data-telegram-login="{BOT}"' in page.text
    assert "telegram" not in other.headers["content-security-policy"]
    assert other.headers["cross-origin-opener-policy"] == "same-origin"


async def test_a_name_is_only_a_name(resources: Resources, mina: httpx.AsyncClient) -> None:
    await log_in(mina)
    person = await who(resources, mina)
    assert person is not None
    async with resources.database.transaction() as connection:
        await people.set_display_name(connection, person, "<img src=x>")
    page = await mina.get("/login")
    assert "<img src=x>" not in page.text
    assert "&lt;img src=x&gt;" in page.text


# Leaving


async def test_logging_out_ends_this_session_alone(resources: Resources, browser: NewBrowser) -> None:
    here, there = browser(), browser()
    await log_in(here)
    await log_in(there)
    kept = here.cookies[VISITOR_COOKIE]
    reply = await here.post("/login/out")
    assert reply.headers["location"] == "/login?said=out"
    assert VISITOR_COOKIE not in here.cookies
    assert await owner(resources, IdentityProvider.WEB, kept.partition(".")[0]) is None
    assert await who(resources, there) is not None
    # The old cookie is nobody's on the server, too.
    here.cookies.set(VISITOR_COOKIE, kept, domain="eva.example")
    assert translate("login.title.known", EN) not in (await here.get("/login")).text


async def test_logging_out_everywhere(resources: Resources, browser: NewBrowser) -> None:
    here, there = browser(), browser()
    await log_in(here)
    await log_in(there)
    assert (await here.post("/login/everywhere")).headers["location"] == "/login?said=everywhere"
    assert await who(resources, there) is None
    assert translate("login.title.known", EN) not in (await there.get("/login")).text
    assert await count(resources, "people") == 1


async def test_who_has_no_login_is_told_what_leaving_means(resources: Resources, mina: httpx.AsyncClient) -> None:
    visitor = await a_visit(resources, mina)
    assert translate("login.out.visitor", EN) in unescape((await mina.get("/login")).text)
    for deed in ("out", "everywhere"):
        asked = await mina.post(f"/login/{deed}")
        assert asked.status_code == 200
        assert translate("login.ask.out", EN) in unescape(asked.text)
        assert await who(resources, mina) == visitor
    reply = await mina.post("/login/out", data={"sure": "1"})
    assert reply.headers["location"] == "/login?said=out"
    async with resources.database.transaction() as connection:
        assert await people.get(connection, visitor) is None
        assert await hearted_look_ids(connection, visitor) == set()
    assert await count(resources, "hearts") == 0


async def test_a_login_is_disconnected_but_the_last_one_not_by_chance(
    resources: Resources, mina: httpx.AsyncClient, logins: FakeOAuthProviders
) -> None:
    await log_in(mina, "kakao")
    await log_in(mina, "facebook")
    person = await who(resources, mina)
    assert (await mina.post("/login/disconnect/facebook")).headers["location"] == "/login?said=disconnected"
    assert await owner(resources, IdentityProvider.FACEBOOK, logins.user_id) is None
    asked = await mina.post("/login/disconnect/kakao")
    assert asked.status_code == 200
    assert translate("login.ask.disconnect.title", EN) in asked.text
    assert await owner(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) == person
    await mina.post("/login/disconnect/kakao", data={"sure": "1"})
    assert await owner(resources, IdentityProvider.KAKAO_LOGIN, logins.user_id) is None
    assert await who(resources, mina) == person
    assert (await mina.post("/login/disconnect/myspace")).status_code == 404


@pytest.mark.parametrize("deed", ["out", "everywhere", "disconnect/kakao"])
async def test_strangers_and_other_sites_change_nothing(
    resources: Resources, mina: httpx.AsyncClient, deed: str
) -> None:
    assert (await mina.post(f"/login/{deed}")).status_code == 303
    await log_in(mina)
    session = await who(resources, mina)
    assert (await mina.post(f"/login/{deed}", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert await who(resources, mina) == session


async def test_the_cookie_of_a_login_that_has_begun_is_for_these_pages_alone(
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


async def test_accounts_are_of_ways(resources: Resources) -> None:
    """Every provider but the browser's own belongs to exactly one way."""
    listed = [provider for providers in accounts.LOGIN_METHODS.values() for provider in providers]
    assert sorted(listed) == sorted(set(IdentityProvider) - {IdentityProvider.WEB})

"""Forged, repeated and interrupted logins are refused."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from core.i18n.translations import translate
from core.resources import Resources
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.fake_oauth_providers import FACEBOOK_SECRET, KAKAO_ID, KAKAO_SECRET, FakeOAuthProviders
from tests.html import attributes
from tests.integration.leaderboard_web.auth.conftest import (
    EN,
    BrowserFactory,
    count,
    create_visitor,
    get_session_person_id,
    log_in,
)


async def start_login(client: httpx.AsyncClient, method: str = "kakao") -> str:
    """Start a login and return the callback URL, which the client does not open."""
    start = await client.get(f"/login/{method}")
    reply = await client.get(start.headers["location"])
    return str(reply.headers["location"])


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

"""Rules that hold for every route of the site: forms of other sites, other people's private looks, markup in names."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from core.conversation.actions import ActionType
from core.db import people, schema
from core.db.identities import create_identity
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner
from leaderboard_web.app import create_app
from leaderboard_web.urls import private_image_url
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.factories import make_classifier, make_photo
from tests.harness import make_application
from tests.html import select as find
from tests.integration.leaderboard_web.account.conftest import add_look
from tests.routes import ROUTES, WRITING_ROUTES, SiteRoute

SITE = "http://eva"
ADMIN = "4711"
SECRET = b"secret" * 6
LIMITS = {"writes_per_minute": 100_000, "new_visitors_per_ip_per_hour": 100_000, "photos_per_ip_per_day": 100_000}


@pytest.fixture
def site(resources: Resources, samples: Path) -> FastAPI:
    classifier = make_classifier()
    return create_app(make_application(resources, classifier, admins=(f"telegram:{ADMIN}",), **LIMITS), samples=samples)


class Browsers:
    """Clients of the site, each with the session of one person."""

    def __init__(self, site: FastAPI, resources: Resources) -> None:
        self._transport, self._resources = httpx.ASGITransport(site), resources
        self._signer = VisitorTokenSigner(SECRET)
        self._open: list[httpx.AsyncClient] = []

    def anonymous(self) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=self._transport, base_url=SITE, headers={"Accept-Language": "en"})
        self._open.append(client)
        return client

    async def person(self, name: str, *, subject: str | None = None) -> tuple[httpx.AsyncClient, Person]:
        """A client and its person; `name` is written as it is, `subject` is an identity at Telegram."""
        client, token = self.anonymous(), self._signer.issue()
        client.cookies.set(VISITOR_COOKIE, token)
        async with self._resources.database.transaction() as connection:
            person = await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, self._signer.verify(token) or "", language=Language.EN
            )
            assert await people.update_display_name(connection, person.id, name)
            if subject is not None:
                await create_identity(connection, person.id, IdentityProvider.TELEGRAM, subject)
        return client, person

    async def close(self) -> None:
        for client in self._open:
            await client.aclose()


@pytest.fixture
async def browsers(site: FastAPI, resources: Resources) -> AsyncIterator[Browsers]:
    opened = Browsers(site, resources)
    yield opened
    await opened.close()


async def database_content(resources: Resources) -> list[Any]:
    """Every row of every table of Eva, as text."""
    async with resources.database.transaction() as connection:
        rows = []
        for table in schema.metadata.sorted_tables:
            found = await connection.execute(text(f'SELECT CAST(t.* AS text) FROM "{table.name}" AS t'))
            rows += [(table.name, row) for row in sorted(found.scalars())]
        return rows


FOREIGN_SENDERS = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Sec-Fetch-Site": "none, cross-site"},
    # Fetch Metadata counts even where the origin looks right.
    {"Sec-Fetch-Site": "cross-site", "Origin": SITE},
    *(
        {"Origin": origin}
        for origin in (
            "https://evil.example",
            "null",
            "",
            "http://eva@evil.example",
            "http://evil.example@eva",
            "http://eva.evil.example",
            "http://eva:1",
            "http://evil.example\\@eva",
            "eva",
        )
    ),
)


def form_of(route: SiteRoute, **values: str) -> dict[str, str]:
    """A plausible form for a route."""
    known = {"do": "share", "sure": "1", "words": "Mallory", "name": "Mallory", "first": "me", "reason": "other"}
    return {name: values.get(name, known.get(name, "x")) for name in route.form}


@pytest.mark.parametrize("route", WRITING_ROUTES, ids=str)
async def test_no_form_of_another_site_is_accepted(route: SiteRoute, browsers: Browsers, resources: Resources) -> None:
    client, mina = await browsers.person("Mina", subject=ADMIN)
    look = await add_look(resources, mina.id)
    values = {"look_id": str(look.id), "operation": "heart", "kind": "looks", "action": "hide", "name": "Mina"}
    path = route.fill(values | {"target_id": str(look.id)})
    form = form_of(route, look=str(look.id))
    before = await database_content(resources)
    for sender in FOREIGN_SENDERS:
        refused = await client.request(route.method, path, data=form, headers=sender)
        assert refused.status_code == 403, sender
        assert translate("page.elsewhere", Language.EN) in refused.text
        assert "set-cookie" not in refused.headers
    assert await database_content(resources) == before
    own = await client.request(route.method, path, data=form, headers={"Origin": SITE})
    assert own.status_code != 403, "the site's own forms pass"


async def test_a_page_that_is_opened_from_elsewhere_changes_nothing(browsers: Browsers, resources: Resources) -> None:
    client, mina = await browsers.person("Mina", subject=ADMIN)
    look = await add_look(resources, mina.id, shared=True)
    before = await database_content(resources)
    for route in ROUTES:
        if route.method == "GET" and not route.path.startswith(("/login", "/samples")):
            path = route.fill({"look_id": str(look.id), "name": "Mina", "style": "street", "token": "x"})
            reply = await client.get(f"{path}?sure=1&do=share", headers={"Sec-Fetch-Site": "cross-site"})
            assert reply.status_code < 500, path
            assert "access-control-allow-origin" not in reply.headers
    assert await database_content(resources) == before
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answered = await client.options("/api/judge", headers=preflight)
    assert not [name for name in answered.headers if name.startswith("access-control")]


LOOK_ROUTES = tuple(
    route for route in ROUTES if {"look_id", "target_id"} & {*route.parameters} or "look" in (*route.form, *route.query)
)
PUBLIC_SINCE_ANYONE_MAY_KNOW_IT = {"look_reported"}
"""Routes that answer alike for every id."""


@pytest.mark.parametrize("route", LOOK_ROUTES, ids=str)
async def test_a_private_look_is_closed_to_everybody_else(
    route: SiteRoute, browsers: Browsers, resources: Resources
) -> None:
    owner, mina = await browsers.person("Mina")
    mallory, mallory_person = await browsers.person("Mallory")
    look, other = await add_look(resources, mina.id), await add_look(resources, mallory_person.id)
    assert look.photo_key is not None
    assert other.photo_key is not None
    assert (await owner.get(f"/me/looks/{look.id}")).status_code == 200
    token_of_other = private_image_url(resources.url_signer, other, other.photo_key).partition("?t=")[2]
    values = {
        "look_id": str(look.id),
        "target_id": str(look.id),
        "key": look.photo_key,
        "photo_key": look.photo_key,
        "kind": "looks",
        "language": "en",
        "version": "1",
    }
    operations = ("heart", "scrap", "follow") if "operation" in route.parameters else ("x",)
    admin_actions = ("hide", "restore") if "action" in route.parameters else ("x",)
    actions = tuple(ActionType) if "do" in route.form else (None,)
    before = await database_content(resources)
    for client in (mallory, browsers.anonymous()):
        for operation in operations:
            for admin_action in admin_actions:
                for action in actions:
                    await _expect_closed(
                        client,
                        route,
                        route.fill(values | {"operation": operation, "action": admin_action}),
                        form_of(route, look=str(look.id), do=action or "x", style="street"),
                        {"t": token_of_other} if "t" in route.query else {},
                        secrets=(look.photo_key, look.heatmap_key or "", str(look.id)),
                    )
    unchanged = [row for row in before if str(mina.id) in row[1] or str(look.id) in row[1]]
    after = await database_content(resources)
    assert [row for row in after if str(mina.id) in row[1] or str(look.id) in row[1]] == unchanged


async def _expect_closed(
    client: httpx.AsyncClient,
    route: SiteRoute,
    path: str,
    form: dict[str, str],
    query: dict[str, str],
    *,
    secrets: tuple[str, ...],
) -> None:
    """The response says nothing about the look, in its body and in its headers."""
    data = form if route.method == "POST" else None
    reply = await client.request(route.method, path, data=data, params=query, headers={"Accept": "application/json"})
    if route.name not in PUBLIC_SINCE_ANYONE_MAY_KNOW_IT and "look_id" in route.parameters:
        assert reply.status_code in {400, 403, 404, 422}, (path, form, reply.text[:300])
    # A page may repeat its own address, which the sender knew.
    body = reply.text.replace(path, "")
    assert not [secret for secret in secrets if secret and secret in body + reply.headers.get("location", "")], path


HOSTILE_NAMES = (
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "'><b onx=1>\"&",
    "<!--",
    "{{ 7*7 }}{% raw %}{0}%s",
    "javascript:alert(1)",
    "a\u202egnp.exe",
    "x\u2028y",
    "?lang=ko#",
    "../admin",
)


async def test_no_page_shows_a_person_and_one_they_blocked_to_each_other(
    browsers: Browsers, resources: Resources
) -> None:
    """Every page, in both directions; a page may repeat its own address, which the viewer knew."""
    mina_browser, mina = await browsers.person("Mina Kim")
    jun_browser, jun = await browsers.person("Jun Park")
    looks = {person.id: await add_look(resources, person.id, shared=True) for person in (mina, jun)}
    for path in (f"/looks/{looks[mina.id].id}/scrap", f"/looks/{looks[mina.id].id}/heart", "/people/Mina Kim/follow"):
        assert (await jun_browser.post(path, headers={"Origin": SITE})).status_code == 303
    assert "Mina Kim" in (await jun_browser.get("/")).text
    assert (await mina_browser.post("/people/Jun Park/block", headers={"Origin": SITE})).status_code == 303
    for client, other, name in ((mina_browser, jun, "Jun Park"), (jun_browser, mina, "Mina Kim")):
        look_id = str(looks[other.id].id)
        for route in ROUTES:
            # Addresses of images have a signature, and the list of blocked people is where a block is ended.
            if route.method != "GET" or route.name in {"blocked_people", "share_image", "data_export"}:
                continue
            path = route.fill({"look_id": look_id, "name": name, "style": "street"})
            page = await client.get(path, headers={"Sec-Fetch-Site": "same-origin"})
            shown = page.text.replace(quote(path), "").replace(path, "")
            assert name not in shown, route
            assert look_id not in shown, route
            if {"look_id", "name"} & {*route.parameters} and route.name != "look_reported":
                assert page.status_code in {403, 404, 410}, route
        assert name in (await browsers.anonymous().get("/")).text, "everybody else sees both"


OWN_ELEMENTS = re.compile(r"alert\(1\)|onx", re.ASCII)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_no_page_takes_a_name_for_markup(name: str, browsers: Browsers, resources: Resources) -> None:
    owner, mina = await browsers.person(name, subject=ADMIN)
    fan, _ = await browsers.person("Jun")
    look = await add_look(resources, mina.id, shared=True)
    for operation in ("heart", "scrap", "follow"):
        assert (await fan.post(f"/looks/{look.id}/{operation}", headers={"Origin": SITE})).status_code == 303
    report = {"reason": "other", "line": name}
    await fan.post(f"/looks/{look.id}/report", data=report, headers={"Origin": SITE})
    shown = 0
    for client in (owner, fan, browsers.anonymous()):
        for route in ROUTES:
            if route.method != "GET" or route.path.startswith(("/pictures", "/thumbs", "/shared")):
                continue
            page = await client.get(route.fill({"look_id": str(look.id), "name": quote(name, safe="")}))
            assert page.status_code < 500, route
            if page.headers.get("content-type", "").startswith("text/html") and name in " ".join(_visible(page)):
                shown += 1
            _expect_no_foreign_element(page, str(route))
    assert shown >= 5, "the name is on the pages"


def _visible(page: httpx.Response) -> list[str]:
    return [element.text_content() for element in find(page, "body")]


def _expect_no_foreign_element(page: httpx.Response, what: str) -> None:
    """No element or attribute comes from a name."""
    if not page.headers.get("content-type", "").startswith("text/html"):
        return
    for element in find(page, "body *"):
        foreign = [key for key in element.keys() if key.startswith("on")]  # noqa: SIM118 (an lxml element)
        assert not foreign, (what, element.tag, foreign)
        for key in ("href", "src", "action", "formaction"):
            value = (element.get(key) or "").strip().lower()
            assert not value.startswith(("javascript:", "data:text")), (what, value)
        if element.tag in {"script", "style"}:
            assert not OWN_ELEMENTS.search(element.text or ""), what


async def test_no_query_comes_back_as_markup(browsers: Browsers, resources: Resources) -> None:
    client, mina = await browsers.person("Mina", subject=ADMIN)
    look = await add_look(resources, mina.id, shared=True)
    attack = '"><script>alert(1)</script><b onx=1>'
    for route in ROUTES:
        if route.method != "GET":
            continue
        known = {"look_id": str(look.id), "name": "Mina", "style": "street", "token": "x"}
        names = {*route.query, "lang", "said", "look", "preview", "next", "x"}
        for path in (route.fill(known), route.fill({}, default=quote(attack, safe=""))):
            page = await client.get(path, params=dict.fromkeys(names, attack), headers={"Accept-Language": attack})
            assert page.status_code < 500, path
            assert "<script>alert" not in page.text, path
            assert "alert" not in str(page.headers.get("set-cookie")), path
            _expect_no_foreign_element(page, path)


async def test_a_photo_of_a_request_without_session_is_private(browsers: Browsers, resources: Resources) -> None:
    """The look of a new visitor belongs to the cookie of the response, and to no other."""
    first, second = browsers.anonymous(), browsers.anonymous()
    sent = await first.post("/try", files={"photo": ("a.jpg", make_photo())}, headers={"Origin": SITE})
    location = sent.headers["location"]
    async with resources.database.transaction() as connection:
        look_id = (await connection.execute(select(schema.looks.c.id))).scalar_one()
    assert str(look_id) in location
    for path in (location, f"/me/looks/{look_id}"):
        assert "/pictures/" in (await first.get(path)).text
        assert "/pictures/" not in (await second.get(path)).text

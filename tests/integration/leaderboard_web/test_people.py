"""Reactions, reports and pages of people, from the database to the page."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text, update

from core.db import follows, looks, people, schema
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.styles import Style
from core.uuid7 import uuid7
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.pagination import TimeCursor
from leaderboard_web.routes.people import PAGE_SIZE
from tests.factories import bookmarked_look_ids, classify_scripted, create_look, create_person, store_images
from tests.harness import make_application
from tests.html import attributes, look_ids, next_url
from tests.html import select as select_elements

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
BY_SCRIPT = {**SAME_ORIGIN, "Accept": "application/json"}
VISITORS = VisitorTokenSigner(b"secret" * 6)
ATTACK = '"><script>alert(1)</script>'


@pytest.fixture
def site(resources: Resources, samples: Path) -> FastAPI:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier), samples=samples)


def open_browser(site: FastAPI, token: str | None = None, *, address: str = "192.0.2.1") -> httpx.AsyncClient:
    cookies = {} if token is None else {"visitor": token}
    headers = {"Accept-Language": "en"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(site, client=(address, 1)),
        base_url="http://eva",
        headers=headers,
        cookies=cookies,
    )


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with open_browser(site) as browser:
        yield browser


@pytest.fixture
def token() -> str:
    return VISITORS.issue()


@pytest.fixture
async def mina(resources: Resources, token: str) -> UUID:
    """A person with a browser session."""
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language="en"
        )
        assert await people.set_display_name(connection, person.id, "Mina Kim")
        return person.id


@pytest.fixture
async def owner(site: FastAPI, token: str, mina: UUID) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of Mina."""
    async with open_browser(site, token) as browser:
        yield browser


async def share_look(resources: Resources, person_id: UUID, style: Style = Style.STREET) -> Look:
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, person_id, verdict=classify_scripted(style)))
        assert await looks.share(connection, look.id)
        return look


async def count_rows(resources: Resources, table: str) -> int:
    async with resources.database.transaction() as connection:
        statement = select(func.count()).select_from(schema.metadata.tables[table])
        return (await connection.execute(statement)).scalar_one()


def pressed(page: httpx.Response, kind: str) -> str:
    return attributes(page, f"form.toggle.{kind} button", "aria-pressed")[0]


async def test_a_bookmark_is_private_and_can_be_removed(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    assert pressed(await client.get(path), "scrap") == "false"
    for _ in range(2):
        reply = await client.post(f"{path}/scrap", headers=SAME_ORIGIN)
        assert (reply.status_code, reply.headers["location"]) == (303, path)
    assert pressed(await client.get(path), "scrap") == "true"
    assert pressed(await client.get(path, headers={"Cookie": ""}), "scrap") == "false"
    assert await count_rows(resources, "bookmarks") == 1
    assert (await client.post(f"{path}/unscrap", headers=BY_SCRIPT)).json() == {"given": False}
    assert (await client.post(f"{path}/scrap", headers=BY_SCRIPT)).json() == {"given": True}


async def test_an_owner_can_be_followed_on_both_pages(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look, person_path = f"/looks/{(await share_look(resources, mina)).id}", "/people/Mina%20Kim"
    reply = await client.post(f"{look}/follow", headers=SAME_ORIGIN)
    assert (reply.status_code, reply.headers["location"]) == (303, look)
    assert pressed(await client.get(look), "follow") == "true"
    page = await client.get(person_path)
    assert pressed(page, "follow") == "true"
    assert '<strong id="followers">1</strong>' in page.text
    assert (await client.post(f"{person_path}/unfollow", headers=BY_SCRIPT)).json() == {"count": 0, "given": False}
    assert pressed(await client.get(look), "follow") == "false"
    reply = await client.post(f"{person_path}/follow", headers=SAME_ORIGIN)
    assert (reply.status_code, reply.headers["location"]) == (303, person_path)
    assert (await client.post(f"{look}/unfollow", headers=BY_SCRIPT)).json() == {"count": 0, "given": False}


async def test_people_cannot_follow_or_report_themselves(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = f"/looks/{(await share_look(resources, mina)).id}"
    own_page = (await owner.get(look)).text
    other_page = (await client.get(look)).text
    for part, whose in (
        ('/follow"', other_page),
        ('/report"', other_page),
        ('"unshare"', own_page),
        ('/delete"', own_page),
    ):
        assert (part in own_page, part in other_page) == (whose is own_page, whose is other_page), part
    for path in (f"{look}/follow", "/people/Mina%20Kim/follow", f"{look}/report"):
        assert (await owner.post(path, headers=SAME_ORIGIN)).status_code == 404
    assert (await count_rows(resources, "follows"), await count_rows(resources, "reports")) == (0, 0)


async def test_a_report_is_stored_with_its_reason(client: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    assert "<details" in (await client.get(path)).text
    form = {"reason": "hate", "line": " it \0says\n  <b>things</b> " + "x" * 500}
    reply = await client.post(f"{path}/report", data=form, headers=SAME_ORIGIN)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{path}/reported")
    assert translate("report.thanks", Language.EN) in unescape((await client.get(f"{path}/reported")).text)
    async with resources.database.transaction() as connection:
        reason = (await connection.execute(select(schema.reports.c.reason))).scalar_one()
    assert reason.startswith("hate: it says <b>things</b> xxx")
    assert len(reason) <= 500


async def test_the_third_report_suspends_a_look(site: FastAPI, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    for number in range(1, 5):
        async with open_browser(site, address=f"192.0.2.{number}") as browser:
            reply = await browser.post(f"{path}/report", headers=SAME_ORIGIN, follow_redirects=True)
            assert reply.status_code == (200 if number <= 3 else 404)
            assert (await browser.get(path)).status_code == (200 if number < 3 else 404)
    assert await count_rows(resources, "reports") == 3


async def test_reports_from_private_addresses_are_not_deduplicated(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    for address in ("127.0.0.1", "10.0.0.7", "fd00::1", "unix"):
        path = f"/looks/{(await share_look(resources, mina)).id}"
        for _ in range(3):
            async with open_browser(site, address=address) as browser:
                assert (await browser.post(f"{path}/report", headers=SAME_ORIGIN)).status_code == 303
        async with open_browser(site) as browser:
            assert (await browser.get(path)).status_code == 404


async def test_anonymous_reports_are_counted_once_per_network_and_look(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    first, second = [f"/looks/{(await share_look(resources, mina)).id}" for _ in range(2)]

    async def report(path: str, address: str, token: str | None = None) -> None:
        async with open_browser(site, token, address=address) as browser:
            reply = await browser.post(f"{path}/report", headers=SAME_ORIGIN, follow_redirects=True)
            assert translate("report.thanks", Language.EN) in unescape(reply.text)

    for host in range(5):
        await report(first, f"2a00:1450:0:1::{host}")
    await report(second, "2a00:1450:0:1::9")
    assert await count_rows(resources, "reports") == 2, "one for each look"
    async with resources.database.transaction() as connection:
        chatting = [VISITORS.issue() for _ in range(2)]
        for place, token in enumerate(chatting):
            known = await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language="en"
            )
            await people.add_identity(connection, known.id, IdentityProvider.KAKAO, f"{place}")
    async with open_browser(site) as browser:
        for token in chatting:
            assert (await browser.get(first)).status_code == 200
            await report(first, "2a00:1450:0:1::1", token)
        assert (await browser.get(first)).status_code == 404
        assert (await browser.post(f"{first}/report", headers=SAME_ORIGIN)).status_code == 404
    assert await count_rows(resources, "reports") == 4


async def test_a_long_report_is_refused(client: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    reply = await client.post(f"{path}/report", data={"reason": "other", "line": "x" * 20_000}, headers=SAME_ORIGIN)
    assert reply.status_code == 413
    assert await count_rows(resources, "reports") == 0


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=1" for _ in range(50))])
async def test_a_malformed_report_has_no_reason(
    client: httpx.AsyncClient, resources: Resources, mina: UUID, body: bytes
) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    headers = {**SAME_ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post(f"{path}/report", content=body, headers=headers)).status_code == 303
    async with resources.database.connection() as connection:
        assert (await connection.execute(text("SELECT reason FROM reports"))).scalars().all() == ["other"]


async def test_an_owner_can_unshare_on_the_look_page(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await share_look(resources, mina)
    page = await owner.get(f"/looks/{look.id}")
    assert select_elements(page, f"a[href='/me/looks/{look.id}/delete']")
    (button,) = select_elements(page, "form > button[value=unshare]")
    path, data = button.getparent().get("action"), {button.get("name"): "unshare"}
    assert (await client.post(path, data=data, headers=SAME_ORIGIN)).status_code == 404
    assert (await client.get(f"/looks/{look.id}")).status_code == 200
    assert (await owner.post(path, data=data, headers=SAME_ORIGIN)).status_code == 303
    assert (await client.get(f"/looks/{look.id}")).status_code == 404


OPERATIONS = ("scrap", "unscrap", "follow", "unfollow", "report")


async def test_reactions_to_private_looks_are_not_found(client: httpx.AsyncClient, resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        private = await create_look(connection, (await create_person(connection)).id)
    for look in (private.id, uuid7(), "nonsense", str(private.id).upper()):
        for operation in OPERATIONS:
            reply = await client.post(f"/looks/{look}/{operation}", headers=SAME_ORIGIN)
            assert reply.status_code == 404, operation
            assert "set-cookie" not in reply.headers
    assert await count_rows(resources, "people") == 1


async def test_cross_site_reactions_are_refused(owner: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    for url in (*(f"{path}/{operation}" for operation in OPERATIONS), "/people/Mina%20Kim/follow"):
        assert (await owner.post(url, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await owner.get(path)).status_code == 200


async def test_a_person_page_is_paginated_and_shows_styles(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    shared = [
        await share_look(resources, mina, Style.MODE if number else Style.RETRO) for number in range(PAGE_SIZE + 2)
    ]
    async with resources.database.transaction() as connection:
        other = await create_person(connection)
        await follows.follow(connection, mina, other.id)
    await share_look(resources, other.id)
    page = await client.get("/people/Mina%20Kim")
    assert page.status_code == 200
    assert "<h1>Mina Kim</h1>" in page.text
    assert attributes(page, "rect.share", "width") == ["93%", "7%"]
    assert translate("person.styles.looks", Language.EN, count=PAGE_SIZE + 1) in page.text
    assert translate("person.styles.look", Language.EN) in page.text
    assert '<strong id="followers">0</strong>' in page.text
    assert "<strong>1</strong>" in page.text
    rest = await client.get(next_url(page) or "")
    assert look_ids(page) + look_ids(rest) == [str(look.id) for look in reversed(shared)]
    assert next_url(rest) is None


async def test_confusable_spellings_redirect_to_the_name(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    await share_look(resources, mina)
    for spelling in ("minakim", "MINA KIM", "Мina Кim", "m1na k1m", "Ｍｉｎａ Ｋｉｍ"):
        reply = await client.get(f"/people/{quote(spelling)}?lang=ko")
        assert (reply.status_code, reply.headers["location"]) == (302, "/people/Mina%20Kim?lang=ko")
    assert (await client.get("/people/minakim")).headers["location"] == "/people/Mina%20Kim"


@pytest.mark.parametrize("name", ["Nobody", "", "%00", "%ff", "x" * 500, "%0d%0aSet-Cookie:a=b", "%F0%9F%92%83"])
async def test_unknown_names_are_not_found(client: httpx.AsyncClient, resources: Resources, name: str) -> None:
    for reply in (
        await client.get(f"/people/{name}"),
        await client.post(f"/people/{name}/follow", headers=SAME_ORIGIN),
        await client.post(f"/people/{name}/unfollow", headers=SAME_ORIGIN),
    ):
        assert reply.status_code == 404
        assert "set-cookie" not in reply.headers
    assert await count_rows(resources, "people") == 0


@pytest.mark.parametrize(
    "before", ["nonsense", "", TimeCursor(at=datetime(2026, 1, 1, tzinfo=UTC), id=UUID(int=0)).encode()[:-1]]
)
async def test_a_malformed_cursor_is_not_found(
    client: httpx.AsyncClient, resources: Resources, mina: UUID, before: str
) -> None:
    await share_look(resources, mina)
    assert (await client.get(f"/people/Mina%20Kim?before={before}")).status_code == 404


async def test_a_page_without_looks_is_only_visible_to_its_owner(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    assert (await client.get("/people/Mina%20Kim")).status_code == 404
    assert (await client.post("/people/Mina%20Kim/follow", headers=SAME_ORIGIN)).status_code == 404
    page = unescape((await owner.get("/people/Mina%20Kim")).text)
    for key in ("person.own.hidden", "person.empty"):
        assert translate(key, Language.EN) in page
    look = await share_look(resources, mina)
    page = unescape((await owner.get("/people/Mina%20Kim")).text)
    assert translate("person.own", Language.EN) in page
    assert "/follow" not in page
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    assert (await client.get("/people/Mina%20Kim")).status_code == 404


async def test_a_banned_person_is_hidden_and_can_be_unfollowed(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    await share_look(resources, mina)
    assert (await client.post("/people/Mina%20Kim/follow", headers=SAME_ORIGIN)).status_code == 303
    async with resources.database.transaction() as connection:
        await connection.execute(update(schema.people).where(schema.people.c.id == mina).values(banned_at=func.now()))
    assert (await client.get("/people/Mina%20Kim")).status_code == 404
    assert (await owner.get("/people/Mina%20Kim")).status_code == 200
    assert (await client.post("/people/Mina%20Kim/unfollow", headers=BY_SCRIPT)).json() == {"count": 0, "given": False}


@pytest.mark.parametrize("name", [ATTACK, "</h1><img src=x onerror=alert(1)>", "a/b?c#d&e=%41;", "../../x"])
async def test_any_name_works_in_urls_and_is_escaped(
    client: httpx.AsyncClient, resources: Resources, name: str
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        assert await people.set_display_name(connection, person.id, name)
    look = await share_look(resources, person.id)
    page = await client.get(f"/looks/{look.id}")
    path = f"/people/{quote(name, safe='')}"
    assert f'href="{path}"' in page.text
    for response in (page, await client.get(path)):
        assert response.status_code == 200
        assert "<script>alert" not in response.text
        assert "<img src=x" not in response.text
        assert name in unescape(response.text)
    reply = await client.post(f"{path}/follow", headers=SAME_ORIGIN)
    assert (reply.status_code, reply.headers["location"]) == (303, path)
    assert await count_rows(resources, "follows") == 1


async def test_an_owner_without_a_name_has_no_page_and_can_be_followed(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    look = await share_look(resources, person.id)
    assert "/people/" not in (await client.get(f"/looks/{look.id}")).text
    assert (await client.post(f"/looks/{look.id}/follow", headers=SAME_ORIGIN)).status_code == 303


async def test_all_messages_are_readable_without_scripts(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await share_look(resources, mina)
    page = await client.get(f"/looks/{look.id}")
    (log,) = select_elements(page, "ol.log.typed[aria-live=off]")
    assert len(log.cssselect("p")) >= 5
    assert not log.cssselect("[hidden]")
    assert ' style="' not in page.text, "the Content-Security-Policy forbids inline styles"


async def test_bookmarks_are_not_on_the_person_page(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    await share_look(resources, mina)
    async with resources.database.transaction() as connection:
        other = await create_person(connection)
    kept = await share_look(resources, other.id)
    await owner.post(f"/looks/{kept.id}/scrap", headers=SAME_ORIGIN)
    async with resources.database.transaction() as connection:
        assert await bookmarked_look_ids(connection, mina) == {kept.id}
    assert str(kept.id) not in (await client.get("/people/Mina%20Kim")).text

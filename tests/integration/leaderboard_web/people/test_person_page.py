"""The page of a person."""

from datetime import UTC, datetime
from html import unescape
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, update

from core.db import looks, moderation, people, relations, schema
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.styles import Style
from leaderboard_web.pagination import TimeCursor
from leaderboard_web.routes.people import PAGE_SIZE
from tests.factories import create_person
from tests.html import attributes, look_ids, next_url, texts
from tests.html import select as select_elements
from tests.integration.leaderboard_web.people.conftest import BY_SCRIPT, SAME_ORIGIN, count_rows, share_look

ATTACK = '"><script>alert(1)</script>'


async def test_a_person_page_is_paginated_and_shows_styles(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    shared = [
        await share_look(resources, mina, Style.MODE if number else Style.RETRO) for number in range(PAGE_SIZE + 2)
    ]
    async with resources.database.transaction() as connection:
        other = await create_person(connection)
        await relations.create_follow(connection, mina, other.id)
    await share_look(resources, other.id)
    page = await client.get("/people/Mina%20Kim")
    assert page.status_code == 200
    assert texts(page, "h1") == ["M Mina Kim"], "the first letter is the avatar, hidden from screen readers"
    assert attributes(page, "rect.share", "width") == ["93%", "7%"]
    assert translate("person.styles.looks", Language.EN, count=PAGE_SIZE + 1) in page.text
    assert translate("person.styles.look", Language.EN) in page.text
    assert attributes(page, "link[rel=canonical]", "href") == ["http://eva/people/Mina%20Kim"]
    assert texts(page, "strong#followers") == ["0"]
    assert texts(page, "strong:not(#followers)") == ["1"]
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
    assert '/follow"' not in page
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    assert (await client.get("/people/Mina%20Kim")).status_code == 404


@pytest.mark.parametrize("operation", ["follow", "unfollow", "block", "report"])
@pytest.mark.parametrize("is_banned", [False, True])
async def test_names_of_people_without_a_page_are_told_to_nobody(
    client: httpx.AsyncClient, resources: Resources, mina: UUID, operation: str, is_banned: bool
) -> None:
    if is_banned:
        await share_look(resources, mina)
        async with resources.database.transaction() as connection:
            await moderation.mark_banned(connection, mina)
    paths = [f"/people/{name}/{operation}" for name in ("Mina%20Kim", "Nobody")]
    known, unknown = [await client.post(path, headers=BY_SCRIPT) for path in paths]
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (404, unknown.content)


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
        assert await people.update_display_name(connection, person.id, name)
    look = await share_look(resources, person.id)
    page = await client.get(f"/looks/{look.id}")
    path = f"/people/{quote(name, safe='')}"
    assert path in attributes(page, "a", "href")
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
    (log,) = select_elements(page, ".verdict ol.log")
    assert len(log.cssselect("p")) >= 3
    assert not log.cssselect("[hidden]")
    assert not select_elements(page, "[style]"), "the Content-Security-Policy forbids inline styles"

"""Bookmarks, follows and unsharing, on the pages of looks and people."""

import asyncio
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from limits import RateLimitItemPerDay
from limits.aio.strategies import FixedWindowRateLimiter
from sqlalchemy.pool import AsyncAdaptedQueuePool
from uuid_utils.compat import uuid7

from core.db import people
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from leaderboard_web.limit_storage import DatabaseStorage
from tests.factories import bookmarked_look_ids, create_look, create_person
from tests.html import attributes, texts
from tests.html import select as select_elements
from tests.integration.leaderboard_web.people.conftest import (
    BY_SCRIPT,
    SAME_ORIGIN,
    VISITORS,
    count_rows,
    open_browser,
    share_look,
)


def pressed(page: httpx.Response, kind: str) -> str:
    return attributes(page, f"form.toggle.{kind} button", "aria-pressed")[0]


async def test_a_bookmark_is_private_and_can_be_removed(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    assert pressed(await client.get(path), "bookmark") == "false"
    for _ in range(2):
        reply = await client.post(f"{path}/scrap", headers=SAME_ORIGIN)
        assert (reply.status_code, reply.headers["location"]) == (303, path)
    assert pressed(await client.get(path), "bookmark") == "true"
    assert pressed(await client.get(path, headers={"Cookie": ""}), "bookmark") == "false"
    assert await count_rows(resources, "bookmarks") == 1
    assert (await client.post(f"{path}/unscrap", headers=BY_SCRIPT)).json() == {"given": False}
    assert (await client.post(f"{path}/scrap", headers=BY_SCRIPT)).json() == {"given": True}


async def test_hearts_of_a_network_without_a_login_are_limited_per_look_and_day(
    site: FastAPI, resources: Resources, mina: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.state.eva.heart_limiter, "_limits", (RateLimitItemPerDay(2), RateLimitItemPerDay(3)))
    first, second = [f"/looks/{(await share_look(resources, mina)).id}" for _ in range(2)]

    async def give(path: str, address: str, token: str | None = None) -> int:
        async with open_browser(site, token, address=address) as browser:
            reply = await browser.post(f"{path}/heart", headers=BY_SCRIPT)
            if reply.status_code == 429:
                assert reply.json()["message"] == translate("page.enough_hearts.no_login", Language.EN)
                return 429
            assert (await browser.post(f"{path}/heart", headers=BY_SCRIPT)).json() == reply.json(), "given once"
            return int(reply.json()["count"])

    assert [await give(first, "2a00:1450:0:1::1") for _ in range(3)] == [1, 2, 429]
    assert [await give(first, "2a00:1450:0:2::1") for _ in range(2)] == [3, 429], "of the same customer"
    assert await give(first, "8.8.8.8") == 4
    assert await give(second, "2a00:1450:0:1::1") == 1
    token = VISITORS.issue()
    async with resources.database.transaction() as connection:
        known = await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language=Language.EN
        )
        await create_identity(connection, known.id, IdentityProvider.KAKAO, "1")
    assert await give(first, "2a00:1450:0:1::1", token) == 5


async def test_a_visitor_who_changes_their_mind_takes_no_hearts_of_the_neighbors(
    site: FastAPI, resources: Resources, mina: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.state.eva.heart_limiter, "_limits", (RateLimitItemPerDay(3), RateLimitItemPerDay(6)))
    path = f"/looks/{(await share_look(resources, mina)).id}"
    async with open_browser(site, None, address="8.8.8.8") as browser:
        for _ in range(5):
            assert (await browser.post(f"{path}/heart", headers=BY_SCRIPT)).status_code == 200
            assert (await browser.post(f"{path}/unheart", headers=BY_SCRIPT)).status_code == 200
    async with open_browser(site, None, address="8.8.8.8") as neighbor:
        assert (await neighbor.post(f"{path}/heart", headers=BY_SCRIPT)).status_code == 200


async def test_more_hearts_at_once_than_connections_are_all_counted(
    site: FastAPI, resources: Resources, mina: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = DatabaseStorage(resources.database, resources.limit_signer)
    monkeypatch.setattr(site.state.eva.heart_limiter, "_limiter", FixedWindowRateLimiter(counters))
    path = f"/looks/{(await share_look(resources, mina)).id}/heart"
    pool = resources.database.engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)

    async def give() -> int:
        async with open_browser(site, None, address="8.8.8.8") as browser:
            return (await browser.post(path, headers=BY_SCRIPT)).status_code

    assert await asyncio.gather(*(give() for _ in range(pool.size() + 5))) == [200] * (pool.size() + 5)
    assert await count_rows(resources, "hearts") == pool.size() + 5


async def test_an_owner_can_be_followed_on_both_pages(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look, person_path = f"/looks/{(await share_look(resources, mina)).id}", "/people/Mina%20Kim"
    reply = await client.post(f"{look}/follow", headers=SAME_ORIGIN)
    assert (reply.status_code, reply.headers["location"]) == (303, look)
    assert pressed(await client.get(look), "follow") == "true"
    page = await client.get(person_path)
    assert pressed(page, "follow") == "true"
    assert texts(page, "strong#followers") == ["1"]
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

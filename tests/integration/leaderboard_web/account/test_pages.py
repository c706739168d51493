"""Account pages: anonymous viewers, other sites, languages."""

from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import func, select, update
from uuid_utils.compat import uuid7

from core.db import schema, sessions
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.resources import Resources
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.html import attributes
from tests.integration.leaderboard_web.account.conftest import add_look, get_look, get_person, page_text

PAGES = (
    "/me",
    "/me/news",
    "/me/week",
    "/me/blocked",
    "/me/followers",
    "/me/scraps",
    "/me/following",
    "/me/following/people",
    "/me/settings",
    "/me/forget",
)


async def test_anonymous_viewer_gets_an_explanation_and_no_session(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    for path in PAGES:
        page = await client.get(path)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert translate("me.anonymous.title", Language.EN) in page_text(page)
        links = attributes(page, "a", "href")
        assert "/try" in links
        assert "/login" not in links, "nothing is configured that one could log in with"
        assert translate("me.anonymous.login", Language.EN) not in page_text(page)
        assert "set-cookie" not in page.headers
    for reply in (
        await client.get("/me/data.zip"),
        await client.post("/me/settings", data={"name": "Mina"}),
        await client.post("/me/following/people", data={"person": str(uuid7())}),
    ):
        assert (reply.status_code, reply.headers["location"]) == (303, "/me")
    async with resources.database.transaction() as connection:
        assert (await connection.execute(select(func.count()).select_from(schema.people))).scalar_one() == 0


@pytest.mark.parametrize("path", ["/me/settings", "/looks/{look_id}/unheart"])
async def test_a_session_that_changes_something_is_kept(
    client: httpx.AsyncClient, resources: Resources, mina: Person, path: str
) -> None:
    look = await add_look(resources, mina.id, shared=True)
    long_ago = datetime.now(UTC) - 2 * sessions.TOUCH_INTERVAL
    async with resources.database.transaction() as connection:
        await connection.execute(update(schema.identities).values(last_seen_at=long_ago))
    token = client.cookies[VISITOR_COOKIE]
    await client.get("/me/settings")
    assert (await list_last_seen(resources)) == [long_ago], "reading does not count"
    reply = await client.post(path.format(look_id=look.id), data={"first": "me"})
    assert reply.status_code == 303
    assert (await list_last_seen(resources))[0] > long_ago
    assert reply.headers["set-cookie"].startswith(f"{VISITOR_COOKIE}={token};")


async def list_last_seen(resources: Resources) -> list[datetime]:
    async with resources.database.transaction() as connection:
        return list((await connection.execute(select(schema.identities.c.last_seen_at))).scalars())


async def test_cross_site_requests_change_nothing(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path, data in (
        (f"/me/looks/{look.id}", {"do": "correct", "style": "mode"}),
        (f"/me/looks/{look.id}/delete", {}),
        ("/me/settings", {"name": "Owned"}),
        ("/me/forget", {}),
    ):
        assert (await client.post(path, data=data, headers=foreign)).status_code == 403
    assert (await get_look(resources, look)).corrected_style is None
    assert await get_person(resources, mina) == mina


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_account_pages_are_translated_and_not_cached(
    client: httpx.AsyncClient, resources: Resources, mina: Person, language: str
) -> None:
    look = await add_look(resources, mina.id)
    await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    for path in (
        *PAGES,
        f"/me/looks/{look.id}",
        f"/me/looks/{look.id}/name",
        f"/me/looks/{look.id}/delete",
        "/me/goodbye",
    ):
        page = await client.get(path, headers={"Accept-Language": language})
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store"), path
        assert attributes(page, "html", "lang") == [language]
        assert "/me" in attributes(page, "a[aria-current=page]", "href")

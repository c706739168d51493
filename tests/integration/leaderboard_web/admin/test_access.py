"""The moderation pages exist for moderators only."""

from html import unescape

import httpx
from uuid_utils.compat import uuid7

from core.db import people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.factories import create_person
from tests.html import attributes
from tests.integration.leaderboard_web.admin.conftest import (
    ADMIN,
    ClientFactory,
    add_shared_look,
    list_log_rows,
    public_look_ids,
)


async def test_admin_pages_are_not_found_for_other_people(
    as_person: ClientFactory, admin: httpx.AsyncClient, resources: Resources
) -> None:
    look = await add_shared_look(resources)
    async with resources.database.transaction() as connection:
        other = await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, ADMIN, language=Language.EN)
        owner = await people.get(connection, look.person_id)
    for client in [await as_person(None), await as_person(other), await as_person(owner)]:
        for path in ("/admin", "/admin/people", "/admin/log", "/admin?after=x", "/admin/log?before=x"):
            reply = await client.get(path)
            assert reply.status_code == 404, path
            assert translate("page.not_found", Language.EN) in unescape(reply.text)
            assert translate("admin.queue", Language.EN) not in reply.text
        for path in (
            f"looks/{look.id}/hide",
            f"looks/{look.id}/restore",
            f"people/{look.person_id}/ban",
            "looks/x/y",
            "updates/retry",
        ):
            assert (await client.post(f"/admin/{path}")).status_code == 404, path
    assert look.id in await public_look_ids(resources)
    assert await list_log_rows(resources) == []
    assert (await admin.get("/admin")).status_code == 200
    assert (await admin.get("/admin/log")).status_code == 200


async def test_settings_link_to_admin_pages_for_moderators_only(
    as_person: ClientFactory, admin: httpx.AsyncClient, resources: Resources
) -> None:
    assert "/admin" in attributes(await admin.get("/me/settings"), "a", "href")
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    other = await as_person(person)
    assert "/admin" not in attributes(await other.get("/me/settings"), "a", "href")


async def test_malformed_admin_urls_are_not_found(admin: httpx.AsyncClient) -> None:
    for path in ("?after=1", "?after=x.y", f"?after=-1.{uuid7().hex}", "/log?before=", "/log?before=²"):
        assert (await admin.get(f"/admin{path}")).status_code == 404, path
    for path in ("looks/1/hide", f"looks/{uuid7()}/burn", f"people/{uuid7()}/hide"):
        assert (await admin.post(f"/admin/{path}")).status_code == 404, path
    for path in (f"looks/{uuid7()}/hide", f"people/{uuid7()}/ban"):
        assert (await admin.post(f"/admin/{path}")).status_code == 303, path

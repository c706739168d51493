"""The moderation log and the list of failed updates."""

from datetime import UTC, datetime
from html import unescape

import httpx
import pytest
from sqlalchemy import update

from core.db import inbox, looks, people, queued_updates, schema
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.deletion import erase_person
from leaderboard_web.routes.admin import ROWS_PER_PAGE
from tests.factories import create_person, mark_update_failed
from tests.html import attributes, next_url, texts
from tests.integration.leaderboard_web.admin.conftest import ClientFactory, add_shared_look


async def test_moderation_log_names_people_in_pages(
    admin: httpx.AsyncClient, resources: Resources, moderator: Person
) -> None:
    look = await add_shared_look(resources, name="Mina")
    for action in ("ban", "unban") * (ROWS_PER_PAGE // 2):
        await admin.post(f"/admin/people/{look.person_id}/{action}")
    await admin.post(f"/admin/looks/{look.id}/hide")
    page = await admin.get("/admin/log")
    text = unescape(page.text)
    assert translate("admin.act.hide", Language.EN, moderator="Hana", person="Mina") in text
    assert (
        text.count(translate("admin.act.ban", Language.EN, moderator="Hana", person="Mina")) == ROWS_PER_PAGE // 2 - 1
    )
    assert translate("admin.act.ban", Language.EN, moderator="Hana", person="Mina") in unescape(
        (await admin.get(next_url(page) or "")).text
    )
    korean = unescape((await admin.get("/admin/log", headers={"Accept-Language": "ko"})).text)
    assert translate("admin.act.hide", Language.KO, moderator="Hana 님", person="Mina 님") in korean


@pytest.mark.parametrize("language", Language)
async def test_moderation_log_speaks_of_people_who_left(
    admin: httpx.AsyncClient, as_person: ClientFactory, resources: Resources, language: Language
) -> None:
    look, other = await add_shared_look(resources, name="Mina"), await add_shared_look(resources, name="Yuna")
    async with resources.database.transaction() as connection:
        left = await people.get_or_create_by_identity(
            connection, IdentityProvider.KAKAO, "unknown", language=Language.EN
        )
    await (await as_person(left)).post(f"/admin/looks/{look.id}/restore")
    await admin.post(f"/admin/looks/{other.id}/restore")
    headers = {"Accept-Language": language}
    links = attributes(await admin.get("/admin/log", headers=headers), ".moderation-log a", "href")
    assert links == [f"/looks/{other.id}", f"/looks/{look.id}"]
    async with resources.database.transaction() as connection:
        assert await looks.unshare(connection, other.id)
    for person_id in (left.id, look.person_id):
        assert await erase_person(resources, person_id)
    page = await admin.get("/admin/log", headers=headers)
    forgotten = {
        "moderator": translate("admin.forgotten.moderator", language),
        "person": translate("admin.forgotten", language),
    }
    assert translate("admin.act.restore", language, **forgotten) in unescape(page.text)
    assert attributes(page, ".moderation-log a", "href") == [], "neither look has a page any more"


async def test_failed_updates_are_listed_without_content_and_can_be_retried(
    as_person: ClientFactory, admin: httpx.AsyncClient, resources: Resources
) -> None:
    assert translate("admin.failed.retry", Language.EN) not in unescape((await admin.get("/admin")).text)
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(
            connection, Channel.TELEGRAM, "update 1", external_sender_id="42", payload={"text": "private words"}
        )
        assert inbox_id is not None
        await mark_update_failed(connection, inbox_id)
        other_person = await create_person(connection)
    page = await admin.get("/admin")
    assert translate("admin.failed", Language.EN, count=1) in unescape(page.text)
    (entry,) = texts(page, ".failed-updates li")
    assert entry.startswith(translate("admin.failed.entry", Language.EN, channel="telegram", id=inbox_id))
    assert "private words" not in page.text
    assert (await (await as_person(other_person)).post("/admin/updates/retry")).status_code == 404
    assert (await admin.post("/admin/updates/retry")).status_code == 303
    async with resources.database.transaction() as connection:
        assert await queued_updates.count_failed(connection) == 0
        assert await inbox.count_unfinished(connection) == 1
    assert texts(await admin.get("/admin"), ".failed-updates li") == []
    for _ in range(2):
        entries = unescape((await admin.get("/admin/log")).text).count(
            translate("admin.act.retry", Language.EN, moderator="Hana")
        )
        assert entries == 1, "only when something was retried"
        await admin.post("/admin/updates/retry")


async def test_times_of_both_lists_are_in_seoul(admin: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_shared_look(resources, name="Mina")
    await admin.post(f"/admin/looks/{look.id}/hide")
    moment = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.TELEGRAM, "update 1", external_sender_id="42", payload={})
        assert inbox_id is not None
        await mark_update_failed(connection, inbox_id)
        await connection.execute(update(schema.inbox).values(failed_at=moment))
        await connection.execute(update(schema.moderation_log).values(created_at=moment))
    assert texts(await admin.get("/admin"), ".failed-updates time") == ["2026-03-01 08:30"]
    assert texts(await admin.get("/admin/log"), "time") == ["2026-03-01 08:30"]

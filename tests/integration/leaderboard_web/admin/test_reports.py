"""Reported looks: the list, suspension, removal and restoring."""

from html import unescape
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from bot.app import BotApplication
from core.conversation.actions import Action, ActionType
from core.conversation.reply import ReplyKind
from core.db import looks, people, person_reports, schema
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import ModerationAction
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.deletion import erase_person
from leaderboard_web.routes.admin import ROWS_PER_PAGE
from tests.factories import create_person
from tests.html import attributes, next_url, texts
from tests.integration.leaderboard_web.admin.conftest import add_shared_look, list_log_rows, public_look_ids, report


async def get_look(resources: Resources, look_id: UUID) -> Look:
    async with resources.database.transaction() as connection:
        look = await looks.get(connection, look_id)
    assert look is not None
    return look


def listed_look_ids(page: httpx.Response) -> list[str]:
    return [element_id.removeprefix("look-") for element_id in attributes(page, ".reported > li", "id")]


async def test_reports_are_listed_most_reported_first_in_pages(admin: httpx.AsyncClient, resources: Resources) -> None:
    reported = [await add_shared_look(resources) for _ in range(ROWS_PER_PAGE + 3)]
    for number, look in enumerate(reported):
        await report(resources, look.id, 1 + number % 2)
    unreported, unshared = await add_shared_look(resources), await add_shared_look(resources)
    await report(resources, unshared.id, 1)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, unshared.id)
    first = await admin.get("/admin")
    rest = await admin.get(next_url(first) or "")
    assert listed_look_ids(first) + listed_look_ids(rest) == [str(look.id) for look in reported[1::2] + reported[0::2]]
    assert str(unreported.id) not in first.text
    assert next_url(rest) is None


async def test_reported_people_are_listed_most_reported_first_in_pages(
    admin: httpx.AsyncClient, resources: Resources
) -> None:
    async with resources.database.transaction() as connection:
        reported = [await create_person(connection) for _ in range(ROWS_PER_PAGE + 3)]
        for number, person in enumerate(reported):
            for _ in range(1 + number % 2):
                await person_reports.create(connection, person.id, (await create_person(connection)).id, "name")
    assert translate("admin.people.count", Language.EN, count=len(reported)) in unescape(
        (await admin.get("/admin")).text
    )
    first = await admin.get("/admin/people")
    rest = await admin.get(next_url(first) or "")
    ids = attributes(first, ".reported-people > li", "id") + attributes(rest, ".reported-people > li", "id")
    assert ids == [f"person-{person.id}" for person in reported[1::2] + reported[0::2]]
    assert next_url(rest) is None
    reply = await admin.post(f"/admin/people/{reported[0].id}/dismiss")
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin/people")
    assert str(reported[0].id) not in (await admin.get(next_url(first) or "")).text
    ban = attributes(first, ".reported-people details form", "action")[0]
    reply = await admin.post(ban)
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin/people")
    assert ban.startswith(f"/admin/people/{reported[1].id}/ban")
    assert str(reported[1].id) not in (await admin.get("/admin/people")).text


async def test_report_shows_photo_owner_and_escaped_reasons(admin: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_shared_look(resources, name="Mina")
    await report(resources, look.id, 1, "<script>alert(1)</script>")
    await report(resources, look.id, 1, "not their photo")
    await report(resources, look.id, 1, "consent: that is me")
    page = await admin.get("/admin")
    assert "<script>alert" not in page.text
    text, reasons = unescape(page.text), texts(page, ".reasons li")
    assert "not their photo" in reasons
    assert f"{translate('report.reason.consent', Language.EN)}: that is me" in reasons
    assert translate("admin.reports", Language.EN, count=3) in text
    assert translate("board.by", Language.EN, name="Mina") in text
    (photo_url,) = attributes(page, ".reported img", "src")
    assert (await admin.get(photo_url)).content == b"photo"


async def test_three_reports_suspend_a_look_until_it_is_restored(
    admin: httpx.AsyncClient, moderator: Person, resources: Resources
) -> None:
    look = await add_shared_look(resources)
    await report(resources, look.id, 3)
    assert await public_look_ids(resources) == set()
    assert (await get_look(resources, look.id)).suspended_at is not None
    assert listed_look_ids(await admin.get("/admin")) == [str(look.id)]
    reply = await admin.post(f"/admin/looks/{look.id}/restore")
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin")
    assert await public_look_ids(resources) == {look.id}
    assert ((restored := await get_look(resources, look.id)).report_count, restored.suspended_at) == (0, None)
    assert listed_look_ids(await admin.get("/admin")) == []
    await report(resources, look.id, 2)
    assert await public_look_ids(resources) == {look.id}
    assert await list_log_rows(resources) == [(ModerationAction.RESTORE, moderator.id, look.id, look.person_id)]


@pytest.mark.parametrize("action", ["restore", "hide"])
async def test_a_look_whose_reporters_erased_themselves_still_waits_for_a_moderator(
    admin: httpx.AsyncClient, resources: Resources, action: str
) -> None:
    banned, suspended, twice, reported = [await add_shared_look(resources) for _ in range(4)]
    await admin.post(f"/admin/people/{banned.person_id}/ban")
    await report(resources, suspended.id, 3)
    await report(resources, twice.id, 2)
    async with resources.database.transaction() as connection:
        reporters = (await connection.execute(select(schema.reports.c.person_id))).scalars().all()
    for reporter in reporters:
        assert await erase_person(resources, reporter)
    await report(resources, reported.id, 1)
    assert await public_look_ids(resources) == {twice.id, reported.id}
    page = await admin.get("/admin")
    assert listed_look_ids(page) == [str(reported.id), str(suspended.id)]
    assert translate("admin.reporters_gone", Language.EN) in unescape(page.text)
    await admin.post(f"/admin/looks/{suspended.id}/{action}")
    assert listed_look_ids(await admin.get("/admin")) == [str(reported.id)]
    assert (suspended.id in await public_look_ids(resources)) is (action == "restore")


@pytest.mark.parametrize("action", ["restore", "hide"])
async def test_moderators_cannot_act_on_private_looks(
    admin: httpx.AsyncClient, resources: Resources, action: str
) -> None:
    look = await add_shared_look(resources)
    await report(resources, look.id, 1)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    assert (await admin.post(f"/admin/looks/{look.id}/{action}")).status_code == 303
    assert (await get_look(resources, look.id)).removed_at is None
    assert await resources.storage.get(look.photo_key or "") == b"photo"
    assert await list_log_rows(resources) == []


async def test_removed_look_loses_its_images_and_cannot_be_shared(
    admin: httpx.AsyncClient, moderator: Person, resources: Resources
) -> None:
    look = await add_shared_look(resources)
    await report(resources, look.id, 1)
    for _ in range(2):
        assert (await admin.post(f"/admin/looks/{look.id}/hide")).status_code == 303
    assert await public_look_ids(resources) == set()
    for key in (look.photo_key, look.heatmap_key):
        with pytest.raises(ObjectNotFoundError):
            await resources.storage.get(key or "")
    assert (removed := await get_look(resources, look.id)).removed_at is not None
    assert removed.report_count == 0, "its reports are reviewed"
    assert listed_look_ids(await admin.get("/admin")) == []
    await admin.post(f"/admin/looks/{look.id}/restore")
    async with resources.database.transaction() as connection:
        assert not await looks.share(connection, look.id)
    assert await list_log_rows(resources) == [(ModerationAction.HIDE, moderator.id, look.id, look.person_id)]


async def test_sharing_a_suspended_look_again_explains_the_suspension(
    resources: Resources, service: BotApplication
) -> None:
    look = await add_shared_look(resources, name="Mina")
    await report(resources, look.id, 3)
    async with resources.database.transaction() as connection:
        owner = await people.get(connection, look.person_id)
    assert owner is not None
    answer = await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id), chat="web")
    assert answer.kind is ReplyKind.SHARED_SUSPENDED
    assert await public_look_ids(resources) == set()

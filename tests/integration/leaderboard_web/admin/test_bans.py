"""Banned people, and moderation at the same time as everything else."""

import asyncio
from html import unescape

import httpx
from sqlalchemy import select

from bot.app import BotApplication
from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.reply import ReplyKind
from core.db import looks, moderation, people, public_looks, schema
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import ModerationAction
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services.deletion import erase_person
from tests.factories import create_look, create_person
from tests.integration.leaderboard_web.admin.conftest import add_shared_look, list_log_rows, public_look_ids, report


async def test_banned_person_has_no_public_looks_until_unbanned(
    admin: httpx.AsyncClient, moderator: Person, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner, other = await create_person(connection), await create_person(connection)
    fine, doubtful, private = [await add_shared_look(resources, owner) for _ in range(3)]
    untouched = await add_shared_look(resources, other)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, private.id)
    await report(resources, doubtful.id, 3)
    for _ in range(2):
        assert (await admin.post(f"/admin/people/{owner.id}/ban")).status_code == 303
    assert await public_look_ids(resources) == {untouched.id}
    for language in Language:
        async with resources.database.transaction() as connection:
            await people.update_language(connection, owner.id, language)
            person = await people.get(connection, owner.id)
        assert person is not None
        for action_type in (ActionType.SHARE, ActionType.ACCEPT_NAME):
            answer = await service.conversation.handle_action(
                person, Action(type=action_type, look_id=private.id), chat="web"
            )
            assert answer.kind is ReplyKind.BANNED
            assert answer.prompt is None
    # Restoring a look does not make the looks of a banned person public.
    await admin.post(f"/admin/looks/{doubtful.id}/restore")
    assert await public_look_ids(resources) == {untouched.id}
    await assert_cannot_be_reported(resources, doubtful)
    assert translate("admin.unban", Language.EN) in unescape((await admin.get("/admin/log")).text)
    reply = await admin.post(f"/admin/people/{owner.id}/unban")
    assert reply.headers["location"] == "/admin/log"
    assert await public_look_ids(resources) == {untouched.id, fine.id, doubtful.id}
    actions = [(action, look_id, person_id) for action, _, look_id, person_id in await list_log_rows(resources)]
    assert actions == [
        (ModerationAction.BAN, None, owner.id),
        (ModerationAction.RESTORE, doubtful.id, owner.id),
        (ModerationAction.UNBAN, None, owner.id),
    ]
    assert translate("admin.unban", Language.EN) not in unescape((await admin.get("/admin/log")).text)


async def assert_cannot_be_reported(resources: Resources, look: Look) -> None:
    """A look that is not public cannot be reported."""
    async with resources.database.transaction() as connection:
        assert not await moderation.create_report(connection, look.id, (await create_person(connection)).id)


async def test_unban_keeps_looks_suspended_by_reports(admin: httpx.AsyncClient, resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
    fine, doubtful = await add_shared_look(resources, owner), await add_shared_look(resources, owner)
    await report(resources, doubtful.id, 3)
    await admin.post(f"/admin/people/{owner.id}/ban")
    await admin.post(f"/admin/people/{owner.id}/unban")
    assert await public_look_ids(resources) == {fine.id}


async def test_unban_keeps_looks_whose_reporters_erased_themselves(
    admin: httpx.AsyncClient, resources: Resources
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
    fine, doubtful = await add_shared_look(resources, owner), await add_shared_look(resources, owner)
    await report(resources, doubtful.id, 3)
    await admin.post(f"/admin/people/{owner.id}/ban")
    async with resources.database.transaction() as connection:
        reporters = (await connection.execute(select(schema.reports.c.person_id))).scalars().all()
    for reporter in reporters:
        assert await erase_person(resources, reporter)
    await admin.post(f"/admin/people/{owner.id}/unban")
    assert await public_look_ids(resources) == {fine.id}
    assert f'id="look-{doubtful.id}"' in (await admin.get("/admin")).text


async def test_ban_during_name_prompt_prevents_sharing(
    resources: Resources, service: BotApplication, admin: httpx.AsyncClient
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        look = await create_look(connection, owner.id)
    answer = await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id), chat="web")
    assert answer.prompt is ActionType.ACCEPT_NAME
    async with resources.database.transaction() as connection:
        prompted = await people.get(connection, owner.id)
    assert prompted is not None
    await admin.post(f"/admin/people/{owner.id}/ban")
    await service.conversation.handle_text(prompted, "Mina", chat="web")
    confirm = Action(type=ActionType.CONFIRM_NAME, look_id=look.id, name_tag=tag_name("Mina"))
    reply = await service.conversation.handle_action(prompted, confirm, chat="web")
    assert reply.kind is ReplyKind.BANNED
    assert await public_look_ids(resources) == set()


async def test_concurrent_moderation_reports_shares_and_erasure_do_not_deadlock(
    admin: httpx.AsyncClient, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        assert await people.update_display_name(connection, owner.id, "Mina")
        reporters = [await create_person(connection) for _ in range(8)]
    shared_looks = [await add_shared_look(resources, owner) for _ in range(4)]

    async def report_all(person: Person) -> None:
        for look in shared_looks:
            async with resources.database.transaction() as connection:
                await moderation.create_report(connection, look.id, person.id)

    async def share_all() -> None:
        for look in shared_looks:
            await service.conversation.handle_action(
                owner, Action(type=ActionType.UNSHARE, look_id=look.id), chat="web"
            )
            await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id), chat="web")

    async def moderate() -> None:
        for look in shared_looks:
            await admin.post(f"/admin/looks/{look.id}/restore")
        for action in ("ban", "unban"):
            assert (await admin.post(f"/admin/people/{owner.id}/{action}")).status_code == 303

    work = [*map(report_all, reporters), share_all(), share_all(), moderate(), moderate(), moderate()]
    await asyncio.wait_for(asyncio.gather(*work), 60)
    async with resources.database.transaction() as connection:
        styles = await public_looks.count_styles(connection, owner.id)
    assert sum(styles.values()) == len(await public_look_ids(resources))

"""Moderation: reports, removal, bans, the log and failed updates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from bot.app import BotApplication
from core.conversation.actions import Action, ActionType
from core.conversation.reply import ReplyKind
from core.db import dead_letters, inbox, leaderboard, looks, moderation, people, schema
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider, ModerationAction
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner, load_secret_key
from core.uuid7 import uuid7
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.routes.admin import ROWS_PER_PAGE
from tests.factories import create_look, create_person, mark_update_failed, store_images
from tests.harness import make_application
from tests.html import attributes, next_url, texts

ADMIN = "4711"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@pytest.fixture
def service(resources: Resources) -> BotApplication:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return make_application(
        resources, classifier, admins=(f"telegram:{ADMIN}", "kakao:unknown"), writes_per_minute=10000
    )


@pytest.fixture
async def as_person(service: BotApplication, samples: Path) -> AsyncIterator[ClientFactory]:
    clients = ClientFactory(service, samples)
    yield clients
    await clients.close()


class ClientFactory:
    """Creates clients of the site that are logged in as a person."""

    def __init__(self, service: BotApplication, samples: Path) -> None:
        self._transport = httpx.ASGITransport(create_app(service, samples=samples))
        self._resources, self._signer = service.resources, VisitorTokenSigner(load_secret_key(service.settings))
        self._clients: list[httpx.AsyncClient] = []

    async def __call__(self, person: Person | None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=self._transport, base_url="http://eva", headers=SAME_ORIGIN)
        self._clients.append(client)
        if person is not None:
            token = self._signer.issue()
            async with self._resources.database.transaction() as connection:
                assert await people.add_identity(
                    connection, person.id, IdentityProvider.WEB, self._signer.verify(token) or ""
                )
            client.cookies.set("visitor", token)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@pytest.fixture
async def moderator(resources: Resources) -> Person:
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, ADMIN, language="en")
        assert await people.set_display_name(connection, person.id, "Hana")
        return person


@pytest.fixture
async def admin(as_person: ClientFactory, moderator: Person) -> httpx.AsyncClient:
    return await as_person(moderator)


async def add_shared_look(resources: Resources, owner: Person | None = None, *, name: str | None = None) -> Look:
    async with resources.database.transaction() as connection:
        owner = owner or await create_person(connection)
        if name is not None:
            assert await people.set_display_name(connection, owner.id, name)
        look = await store_images(resources, await create_look(connection, owner.id))
        assert await looks.share(connection, look.id)
        shared = await looks.get(connection, look.id)
    assert shared is not None
    return shared


async def report(resources: Resources, look_id: UUID, times: int, reason: str = "") -> None:
    for _ in range(times):
        async with resources.database.transaction() as connection:
            assert await moderation.create_report(connection, look_id, (await create_person(connection)).id, reason)


async def get_look(resources: Resources, look_id: UUID) -> Look:
    async with resources.database.transaction() as connection:
        look = await looks.get(connection, look_id)
    assert look is not None
    return look


async def public_look_ids(resources: Resources) -> set[UUID]:
    async with resources.database.transaction() as connection:
        return {entry.look.id for entry in await leaderboard.get_page(connection, limit=100)}


async def list_log_rows(resources: Resources) -> list[tuple[str, UUID | None, UUID | None, UUID | None]]:
    table = schema.moderation_log
    async with resources.database.transaction() as connection:
        rows = await connection.execute(select(table).order_by(table.c.id))
        return [(row.action, row.moderator_id, row.look_id, row.person_id) for row in rows]


def listed_look_ids(page: httpx.Response) -> list[str]:
    return [element_id.removeprefix("look-") for element_id in attributes(page, ".reported > li", "id")]


async def test_admin_pages_are_not_found_for_other_people(
    as_person: ClientFactory, admin: httpx.AsyncClient, resources: Resources
) -> None:
    look = await add_shared_look(resources)
    async with resources.database.transaction() as connection:
        other = await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, ADMIN, language="en")
        owner = await people.get(connection, look.person_id)
    for client in [await as_person(None), await as_person(other), await as_person(owner)]:
        for path in ("/admin", "/admin/log", "/admin?after=x", "/admin/log?before=x"):
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
    assert 'href="/admin"' in (await admin.get("/me/settings")).text
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    other = await as_person(person)
    assert 'href="/admin"' not in (await other.get("/me/settings")).text


async def test_malformed_admin_urls_are_not_found(admin: httpx.AsyncClient) -> None:
    for path in ("?after=1", "?after=x.y", f"?after=-1.{uuid7().hex}", "/log?before=", "/log?before=²"):
        assert (await admin.get(f"/admin{path}")).status_code == 404, path
    for path in ("looks/1/hide", f"looks/{uuid7()}/burn", f"people/{uuid7()}/hide"):
        assert (await admin.post(f"/admin/{path}")).status_code == 404, path
    for path in (f"looks/{uuid7()}/hide", f"people/{uuid7()}/ban"):
        assert (await admin.post(f"/admin/{path}")).status_code == 303, path


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
    assert (await get_look(resources, look.id)).removed_at is not None
    assert listed_look_ids(await admin.get("/admin")) == []
    await admin.post(f"/admin/looks/{look.id}/restore")
    async with resources.database.transaction() as connection:
        assert not await looks.share(connection, look.id)
    assert await list_log_rows(resources) == [(ModerationAction.HIDE, moderator.id, look.id, look.person_id)]


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
            await people.set_language(connection, owner.id, language)
            person = await people.get(connection, owner.id)
        assert person is not None
        for action_type in (ActionType.SHARE, ActionType.ACCEPT_NAME):
            answer = await service.conversation.handle_action(person, Action(type=action_type, look_id=private.id))
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


async def test_ban_during_name_prompt_prevents_sharing(
    resources: Resources, service: BotApplication, admin: httpx.AsyncClient
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        look = await create_look(connection, owner.id)
    answer = await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id))
    assert answer.prompt is ActionType.ACCEPT_NAME
    async with resources.database.transaction() as connection:
        prompted = await people.get(connection, owner.id)
    assert prompted is not None
    await admin.post(f"/admin/people/{owner.id}/ban")
    reply = await service.conversation.handle_text(prompted, "Mina")
    assert reply is not None
    assert reply.kind is ReplyKind.BANNED
    assert await public_look_ids(resources) == set()


async def test_sharing_a_suspended_look_again_explains_the_suspension(
    resources: Resources, service: BotApplication
) -> None:
    look = await add_shared_look(resources, name="Mina")
    await report(resources, look.id, 3)
    async with resources.database.transaction() as connection:
        owner = await people.get(connection, look.person_id)
    assert owner is not None
    answer = await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id))
    assert answer.kind is ReplyKind.SHARED_SUSPENDED
    assert await public_look_ids(resources) == set()


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
    assert translate("admin.act.hide", Language.KO, moderator="Hana", person="Mina") in korean


async def test_concurrent_moderation_reports_shares_and_erasure_do_not_deadlock(
    admin: httpx.AsyncClient, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        assert await people.set_display_name(connection, owner.id, "Mina")
        reporters = [await create_person(connection) for _ in range(8)]
    shared_looks = [await add_shared_look(resources, owner) for _ in range(4)]

    async def report_all(person: Person) -> None:
        for look in shared_looks:
            async with resources.database.transaction() as connection:
                await moderation.create_report(connection, look.id, person.id)

    async def share_all() -> None:
        for look in shared_looks:
            await service.conversation.handle_action(owner, Action(type=ActionType.UNSHARE, look_id=look.id))
            await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id))

    async def moderate() -> None:
        for look in shared_looks:
            await admin.post(f"/admin/looks/{look.id}/restore")
        for action in ("ban", "unban"):
            assert (await admin.post(f"/admin/people/{owner.id}/{action}")).status_code == 303

    work = [*map(report_all, reporters), share_all(), share_all(), moderate(), moderate(), moderate()]
    await asyncio.wait_for(asyncio.gather(*work), 60)
    async with resources.database.transaction() as connection:
        styles = await leaderboard.count_styles(connection, owner.id)
    assert sum(styles.values()) == len(await public_look_ids(resources))


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
        assert await dead_letters.count_failed(connection) == 0
        assert await inbox.count_unfinished(connection) == 1
    assert texts(await admin.get("/admin"), ".failed-updates li") == []

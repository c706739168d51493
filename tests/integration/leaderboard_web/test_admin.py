"""Moderation, from a report to the board and back."""

from __future__ import annotations

import asyncio
import re
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

ADMIN = "4711"
OURS = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@pytest.fixture
def service(resources: Resources) -> BotApplication:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return make_application(
        resources, classifier, admins=(f"telegram:{ADMIN}", "kakao:nobody"), writes_per_minute=10000
    )


@pytest.fixture
async def as_person(service: BotApplication, samples: Path) -> AsyncIterator[AsPerson]:
    clients = AsPerson(service, samples)
    yield clients
    await clients.close()


class AsPerson:
    """Clients of the site, each logged in as somebody."""

    def __init__(self, service: BotApplication, samples: Path) -> None:
        self._transport = httpx.ASGITransport(create_app(service, samples=samples))
        self._memory, self._visitors = service.resources, VisitorTokenSigner(load_secret_key(service.settings))
        self._clients: list[httpx.AsyncClient] = []

    async def __call__(self, person: Person | None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=self._transport, base_url="http://eva", headers=OURS)
        self._clients.append(client)
        if person is not None:
            token = self._visitors.issue()
            async with self._memory.database.transaction() as connection:
                assert await people.add_identity(
                    connection, person.id, IdentityProvider.WEB, self._visitors.verify(token) or ""
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
async def admin(as_person: AsPerson, moderator: Person) -> httpx.AsyncClient:
    return await as_person(moderator)


async def a_shared(resources: Resources, owner: Person | None = None, *, name: str | None = None) -> Look:
    async with resources.database.transaction() as connection:
        owner = owner or await create_person(connection)
        if name is not None:
            assert await people.set_display_name(connection, owner.id, name)
        look = await store_images(resources, await create_look(connection, owner.id))
        assert await looks.share(connection, look.id)
        kept = await looks.get(connection, look.id)
    assert kept is not None
    return kept


async def report(resources: Resources, look_id: UUID, times: int, reason: str = "") -> None:
    for _ in range(times):
        async with resources.database.transaction() as connection:
            assert await moderation.create_report(connection, look_id, (await create_person(connection)).id, reason)


async def now(resources: Resources, look_id: UUID) -> Look:
    async with resources.database.transaction() as connection:
        look = await looks.get(connection, look_id)
    assert look is not None
    return look


async def on_board(resources: Resources) -> set[UUID]:
    async with resources.database.transaction() as connection:
        return {each.look.id for each in await leaderboard.get_page(connection, limit=100)}


async def log_of(resources: Resources) -> list[tuple[str, UUID | None, UUID | None, UUID | None]]:
    table = schema.moderation_log
    async with resources.database.transaction() as connection:
        found = await connection.execute(select(table).order_by(table.c.id))
        return [(row.action, row.moderator_id, row.look_id, row.person_id) for row in found]


def queued(page: httpx.Response) -> list[str]:
    return re.findall(r'<li id="look-([^"]+)"', page.text)


async def test_for_everybody_else_there_is_no_such_place(
    as_person: AsPerson, admin: httpx.AsyncClient, resources: Resources
) -> None:
    look = await a_shared(resources)
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
    assert look.id in await on_board(resources)
    assert await log_of(resources) == []
    assert (await admin.get("/admin")).status_code == 200
    assert (await admin.get("/admin/log")).status_code == 200


async def test_moderators_find_the_way_among_their_settings(
    as_person: AsPerson, admin: httpx.AsyncClient, resources: Resources
) -> None:
    assert 'href="/admin"' in (await admin.get("/me/settings")).text
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    somebody = await as_person(person)
    assert 'href="/admin"' not in (await somebody.get("/me/settings")).text


async def test_wrong_addresses_are_said_to_be_wrong(admin: httpx.AsyncClient) -> None:
    for path in ("?after=1", "?after=x.y", f"?after=-1.{uuid7().hex}", "/log?before=", "/log?before=²"):
        assert (await admin.get(f"/admin{path}")).status_code == 404, path
    for path in ("looks/1/hide", f"looks/{uuid7()}/burn", f"people/{uuid7()}/hide"):
        assert (await admin.post(f"/admin/{path}")).status_code == 404, path
    for path in (f"looks/{uuid7()}/hide", f"people/{uuid7()}/ban"):
        assert (await admin.post(f"/admin/{path}")).status_code == 303, path


async def test_the_most_reported_come_first_then_the_oldest_page_by_page(
    admin: httpx.AsyncClient, resources: Resources
) -> None:
    some = [await a_shared(resources) for _ in range(ROWS_PER_PAGE + 3)]
    for number, look in enumerate(some):
        await report(resources, look.id, 1 + number % 2)
    quiet, taken_back = await a_shared(resources), await a_shared(resources)
    await report(resources, taken_back.id, 1)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, taken_back.id)
    first = await admin.get("/admin")
    more = re.search(r'class="more"><a class="[^"]+" href="([^"]+)"', first.text)
    assert more is not None
    rest = await admin.get(unescape(more[1]))
    assert queued(first) + queued(rest) == [str(look.id) for look in some[1::2] + some[0::2]]
    assert str(quiet.id) not in first.text
    assert 'class="more"' not in rest.text


async def test_a_case_shows_the_photo_the_owner_and_the_words_as_words(
    admin: httpx.AsyncClient, resources: Resources
) -> None:
    look = await a_shared(resources, name="Mina")
    await report(resources, look.id, 1, "<script>alert(1)</script>")
    await report(resources, look.id, 1, "not their photo")
    await report(resources, look.id, 1, "consent: that is me")
    page = await admin.get("/admin")
    assert "<script>alert" not in page.text
    words = unescape(page.text)
    assert "<li>not their photo</li>" in words
    assert f"<li>{translate('report.reason.consent', Language.EN)}: that is me</li>" in words
    assert translate("admin.reports", Language.EN, count=3) in words
    assert translate("board.by", Language.EN, name="Mina") in words
    photo = re.search(r'src="(/pictures/[^"]+)"', page.text)
    assert photo is not None
    assert (await admin.get(unescape(photo[1]))).content == b"photo"


async def test_three_reports_hold_a_look_until_a_moderator_restores_it(
    admin: httpx.AsyncClient, moderator: Person, resources: Resources
) -> None:
    look = await a_shared(resources)
    await report(resources, look.id, 3)
    assert await on_board(resources) == set()
    assert (await now(resources, look.id)).suspended_at is not None
    assert queued(await admin.get("/admin")) == [str(look.id)]
    reply = await admin.post(f"/admin/looks/{look.id}/restore")
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin")
    assert await on_board(resources) == {look.id}
    assert ((found := await now(resources, look.id)).report_count, found.suspended_at) == (0, None)
    assert queued(await admin.get("/admin")) == []
    await report(resources, look.id, 2)
    assert await on_board(resources) == {look.id}
    assert await log_of(resources) == [(ModerationAction.RESTORE, moderator.id, look.id, look.person_id)]


async def test_a_hidden_look_is_gone_for_good_with_its_pictures(
    admin: httpx.AsyncClient, moderator: Person, resources: Resources
) -> None:
    look = await a_shared(resources)
    await report(resources, look.id, 1)
    for _ in range(2):
        assert (await admin.post(f"/admin/looks/{look.id}/hide")).status_code == 303
    assert await on_board(resources) == set()
    for key in (look.photo_key, look.heatmap_key):
        with pytest.raises(ObjectNotFoundError):
            await resources.storage.get(key or "")
    assert (await now(resources, look.id)).removed_at is not None
    assert queued(await admin.get("/admin")) == []
    await admin.post(f"/admin/looks/{look.id}/restore")
    async with resources.database.transaction() as connection:
        assert not await looks.share(connection, look.id)
    assert await log_of(resources) == [(ModerationAction.HIDE, moderator.id, look.id, look.person_id)]


async def test_who_is_banned_has_nothing_on_the_board_until_that_is_taken_back(
    admin: httpx.AsyncClient, moderator: Person, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner, other = await create_person(connection), await create_person(connection)
    fine, doubtful, private = [await a_shared(resources, owner) for _ in range(3)]
    untouched = await a_shared(resources, other)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, private.id)
    await report(resources, doubtful.id, 3)
    for _ in range(2):
        assert (await admin.post(f"/admin/people/{owner.id}/ban")).status_code == 303
    assert await on_board(resources) == {untouched.id}
    for language in Language:
        async with resources.database.transaction() as connection:
            await people.set_language(connection, owner.id, language)
            person = await people.get(connection, owner.id)
        assert person is not None
        for verb in (ActionType.SHARE, ActionType.ACCEPT_NAME):
            answer = await service.conversation.handle_action(person, Action(type=verb, look_id=private.id))
            assert answer.kind is ReplyKind.BANNED
            assert answer.prompt is None
    # What a moderator finds nothing wrong with does not bring somebody back who is banned.
    await admin.post(f"/admin/looks/{doubtful.id}/restore")
    assert await on_board(resources) == {untouched.id}
    await report_again(resources, doubtful)
    assert translate("admin.unban", Language.EN) in unescape((await admin.get("/admin/log")).text)
    reply = await admin.post(f"/admin/people/{owner.id}/unban")
    assert reply.headers["location"] == "/admin/log"
    assert await on_board(resources) == {untouched.id, fine.id, doubtful.id}
    acts = [(act, look_id, person_id) for act, _, look_id, person_id in await log_of(resources)]
    assert acts == [
        (ModerationAction.BAN, None, owner.id),
        (ModerationAction.RESTORE, doubtful.id, owner.id),
        (ModerationAction.UNBAN, None, owner.id),
    ]
    assert translate("admin.unban", Language.EN) not in unescape((await admin.get("/admin/log")).text)


async def report_again(resources: Resources, look: Look) -> None:
    """Nobody can report what is off the board."""
    async with resources.database.transaction() as connection:
        assert not await moderation.create_report(connection, look.id, (await create_person(connection)).id)


async def test_a_ban_taken_back_leaves_held_what_reports_hold(admin: httpx.AsyncClient, resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
    fine, doubtful = await a_shared(resources, owner), await a_shared(resources, owner)
    await report(resources, doubtful.id, 3)
    await admin.post(f"/admin/people/{owner.id}/ban")
    await admin.post(f"/admin/people/{owner.id}/unban")
    assert await on_board(resources) == {fine.id}


async def test_who_is_told_a_name_for_the_board_while_being_banned_is_refused(
    resources: Resources, service: BotApplication, admin: httpx.AsyncClient
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        look = await create_look(connection, owner.id)
    answer = await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id))
    assert answer.prompt is ActionType.ACCEPT_NAME
    async with resources.database.transaction() as connection:
        asked = await people.get(connection, owner.id)
    assert asked is not None
    await admin.post(f"/admin/people/{owner.id}/ban")
    heard = await service.conversation.handle_text(asked, "Mina")
    assert heard is not None
    assert heard.kind is ReplyKind.BANNED
    assert await on_board(resources) == set()


async def test_the_owner_of_a_held_look_who_shares_it_anew_hears_why_it_is_not_there(
    resources: Resources, service: BotApplication
) -> None:
    look = await a_shared(resources, name="Mina")
    await report(resources, look.id, 3)
    async with resources.database.transaction() as connection:
        owner = await people.get(connection, look.person_id)
    assert owner is not None
    answer = await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id))
    assert answer.kind is ReplyKind.SHARED_SUSPENDED
    assert await on_board(resources) == set()


async def test_the_log_names_everybody_page_by_page(
    admin: httpx.AsyncClient, resources: Resources, moderator: Person
) -> None:
    look = await a_shared(resources, name="Mina")
    for act in ("ban", "unban") * (ROWS_PER_PAGE // 2):
        await admin.post(f"/admin/people/{look.person_id}/{act}")
    await admin.post(f"/admin/looks/{look.id}/hide")
    page = await admin.get("/admin/log")
    words = unescape(page.text)
    assert translate("admin.act.hide", Language.EN, moderator="Hana", person="Mina") in words
    assert (
        words.count(translate("admin.act.ban", Language.EN, moderator="Hana", person="Mina")) == ROWS_PER_PAGE // 2 - 1
    )
    more = re.search(r'href="(/admin/log\?before=[\w-]+)"', page.text)
    assert more is not None
    assert translate("admin.act.ban", Language.EN, moderator="Hana", person="Mina") in unescape(
        (await admin.get(more[1])).text
    )
    korean = unescape((await admin.get("/admin/log", headers={"Accept-Language": "ko"})).text)
    assert translate("admin.act.hide", Language.KO, moderator="Hana", person="Mina") in korean


async def test_acts_reports_shares_and_forgetting_at_once_block_nobody(
    admin: httpx.AsyncClient, resources: Resources, service: BotApplication
) -> None:
    async with resources.database.transaction() as connection:
        owner = await create_person(connection)
        assert await people.set_display_name(connection, owner.id, "Mina")
        reporters = [await create_person(connection) for _ in range(8)]
    some = [await a_shared(resources, owner) for _ in range(4)]

    async def report_all(person: Person) -> None:
        for look in some:
            async with resources.database.transaction() as connection:
                await moderation.create_report(connection, look.id, person.id)

    async def share_all() -> None:
        for look in some:
            await service.conversation.handle_action(owner, Action(type=ActionType.UNSHARE, look_id=look.id))
            await service.conversation.handle_action(owner, Action(type=ActionType.SHARE, look_id=look.id))

    async def moderate() -> None:
        for look in some:
            await admin.post(f"/admin/looks/{look.id}/restore")
        for act in ("ban", "unban"):
            assert (await admin.post(f"/admin/people/{owner.id}/{act}")).status_code == 303

    work = [*map(report_all, reporters), share_all(), share_all(), moderate(), moderate(), moderate()]
    await asyncio.wait_for(asyncio.gather(*work), 60)
    async with resources.database.transaction() as connection:
        styles = await leaderboard.count_styles(connection, owner.id)
    assert sum(styles.values()) == len(await on_board(resources))


async def test_failed_updates_are_listed_and_can_be_retried(admin: httpx.AsyncClient, resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.TELEGRAM, "1", external_sender_id="42", payload={"a": "b"})
        assert inbox_id is not None
        await mark_update_failed(connection, inbox_id)
    page = unescape((await admin.get("/admin")).text)
    assert translate("admin.failed", Language.EN, count=1) in page
    assert translate("admin.failed.entry", Language.EN, channel="telegram", id=inbox_id) in page

    assert (await admin.post("/admin/updates/retry", headers=OURS)).status_code == 303
    async with resources.database.connection() as connection:
        assert await dead_letters.count_failed(connection) == 0
        assert await inbox.count_unfinished(connection) == 1
    assert translate("admin.failed.retry", Language.EN) not in (await admin.get("/admin")).text

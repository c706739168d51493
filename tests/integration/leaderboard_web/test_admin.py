"""Moderation, from a report to the board and back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import select

from bot.actions import Action, Verb
from bot.texts import Language, text
from core.db import boards, looks, people, reports, tables
from core.db.tables import Act, Provider
from core.errors import PictureMissing
from core.ids import uuid7
from core.keys import secret_key
from core.memory import Memory
from core.vision.card import read_card
from core.vision.classifier import MODELS, StyleClassifier
from core.vision.scripted import ScriptedEngine
from core.visitors import Visitors
from leaderboard_web.admin import SHOWN
from leaderboard_web.app import create_app
from tests.integration.records import a_look, a_person, with_pictures
from tests.services import a_service

if TYPE_CHECKING:
    from uuid import UUID

    from bot.service import Service
    from core.db.looks import Look
    from core.db.people import Person

ADMIN = "4711"
OURS = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "en"}


@pytest.fixture
def service(memory: Memory) -> Service:
    classifier = StyleClassifier(ScriptedEngine([]), read_card(MODELS / "model.json"))
    return a_service(memory, classifier, admins=(f"telegram:{ADMIN}", "kakao:nobody"), writes_per_minute=10000)


@pytest.fixture
async def as_person(service: Service, samples: Path) -> AsyncIterator[AsPerson]:
    clients = AsPerson(service, samples)
    yield clients
    await clients.close()


class AsPerson:
    """Clients of the site, each logged in as somebody."""

    def __init__(self, service: Service, samples: Path) -> None:
        self._transport = httpx.ASGITransport(create_app(service, samples=samples))
        self._memory, self._visitors = service.memory, Visitors(secret_key(service.settings))
        self._clients: list[httpx.AsyncClient] = []

    async def __call__(self, person: Person | None) -> httpx.AsyncClient:
        client = httpx.AsyncClient(transport=self._transport, base_url="http://eva", headers=OURS)
        self._clients.append(client)
        if person is not None:
            token = self._visitors.new()
            async with self._memory.database.begin() as connection:
                assert await people.link(connection, person.id, Provider.WEB, self._visitors.key_of(token) or "")
            client.cookies.set("visitor", token)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()


@pytest.fixture
async def moderator(memory: Memory) -> Person:
    async with memory.database.begin() as connection:
        person = await people.meet(connection, Provider.TELEGRAM, ADMIN, language="en")
        assert await people.set_name(connection, person.id, "Hana")
        return person


@pytest.fixture
async def admin(as_person: AsPerson, moderator: Person) -> httpx.AsyncClient:
    return await as_person(moderator)


async def a_shared(memory: Memory, owner: Person | None = None, *, name: str | None = None) -> Look:
    async with memory.database.begin() as connection:
        owner = owner or await a_person(connection)
        if name is not None:
            assert await people.set_name(connection, owner.id, name)
        look = await with_pictures(memory, await a_look(connection, owner.id))
        assert await looks.share(connection, look.id)
        kept = await looks.get(connection, look.id)
    assert kept is not None
    return kept


async def report(memory: Memory, look_id: UUID, times: int, reason: str = "") -> None:
    for _ in range(times):
        async with memory.database.begin() as connection:
            assert await reports.add(connection, look_id, (await a_person(connection)).id, reason)


async def now(memory: Memory, look_id: UUID) -> Look:
    async with memory.database.begin() as connection:
        look = await looks.get(connection, look_id)
    assert look is not None
    return look


async def on_board(memory: Memory) -> set[UUID]:
    async with memory.database.begin() as connection:
        return {each.look.id for each in await boards.page(connection, limit=100)}


async def log_of(memory: Memory) -> list[tuple[str, UUID | None, UUID | None, UUID | None]]:
    table = tables.moderation
    async with memory.database.begin() as connection:
        found = await connection.execute(select(table).order_by(table.c.id))
        return [(row.act, row.moderator_id, row.look_id, row.person_id) for row in found]


def queued(page: httpx.Response) -> list[str]:
    return re.findall(r'<li id="look-([^"]+)"', page.text)


async def test_for_everybody_else_there_is_no_such_place(
    as_person: AsPerson, admin: httpx.AsyncClient, memory: Memory
) -> None:
    look = await a_shared(memory)
    async with memory.database.begin() as connection:
        other = await people.meet(connection, Provider.KAKAO, ADMIN, language="en")
        owner = await people.get(connection, look.person_id)
    for client in [await as_person(None), await as_person(other), await as_person(owner)]:
        for path in ("/admin", "/admin/log", "/admin?after=x", "/admin/log?before=x"):
            reply = await client.get(path)
            assert reply.status_code == 404, path
            assert text("page.not_found", Language.EN) in unescape(reply.text)
            assert text("admin.queue", Language.EN) not in reply.text
        for path in (f"looks/{look.id}/hide", f"looks/{look.id}/restore", f"people/{look.person_id}/ban", "looks/x/y"):
            assert (await client.post(f"/admin/{path}")).status_code == 404, path
    assert look.id in await on_board(memory)
    assert await log_of(memory) == []
    assert (await admin.get("/admin")).status_code == 200
    assert (await admin.get("/admin/log")).status_code == 200


async def test_moderators_find_the_way_among_their_settings(
    as_person: AsPerson, admin: httpx.AsyncClient, memory: Memory
) -> None:
    assert 'href="/admin"' in (await admin.get("/me/settings")).text
    async with memory.database.begin() as connection:
        person = await a_person(connection)
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
    admin: httpx.AsyncClient, memory: Memory
) -> None:
    some = [await a_shared(memory) for _ in range(SHOWN + 3)]
    for number, look in enumerate(some):
        await report(memory, look.id, 1 + number % 2)
    quiet, taken_back = await a_shared(memory), await a_shared(memory)
    await report(memory, taken_back.id, 1)
    async with memory.database.begin() as connection:
        await looks.unshare(connection, taken_back.id)
    first = await admin.get("/admin")
    more = re.search(r'class="more"><a class="[^"]+" href="([^"]+)"', first.text)
    assert more is not None
    rest = await admin.get(unescape(more[1]))
    assert queued(first) + queued(rest) == [str(look.id) for look in some[1::2] + some[0::2]]
    assert str(quiet.id) not in first.text
    assert 'class="more"' not in rest.text


async def test_a_case_shows_the_photo_the_owner_and_the_words_as_words(
    admin: httpx.AsyncClient, memory: Memory
) -> None:
    look = await a_shared(memory, name="Mina")
    await report(memory, look.id, 1, "<script>alert(1)</script>")
    await report(memory, look.id, 1, "not their photo")
    await report(memory, look.id, 1, "consent: that is me")
    page = await admin.get("/admin")
    assert "<script>alert" not in page.text
    words = unescape(page.text)
    assert "<li>not their photo</li>" in words
    assert f"<li>{text('report.reason.consent', Language.EN)}: that is me</li>" in words
    assert text("admin.reports", Language.EN, count=3) in words
    assert text("board.by", Language.EN, name="Mina") in words
    photo = re.search(r'src="(/pictures/[^"]+)"', page.text)
    assert photo is not None
    assert (await admin.get(unescape(photo[1]))).content == b"photo"


async def test_three_reports_hold_a_look_until_a_moderator_restores_it(
    admin: httpx.AsyncClient, moderator: Person, memory: Memory
) -> None:
    look = await a_shared(memory)
    await report(memory, look.id, 3)
    assert await on_board(memory) == set()
    assert (await now(memory, look.id)).held_at is not None
    assert queued(await admin.get("/admin")) == [str(look.id)]
    reply = await admin.post(f"/admin/looks/{look.id}/restore")
    assert (reply.status_code, reply.headers["location"]) == (303, "/admin")
    assert await on_board(memory) == {look.id}
    assert ((found := await now(memory, look.id)).reports, found.held_at) == (0, None)
    assert queued(await admin.get("/admin")) == []
    await report(memory, look.id, 2)
    assert await on_board(memory) == {look.id}
    assert await log_of(memory) == [(Act.RESTORE, moderator.id, look.id, look.person_id)]


async def test_a_hidden_look_is_gone_for_good_with_its_pictures(
    admin: httpx.AsyncClient, moderator: Person, memory: Memory
) -> None:
    look = await a_shared(memory)
    await report(memory, look.id, 1)
    for _ in range(2):
        assert (await admin.post(f"/admin/looks/{look.id}/hide")).status_code == 303
    assert await on_board(memory) == set()
    for key in (look.photo_key, look.cam_key):
        with pytest.raises(PictureMissing):
            await memory.storage.get(key or "")
    assert (await now(memory, look.id)).hidden_at is not None
    assert queued(await admin.get("/admin")) == []
    await admin.post(f"/admin/looks/{look.id}/restore")
    async with memory.database.begin() as connection:
        assert not await looks.share(connection, look.id)
    assert await log_of(memory) == [(Act.HIDE, moderator.id, look.id, look.person_id)]


async def test_who_is_banned_has_nothing_on_the_board_until_that_is_taken_back(
    admin: httpx.AsyncClient, moderator: Person, memory: Memory, service: Service
) -> None:
    async with memory.database.begin() as connection:
        owner, other = await a_person(connection), await a_person(connection)
    fine, doubtful, private = [await a_shared(memory, owner) for _ in range(3)]
    untouched = await a_shared(memory, other)
    async with memory.database.begin() as connection:
        await looks.unshare(connection, private.id)
    await report(memory, doubtful.id, 3)
    for _ in range(2):
        assert (await admin.post(f"/admin/people/{owner.id}/ban")).status_code == 303
    assert await on_board(memory) == {untouched.id}
    for language in Language:
        async with memory.database.begin() as connection:
            await people.set_language(connection, owner.id, language)
            person = await people.get(connection, owner.id)
        assert person is not None
        for verb in (Verb.SHARE, Verb.TAKE):
            answer = await service.stylist.grant(person, Action(verb=verb, look=private.id))
            assert answer.sentences == (text("talk.banned", language),)
            assert answer.ask is None
    # What a moderator finds nothing wrong with does not bring somebody back who is banned.
    await admin.post(f"/admin/looks/{doubtful.id}/restore")
    assert await on_board(memory) == {untouched.id}
    await report_again(memory, doubtful)
    assert text("admin.unban", Language.EN) in unescape((await admin.get("/admin/log")).text)
    reply = await admin.post(f"/admin/people/{owner.id}/unban")
    assert reply.headers["location"] == "/admin/log"
    assert await on_board(memory) == {untouched.id, fine.id, doubtful.id}
    acts = [(act, look_id, person_id) for act, _, look_id, person_id in await log_of(memory)]
    assert acts == [
        (Act.BAN, None, owner.id),
        (Act.RESTORE, doubtful.id, owner.id),
        (Act.UNBAN, None, owner.id),
    ]
    assert text("admin.unban", Language.EN) not in unescape((await admin.get("/admin/log")).text)


async def report_again(memory: Memory, look: Look) -> None:
    """Nobody can report what is off the board."""
    async with memory.database.begin() as connection:
        assert not await reports.add(connection, look.id, (await a_person(connection)).id)


async def test_a_ban_taken_back_leaves_held_what_reports_hold(admin: httpx.AsyncClient, memory: Memory) -> None:
    async with memory.database.begin() as connection:
        owner = await a_person(connection)
    fine, doubtful = await a_shared(memory, owner), await a_shared(memory, owner)
    await report(memory, doubtful.id, 3)
    await admin.post(f"/admin/people/{owner.id}/ban")
    await admin.post(f"/admin/people/{owner.id}/unban")
    assert await on_board(memory) == {fine.id}


async def test_who_is_told_a_name_for_the_board_while_being_banned_is_refused(
    memory: Memory, service: Service, admin: httpx.AsyncClient
) -> None:
    async with memory.database.begin() as connection:
        owner = await a_person(connection)
        look = await a_look(connection, owner.id)
    answer = await service.stylist.grant(owner, Action(verb=Verb.SHARE, look=look.id))
    assert answer.ask is Verb.TAKE
    async with memory.database.begin() as connection:
        asked = await people.get(connection, owner.id)
    assert asked is not None
    await admin.post(f"/admin/people/{owner.id}/ban")
    heard = await service.stylist.hear(asked, "Mina")
    assert heard is not None
    assert heard.sentences == (text("talk.banned", Language.KO),)
    assert await on_board(memory) == set()


async def test_the_owner_of_a_held_look_who_shares_it_anew_hears_why_it_is_not_there(
    memory: Memory, service: Service
) -> None:
    look = await a_shared(memory, name="Mina")
    await report(memory, look.id, 3)
    async with memory.database.begin() as connection:
        owner = await people.get(connection, look.person_id)
    assert owner is not None
    answer = await service.stylist.grant(owner, Action(verb=Verb.SHARE, look=look.id))
    assert answer.sentences == (text("talk.held", Language.KO),)
    assert await on_board(memory) == set()


async def test_the_log_names_everybody_page_by_page(
    admin: httpx.AsyncClient, memory: Memory, moderator: Person
) -> None:
    look = await a_shared(memory, name="Mina")
    for act in ("ban", "unban") * (SHOWN // 2):
        await admin.post(f"/admin/people/{look.person_id}/{act}")
    await admin.post(f"/admin/looks/{look.id}/hide")
    page = await admin.get("/admin/log")
    words = unescape(page.text)
    assert text("admin.act.hide", Language.EN, moderator="Hana", person="Mina") in words
    assert words.count(text("admin.act.ban", Language.EN, moderator="Hana", person="Mina")) == SHOWN // 2 - 1
    more = re.search(r'href="(/admin/log\?before=\d+)"', page.text)
    assert more is not None
    assert text("admin.act.ban", Language.EN, moderator="Hana", person="Mina") in unescape(
        (await admin.get(more[1])).text
    )
    korean = unescape((await admin.get("/admin/log", headers={"Accept-Language": "ko"})).text)
    assert text("admin.act.hide", Language.KO, moderator="Hana", person="Mina") in korean


async def test_acts_reports_shares_and_forgetting_at_once_block_nobody(
    admin: httpx.AsyncClient, memory: Memory, service: Service
) -> None:
    async with memory.database.begin() as connection:
        owner = await a_person(connection)
        assert await people.set_name(connection, owner.id, "Mina")
        reporters = [await a_person(connection) for _ in range(8)]
    some = [await a_shared(memory, owner) for _ in range(4)]

    async def report_all(person: Person) -> None:
        for look in some:
            async with memory.database.begin() as connection:
                await reports.add(connection, look.id, person.id)

    async def share_all() -> None:
        for look in some:
            await service.stylist.grant(owner, Action(verb=Verb.UNSHARE, look=look.id))
            await service.stylist.grant(owner, Action(verb=Verb.SHARE, look=look.id))

    async def moderate() -> None:
        for look in some:
            await admin.post(f"/admin/looks/{look.id}/restore")
        for act in ("ban", "unban"):
            assert (await admin.post(f"/admin/people/{owner.id}/{act}")).status_code == 303

    work = [*map(report_all, reporters), share_all(), share_all(), moderate(), moderate(), moderate()]
    await asyncio.wait_for(asyncio.gather(*work), 60)
    async with memory.database.begin() as connection:
        styles = await boards.styles_of(connection, owner.id)
    assert sum(styles.values()) == len(await on_board(memory))

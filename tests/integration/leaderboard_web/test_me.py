"""A person's own pages, from the database to the page: only theirs, all of theirs, and gone when they go."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import func, insert, select, update

from bot.names import made_up
from bot.texts import Language, text
from bot.voice import speak
from core.db import deliveries, follows, hearts, inbox, looks, opinions, people, pictures, reports, scraps, tables
from core.db.tables import Act, Asked, Channel, Provider
from core.errors import StorageUnavailable
from core.ids import uuid7
from core.memory import Memory
from core.styles import STYLES, Style
from core.vision.card import read_card
from core.vision.classifier import MODELS, StyleClassifier
from core.vision.scripted import ScriptedEngine
from core.visitors import Visitors
from leaderboard_web.app import create_app
from leaderboard_web.me import history
from leaderboard_web.visitors import VISITOR_COOKIE
from tests.integration.records import a_look, a_person, a_verdict, hide_look, with_pictures
from tests.services import a_service

if TYPE_CHECKING:
    from uuid import UUID

    from fastapi import FastAPI

    from core.db.looks import Look
    from core.db.people import Person

OURS = {"Sec-Fetch-Site": "same-origin"}
PAGES = ("/me", "/me/scraps", "/me/following", "/me/following/people", "/me/settings", "/me/forget")
SECRET = b"secret" * 6


@pytest.fixture
def site(memory: Memory, samples: Path) -> FastAPI:
    classifier = StyleClassifier(ScriptedEngine([]), read_card(MODELS / "model.json"))
    return create_app(a_service(memory, classifier), samples=samples)


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(site)
    headers = {"Accept-Language": "en", **OURS}
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", headers=headers) as it:
        yield it


@pytest.fixture
async def mina(client: httpx.AsyncClient, memory: Memory) -> Person:
    """Somebody whom Eva knows, and whose browser this is."""
    visitors = Visitors(SECRET)
    token = visitors.new()
    client.cookies.set(VISITOR_COOKIE, token)
    async with memory.database.begin() as connection:
        return await people.meet(connection, Provider.WEB, visitors.key_of(token) or "", language="en")


async def a_kept(memory: Memory, person_id: UUID, *, shared: bool = False, **more: Any) -> Look:
    """A look of somebody's, with its pictures."""
    async with memory.database.begin() as connection:
        look = await with_pictures(memory, await a_look(connection, person_id, **more))
        if shared:
            assert await looks.share(connection, look.id)
    return await now(memory, look)


async def now(memory: Memory, look: Look) -> Look:
    async with memory.database.begin() as connection:
        found = await looks.get(connection, look.id)
    assert found is not None
    return found


async def person_now(memory: Memory, person: Person) -> Person | None:
    async with memory.database.begin() as connection:
        return await people.get(connection, person.id)


async def a_stranger(memory: Memory, name: str = "Jun") -> Person:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        assert await people.set_name(connection, person.id, name)
    return person


def ids_in(page: httpx.Response) -> list[str]:
    return re.findall(r'class="whole" href="/(?:me/)?looks/([^"]+)"', page.text)


def said_in(page: httpx.Response) -> str:
    return unescape(page.text)


async def every_page(client: httpx.AsyncClient, link: str | None) -> list[str]:
    """The looks on a page and on all that its link leads to."""
    seen: list[str] = []
    while link is not None:
        page = await client.get(link)
        assert page.status_code == 200
        seen += ids_in(page)
        found = re.search(r'class="more"><a class="[^"]+" href="([^"]+)"', page.text)
        link = unescape(found[1]) if found else None
    return seen


async def test_a_stranger_is_told_what_these_pages_are_for(client: httpx.AsyncClient, memory: Memory) -> None:
    for path in PAGES:
        page = await client.get(path)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert text("me.stranger.title", Language.EN) in said_in(page)
        assert 'href="/try"' in page.text
        assert 'href="/login"' in page.text
        assert "set-cookie" not in page.headers
    for reply in (
        await client.get("/me/data.zip"),
        await client.post("/me/settings", data={"name": "Mina"}),
        await client.post("/me/following/people", data={"person": str(uuid7())}),
    ):
        assert (reply.status_code, reply.headers["location"]) == (303, "/me")
    async with memory.database.begin() as connection:
        assert (await connection.execute(select(func.count()).select_from(tables.people))).scalar_one() == 0


async def test_the_history_has_everything_newest_first_page_by_page(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    mine = [await a_kept(memory, mina.id, shared=number % 5 == 0) for number in range(2 * history.SHOWN + 1)]
    async with memory.database.begin() as connection:
        # Two that came in one moment stand on two pages.
        moment = mine[history.SHOWN].created_at
        those = tables.looks.c.id.in_([mine[history.SHOWN + 1].id, mine[history.SHOWN].id])
        await connection.execute(update(tables.looks).where(those).values(created_at=moment))
    await a_kept(memory, (await a_stranger(memory)).id, shared=True)
    assert await every_page(client, "/me") == [str(look.id) for look in reversed(mine)]
    for wrong in ("nonsense", "", "1.2", f"{10**16}9.{mine[0].id.hex}"):
        assert (await client.get("/me", params={"before": wrong})).status_code == 404


async def test_each_look_says_who_sees_it_and_until_when_its_photo_is_kept(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    private, shared, held, hidden, bare = [
        await a_kept(memory, mina.id, shared=name in {"shared", "held", "hidden"})
        for name in ("private", "shared", "held", "hidden", "bare")
    ]
    async with memory.database.begin() as connection:
        for _ in range(3):
            await reports.add(connection, held.id, (await a_person(connection)).id, reason="odd")
        await pictures.forget(connection, [bare.id])
        await connection.execute(
            update(tables.looks)
            .where(tables.looks.c.id == private.id)
            .values(created_at=func.now() - timedelta(hours=20, minutes=30))
        )
    await hide_look(memory, hidden.id)
    items = {
        found[1]: found[0]
        for found in re.finditer(r'<li class="own">.*?/me/looks/([^"]+)".*?</li>', (await client.get("/me")).text, re.S)
    }

    def item(look: Look) -> str:
        return unescape(items[str(look.id)])

    for look, state in (
        (private, "private"),
        (shared, "shared"),
        (held, "held"),
        (hidden, "hidden"),
        (bare, "private"),
    ):
        assert text(f"me.state.{state}", Language.EN) in item(look), state
        assert ('value="share"' in item(look)) == (look is private)
        assert ('value="unshare"' in item(look)) == (state in {"shared", "held"})
        assert ("/pictures/" in item(look)) == (look not in {hidden, bare})
        assert f"/me/looks/{look.id}/delete" in item(look)
    assert text("me.kept", Language.EN, hours=4) in item(private)
    assert text("me.kept.gone", Language.EN) in item(bare)
    assert text("me.kept.gone", Language.EN) not in item(shared)
    for look, state in ((held, "held"), (hidden, "hidden")):
        assert text(f"me.state.{state}.line", Language.EN) in said_in(await client.get(f"/me/looks/{look.id}"))


async def test_a_look_shows_its_owner_all_that_eva_said(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id)
    page = await client.get(f"/me/looks/{look.id}")
    assert page.headers["cache-control"] == "no-store"
    for bubble in speak(look.verdict, photo=str(look.id), language=Language.EN):
        assert f"<p>{bubble.text}</p>" in said_in(page)
    assert page.text.count('class="share"') == 8
    pictures = re.findall(r'src="(/pictures/[^"]+)"', page.text)
    assert [(await client.get(each)).content for each in pictures] == [b"photo", b"cam"]


async def test_without_an_outfit_there_is_no_style_to_show_or_share(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id, verdict=a_verdict(outfit=0.05))
    for path in ("/me", f"/me/looks/{look.id}"):
        page = await client.get(path)
        assert text("me.no_outfit", Language.EN) in page.text
        assert "Street" not in page.text.replace("/styles", "")
        assert 'value="share"' not in page.text
    reply = await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    assert reply.status_code == 409
    assert text("talk.no_outfit_to_share", Language.EN) in said_in(reply)


async def test_looks_of_others_do_not_exist_here(client: httpx.AsyncClient, memory: Memory, mina: Person) -> None:
    other = await a_stranger(memory)
    theirs = [await a_kept(memory, other.id), await a_kept(memory, other.id, shared=True)]
    before = [await now(memory, look) for look in theirs]
    for look_id in (*(look.id for look in theirs), uuid7(), "1", str(theirs[0].id).upper()):
        for reply in (
            await client.get(f"/me/looks/{look_id}"),
            await client.get(f"/me/looks/{look_id}/name"),
            await client.get(f"/me/looks/{look_id}/delete"),
            await client.post(f"/me/looks/{look_id}", data={"do": "unshare"}),
            await client.post(f"/me/looks/{look_id}", data={"do": "correct", "style": "mode"}),
            await client.post(f"/me/looks/{look_id}/name", data={"do": "take", "name": "Thief"}),
            await client.post(f"/me/looks/{look_id}/delete"),
        ):
            assert reply.status_code == 404
    after = [await now(memory, look) for look in theirs]
    assert [(each.shared_at, each.corrected_style) for each in after] == [
        (each.shared_at, each.corrected_style) for each in before
    ]
    changed = await person_now(memory, mina)
    assert changed is not None
    assert changed.name is None


async def test_without_a_cookie_a_look_of_ones_own_does_not_exist(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id)
    client.cookies.clear()
    assert (await client.get(f"/me/looks/{look.id}")).status_code == 404
    assert (await client.post(f"/me/looks/{look.id}/delete")).status_code == 404
    assert (await now(memory, look)).photo_key is not None


@pytest.mark.parametrize("written", ["", "  미나  "])
async def test_the_first_share_asks_which_name_to_show(
    client: httpx.AsyncClient, memory: Memory, mina: Person, written: str
) -> None:
    look = await a_kept(memory, mina.id)
    reply = await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    assert reply.headers["location"] == f"/me/looks/{look.id}/name"
    assert (await now(memory, look)).shared_at is None
    page = await client.get(reply.headers["location"])
    made = made_up(mina.id, Language.EN)
    assert text("talk.name.ask", Language.EN, name=made) in said_in(page)
    reply = await client.post(f"/me/looks/{look.id}/name", data={"do": "take", "name": written})
    assert (reply.status_code, reply.headers["location"]) == (303, f"/me/looks/{look.id}?said=shared")
    name = written.strip() or made
    assert text("talk.shared", Language.EN, name=name) in said_in(await client.get(reply.headers["location"]))
    assert (await now(memory, look)).on_board
    changed = await person_now(memory, mina)
    assert changed is not None
    assert (changed.name, changed.naming) == (name, None)
    # The second one is shared at once.
    another = await a_kept(memory, mina.id)
    reply = await client.post(f"/me/looks/{another.id}", data={"do": "share"})
    assert reply.headers["location"] == f"/me/looks/{another.id}?said=shared"
    assert (await client.get(f"/me/looks/{another.id}/name")).headers["location"] == f"/me/looks/{another.id}"


async def test_a_name_that_cannot_be_is_refused_and_nothing_is_shared(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id)
    await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    page = await client.post(f"/me/looks/{look.id}/name", data={"do": "take", "name": "<b>Mina</b>"})
    assert page.status_code == 422
    assert text("talk.name.refused", Language.EN) in said_in(page)
    assert "<b>Mina" not in page.text
    assert 'value="&lt;b&gt;Mina&lt;/b&gt;"' in page.text
    reply = await client.post(f"/me/looks/{look.id}/name", data={"do": "keep", "name": "Mina"})
    assert reply.headers["location"] == f"/me/looks/{look.id}?said=kept"
    kept, changed = await now(memory, look), await person_now(memory, mina)
    assert kept.shared_at is None
    assert changed is not None
    assert (changed.name, changed.naming) == (made_up(mina.id, Language.EN), None)


async def test_what_was_shared_can_be_taken_off_the_board(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id, shared=True)
    reply = await client.post(f"/me/looks/{look.id}", data={"do": "unshare"})
    assert text("talk.unshared", Language.EN) in said_in(await client.get(reply.headers["location"]))
    assert (await now(memory, look)).shared_at is None
    assert (await client.get(f"/looks/{look.id}")).status_code == 404


async def test_corrections_and_guesses_are_kept_as_in_chat(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id)
    path = f"/me/looks/{look.id}"
    reply = await client.post(path, data={"do": "correct", "style": "mode"})
    page = said_in(await client.get(reply.headers["location"]))
    assert text("talk.correct.thanks", Language.EN, style="British Mode") in page
    assert text("me.correction", Language.EN, style="British Mode") in page
    reply = await client.post(path, data={"do": "correct", "style": "street"})
    assert text("talk.correct.same", Language.EN, style="Street") in said_in(await client.get(path + "?said=agreed"))
    assert reply.headers["location"].endswith("said=agreed")
    assert (await now(memory, look)).corrected_style is Style.MODE
    assert (await client.post(path, data={"do": "guess", "style": "casual"})).headers["location"].endswith("told")
    async with memory.database.begin() as connection:
        await opinions.ask(connection, look.id, Asked.GUESS)
    assert (await client.post(path, data={"do": "guess", "style": "casual"})).headers["location"] == path
    assert (await client.post(path, data={"do": "guess", "style": "retro"})).headers["location"].endswith("late")
    assert (await now(memory, look)).guessed_style is Style.CASUAL
    for wrong in (
        {"do": "erase"},
        {"do": "guess"},
        {"do": "correct", "style": "naked"},
        {"do": "share", "style": "mode"},
        {},
    ):
        assert (await client.post(path, data=wrong)).status_code == 400
    assert (await client.post(path, content=b"do=share&" + b"x" * 9000)).status_code == 413
    assert (await client.post(path, content=b"do=%ff")).status_code == 400


async def test_who_guesses_first_is_told_nothing_before(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    reply = await client.post("/me/settings", data={"first": "me"})
    assert text("talk.guess.on", Language.EN) in said_in(await client.get(reply.headers["location"]))
    look = await a_kept(memory, mina.id, verdict=a_verdict(Style.RETRO))
    for path in ("/me", f"/me/looks/{look.id}"):
        page = (await client.get(path)).text
        assert text("me.sealed", Language.EN) in page
        assert "Retro" not in re.sub(r"<button.*?</button>", "", page, flags=re.S)
        assert "cam" not in page
    await client.post(f"/me/looks/{look.id}", data={"do": "guess", "style": "retro"})
    assert (await client.get(f"/me/looks/{look.id}")).text.count("Retro") > 2
    waived, waiting = [await a_kept(memory, mina.id, verdict=a_verdict(Style.RETRO)) for _ in range(2)]
    reply = await client.post(f"/me/looks/{waived.id}", data={"do": "result"})
    assert "80s Retro" in (await client.get(reply.headers["location"])).text
    assert (await now(memory, waived)).guessed_style is None
    await client.post("/me/settings", data={"first": "eva"})
    assert text("me.sealed", Language.EN) not in (await client.get(f"/me/looks/{waiting.id}")).text
    changed = await person_now(memory, mina)
    assert changed is not None
    assert not changed.guesses_first


async def test_a_look_is_deleted_after_a_question(
    client: httpx.AsyncClient, memory: Memory, mina: Person, pictures: Path
) -> None:
    look, stays = await a_kept(memory, mina.id, shared=True), await a_kept(memory, mina.id)
    page = await client.get(f"/me/looks/{look.id}/delete")
    assert text("me.delete.title", Language.EN) in page.text
    assert (await now(memory, look)).photo_key is not None
    reply = await client.post(f"/me/looks/{look.id}/delete")
    page = await client.get(reply.headers["location"])
    assert text("me.deleted", Language.EN) in said_in(page)
    assert ids_in(page) == [str(stays.id)]
    assert len(list(pictures.rglob("*.jpg"))) == 2
    assert (await client.get(f"/looks/{look.id}")).status_code == 404


async def test_scraps_are_those_still_on_the_board_newest_first(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    other = await a_stranger(memory)
    theirs = [await a_kept(memory, other.id, shared=True) for _ in range(14)]
    for look in theirs:
        async with memory.database.begin() as connection:
            assert await scraps.add(connection, look.id, mina.id)
    another = await a_kept(memory, other.id, shared=True)
    async with memory.database.begin() as connection:
        await looks.unshare(connection, theirs[3].id)
        await scraps.add(connection, another.id, other.id)
    expected = [str(look.id) for look in reversed(theirs) if look is not theirs[3]]
    assert await every_page(client, "/me/scraps") == expected


async def test_the_feed_has_what_the_people_shared_whom_one_follows(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    friends = [await a_stranger(memory, f"friend {number}") for number in range(3)]
    nobody = await a_stranger(memory, "nobody")
    async with memory.database.begin() as connection:
        for friend in friends:
            await follows.follow(connection, mina.id, friend.id)
    shared = [await a_kept(memory, friends[number % 2].id, shared=True) for number in range(15)]
    await a_kept(memory, friends[0].id)
    await a_kept(memory, nobody.id, shared=True)
    assert await every_page(client, "/me/following") == [str(look.id) for look in reversed(shared)]
    page = await client.get("/me/following/people")
    assert re.findall(r'name="person" value="([^"]+)"', page.text) == [str(each.id) for each in reversed(friends)]
    reply = await client.post("/me/following/people", data={"person": str(friends[0].id)})
    page = await client.get(reply.headers["location"])
    assert text("me.unfollowed", Language.EN) in said_in(page)
    assert "friend 0" not in page.text
    assert await every_page(client, "/me/following") == [str(look.id) for look in reversed(shared[1::2])]
    assert (await client.post("/me/following/people", data={"person": "x"})).status_code == 404
    assert (await client.get("/me/following/people?after=x")).status_code == 404


async def test_the_language_is_kept_for_the_site_and_the_chats(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    reply = await client.post("/me/settings", data={"language": "ko"})
    assert "lang=ko" in reply.headers["set-cookie"]
    page = await client.get(reply.headers["location"])
    assert text("talk.language.set", Language.KO) in said_in(page)
    assert '<html lang="ko">' in page.text
    changed = await person_now(memory, mina)
    assert changed is not None
    assert changed.language == "ko"
    assert (await client.post("/me/settings", data={"language": "xx"})).status_code == 400


async def test_a_name_is_chosen_refused_or_somebody_elses(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    await a_stranger(memory, "Jun Ho")
    reply = await client.post("/me/settings", data={"name": " Mina  2 "})
    assert text("me.name.set", Language.EN, name="Mina 2") in said_in(await client.get(reply.headers["location"]))
    for wish, status, key in (("<i>", 422, "talk.name.refused"), ("junho", 409, "me.name.taken")):
        page = await client.post("/me/settings", data={"name": wish})
        assert page.status_code == status
        assert text(key, Language.EN, name=wish) in said_in(page)
    changed = await person_now(memory, mina)
    assert changed is not None
    assert changed.name == "Mina 2"


async def test_another_site_changes_nothing(client: httpx.AsyncClient, memory: Memory, mina: Person) -> None:
    look = await a_kept(memory, mina.id)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path, data in (
        (f"/me/looks/{look.id}", {"do": "correct", "style": "mode"}),
        (f"/me/looks/{look.id}/delete", {}),
        ("/me/settings", {"name": "Owned"}),
        ("/me/forget", {}),
    ):
        assert (await client.post(path, data=data, headers=foreign)).status_code == 403
    assert (await now(memory, look)).corrected_style is None
    assert await person_now(memory, mina) == mina


async def a_full_life(memory: Memory, person: Person, other: Person, word: str) -> list[Look]:
    """Something of a person's in every table; a private and a shared look with pictures, and one without."""
    kept = [await a_kept(memory, person.id, shared=shared) for shared in (False, True)]
    bare = await a_kept(memory, person.id)
    async with memory.database.begin() as connection:
        await opinions.ask(connection, kept[0].id, Asked.GUESS)
        await opinions.guess(connection, kept[0].id, Style.MODE)
        await pictures.forget(connection, [bare.id])
        await people.link(connection, person.id, Provider.TELEGRAM, f"telegram {word}")
        theirs = [each for each in await looks.of_person(connection, other.id, limit=9) if each.shared_at]
        for look in theirs:
            await hearts.give(connection, look.id, person.id)
            await scraps.add(connection, look.id, person.id)
            await reports.add(connection, look.id, person.id, reason=f"reason {word}")
        await follows.follow(connection, person.id, other.id)
        ticket = {"digest": sha256(word.encode()).digest(), "person_id": person.id, "expires_at": func.now()}
        await connection.execute(insert(tables.tickets).values(**ticket))
        act = {"act": Act.RESTORE, "look_id": kept[1].id, "moderator_id": other.id}
        await connection.execute(insert(tables.moderation).values(**act))
        number = await inbox.receive(
            connection, Channel.TELEGRAM, f"update {word}", sender=f"telegram {word}", payload={"words": f"said {word}"}
        )
        assert number is not None
        await deliveries.mark(connection, number, "verdict", message=f"message {word}")
    return [*kept, bare]


def unzipped(reply: httpx.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reply.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


async def test_the_download_has_everything_about_its_owner_and_nothing_about_others(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    jun = await a_stranger(memory)
    first = await a_kept(memory, jun.id, shared=True)
    mine = await a_full_life(memory, mina, jun, "of-mina")
    theirs = await a_full_life(memory, jun, mina, "of-jun")
    reply = await client.get("/me/data.zip")
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("application/zip", "no-store")
    assert 'attachment; filename="eva-' in reply.headers["content-disposition"]
    files = unzipped(reply)
    rows = {name.removesuffix(".json"): json.loads(files[name]) for name in files if name.endswith(".json")}
    assert set(rows) == set(tables.metadata.tables) - {"days"}, "a table that is not in the download"
    assert not [name for name, found in rows.items() if not found], "a table without a row proves nothing"

    assert [row["id"] for row in rows["looks"]] == [str(look.id) for look in mine]
    first_row = rows["looks"][0]
    assert list(first_row["probabilities"]) == [str(style) for style in STYLES]
    assert first_row["probabilities"] == pytest.approx(
        {str(style): mine[0].verdict.probabilities[style] for style in STYLES}
    )
    assert first_row["guessed_style"] == "mode"
    whole = set(tables.looks.c.keys()) - {"person_id", "photo_key", "cam_key", "cam_columns"}
    assert set(first_row) == whole
    assert len(first_row["cam"]) * len(first_row["cam"][0]) == mine[0].verdict.cam.size
    assert set(rows["people"][0]) == set(tables.people.c.keys())
    assert [row["followers"] for row in rows["people"]] == [1]
    assert {row["subject"] for row in rows["identities"]} > {"telegram of-mina"}
    assert [row["look_id"] for row in rows["hearts"]] == [str(first.id)]
    assert [row["reason"] for row in rows["reports"]] == ["reason of-mina"]
    assert [row["name"] for row in rows["follows"]] == ["Jun"]
    assert rows["moderation"][0]["act"] == "restore"
    assert rows["inbox"][0]["payload"] == {"words": "said of-mina"}
    assert rows["deliveries"][0]["message"] == "message of-mina"

    pictured = {f"pictures/{look.id}-{kind}.jpg": kind for look in mine[:2] for kind in ("photo", "warmth")}
    assert {name for name in files if name.startswith("pictures/")} == set(pictured)
    assert {files[name] for name, kind in pictured.items() if kind == "photo"} == {b"photo"}
    assert {files[name] for name, kind in pictured.items() if kind == "warmth"} == {b"cam"}
    assert files["README.txt"].decode().startswith(text("me.data.readme.1", Language.EN))

    everything = b"".join(files.values()).decode()
    for private in (
        str(jun.id),
        "of-jun",
        *(str(look.id) for look in theirs),
        *(look.photo_key or "" for look in mine[:2]),
    ):
        assert private not in everything


async def test_a_picture_that_goes_meanwhile_is_left_out(
    client: httpx.AsyncClient, memory: Memory, mina: Person
) -> None:
    look = await a_kept(memory, mina.id)
    await memory.storage.delete([look.photo_key or ""])
    files = unzipped(await client.get("/me/data.zip"))
    assert [name for name in files if name.startswith("pictures/")] == [f"pictures/{look.id}-warmth.jpg"]


async def test_nothing_is_sent_while_the_pictures_are_out_of_reach(
    client: httpx.AsyncClient, memory: Memory, mina: Person, pictures: Path
) -> None:
    await a_kept(memory, mina.id)
    pictures.rename(pictures.with_name("away"))
    assert (await client.get("/me/data.zip")).status_code == 503
    pictures.with_name("away").rename(pictures)
    assert (await client.get("/me/data.zip")).status_code == 200


async def test_everything_is_deleted_after_a_question(
    client: httpx.AsyncClient, memory: Memory, mina: Person, pictures: Path
) -> None:
    await a_kept(memory, mina.id)
    jun = await a_stranger(memory)
    page = await client.get("/me/forget")
    assert text("me.forget.title", Language.EN) in page.text
    assert await person_now(memory, mina) is not None
    reply = await client.post("/me/forget")
    assert (reply.status_code, reply.headers["location"]) == (303, "/me/goodbye")
    gone = [each for each in reply.headers.get_list("set-cookie") if each.startswith(f'{VISITOR_COOKIE}="";')]
    assert len(gone) == 1
    assert "Max-Age=0" in gone[0]
    assert await person_now(memory, mina) is None
    assert await person_now(memory, jun) is not None
    assert not list(pictures.rglob("*.jpg"))
    assert text("talk.forget.done", Language.EN) in said_in(await client.get("/me/goodbye"))
    assert text("me.stranger.title", Language.EN) in (await client.get("/me")).text


async def test_nobody_is_forgotten_while_the_pictures_are_out_of_reach(
    client: httpx.AsyncClient, memory: Memory, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_kept(memory, mina.id)

    async def away(keys: list[str]) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(memory.storage, "delete", away)
    reply = await client.post("/me/forget")
    assert reply.status_code == 503
    assert "set-cookie" not in reply.headers
    assert await person_now(memory, mina) is not None


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_every_page_speaks_both_languages_and_is_kept_nowhere(
    client: httpx.AsyncClient, memory: Memory, mina: Person, language: str
) -> None:
    look = await a_kept(memory, mina.id)
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
        assert f'<html lang="{language}">' in page.text
        assert 'href="/me" aria-current="page"' in page.text

"""The board, looks and hearts, from the database to the page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, update

from bot.texts import Language, text
from bot.voice import speak
from core.db import looks, opinions, people, tables
from core.db.tables import Asked
from core.ids import uuid7
from core.memory import Memory
from core.styles import Style
from core.vision.card import read_card
from core.vision.classifier import MODELS, StyleClassifier
from core.vision.scripted import ScriptedEngine
from core.visitors import Visitors
from leaderboard_web.app import create_app
from leaderboard_web.board import SHOWN
from tests.integration.records import a_look, a_person, a_verdict, with_pictures
from tests.services import a_service

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core.db.looks import Look

OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def site(memory: Memory, samples: Path) -> FastAPI:
    classifier = StyleClassifier(ScriptedEngine([]), read_card(MODELS / "model.json"))
    return create_app(a_service(memory, classifier), samples=samples)


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(site)
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", headers={"Accept-Language": "en"}) as it:
        yield it


async def a_shared(memory: Memory, *, name: str = "Mina", style: Style = Style.STREET, hearts: int = 0) -> Look:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        await people.set_name(connection, person.id, name)
        look = await with_pictures(memory, await a_look(connection, person.id, verdict=a_verdict(style)))
        assert await looks.share(connection, look.id)
        await connection.execute(update(tables.looks).where(tables.looks.c.id == look.id).values(hearts=hearts))
        return look


def ids_in(page: httpx.Response) -> list[str]:
    return re.findall(r'data-look="([^"]+)"', page.text)


def more_in(page: httpx.Response) -> str | None:
    found = re.search(r'class="more"><a class="[^"]+" href="([^"]+)"', page.text)
    return unescape(found[1]) if found else None


async def people_of(memory: Memory) -> int:
    async with memory.database.begin() as connection:
        return (await connection.execute(select(func.count()).select_from(tables.people))).scalar_one()


async def test_an_empty_board_invites(client: httpx.AsyncClient) -> None:
    for path in ("/", "/?when=today", "/?style=mode&when=week"):
        page = await client.get(path)
        assert page.status_code == 200
        assert text("board.empty", Language.EN) in unescape(page.text)
        assert 'href="/try"' in page.text


async def test_the_board_shows_most_hearted_first_and_goes_on_by_links(
    client: httpx.AsyncClient, memory: Memory
) -> None:
    shared = [await a_shared(memory, hearts=number // 2) for number in range(2 * SHOWN + 3)]
    page = await client.get("/")
    seen = ids_in(page)
    assert len(seen) == SHOWN + 1
    assert page.text.count(f">{text('board.place', Language.EN, place=1)}<") == 1
    while (link := more_in(page)) is not None:
        page = await client.get(link)
        assert page.status_code == 200
        assert f">{text('board.place', Language.EN, place=len(seen) + 1)}<" in page.text
        seen += ids_in(page)
    assert seen == [str(look.id) for look in reversed(shared)]


async def test_tabs_keep_styles_apart(client: httpx.AsyncClient, memory: Memory) -> None:
    mode = await a_shared(memory, style=Style.MODE)
    await a_shared(memory, style=Style.RETRO)
    assert ids_in(await client.get("/?style=mode&when=today")) == [str(mode.id)]
    assert ids_in(await client.get("/styles/mode")) == [str(mode.id)]
    assert ids_in(await client.get("/?style=casual")) == []


async def test_without_a_time_the_freshest_board_with_looks_comes(client: httpx.AsyncClient, memory: Memory) -> None:
    look = await a_shared(memory)
    assert text("board.title.today", Language.EN) in (await client.get("/")).text
    async with memory.database.begin() as connection:
        old = func.now() - func.make_interval(0, 0, 5)
        await connection.execute(update(tables.looks).where(tables.looks.c.id == look.id).values(shared_at=old))
    page = await client.get("/")
    assert text("board.title.all", Language.EN) in page.text
    assert ids_in(page) == [str(look.id)]


@pytest.mark.parametrize("query", ["when=tomorrow", "style=naked", "after=nonsense", "after=", "style="])
async def test_wrong_addresses_of_boards_are_said_to_be_wrong(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/?{query}")).status_code == 404


async def test_a_look_shows_all_that_eva_said(client: httpx.AsyncClient, memory: Memory) -> None:
    look = await a_shared(memory)
    async with memory.database.begin() as connection:
        await opinions.ask(connection, look.id, Asked.GUESS)
        await opinions.guess(connection, look.id, Style.CASUAL)
        await opinions.correct(connection, look.id, Style.MODE)
    page = await client.get(f"/looks/{look.id}")
    assert page.status_code == 200
    words = unescape(page.text)
    for bubble in speak(look.verdict, photo=str(look.id), language=Language.EN):
        assert f"<p>{bubble.text}</p>" in words
    assert page.text.count('class="share"') == 8
    assert text("look.guess", Language.EN, name="Mina", style="Casual") in words
    assert text("look.correction", Language.EN, name="Mina", style="British Mode") in words
    pictures = re.findall(r'<img[^>]* src="(/shared/[^"]+)"', page.text) or re.findall(
        r'src="(/shared/[^"]+)"', page.text
    )
    assert [(await client.get(each)).content for each in pictures] == [b"photo", b"cam"]
    assert page.text.count('width="300" height="400"') >= 2


async def test_what_is_not_on_the_board_does_not_exist(client: httpx.AsyncClient, memory: Memory) -> None:
    shared, taken_back = await a_shared(memory), await a_shared(memory)
    async with memory.database.begin() as connection:
        private = await a_look(connection, shared.person_id)
        await looks.unshare(connection, taken_back.id)
    odd = ["1", str(shared.id).upper(), f"{{{shared.id}}}", shared.id.hex, "%00", "%ff", "*", f"{shared.id}%0a"]
    for each in (private.id, taken_back.id, uuid7(), UUID(int=0), *odd):
        for reply in (
            await client.get(f"/looks/{each}"),
            await client.post(f"/looks/{each}/heart", headers=OURS),
            await client.post(f"/looks/{each}/unheart", headers=OURS),
        ):
            assert reply.status_code == 404, each
            assert text("page.not_found", Language.EN) in unescape(reply.text)
            assert "set-cookie" not in reply.headers
    assert await people_of(memory) == 2


async def test_a_heart_by_form_makes_a_visitor_and_can_be_taken_back(client: httpx.AsyncClient, memory: Memory) -> None:
    look = await a_shared(memory)
    path = f"/looks/{look.id}"
    assert "set-cookie" not in (await client.get(path)).headers
    for _ in range(2):
        reply = await client.post(f"{path}/heart", headers=OURS)
        assert (reply.status_code, reply.headers["location"]) == (303, path)
        assert all(flag in reply.headers["set-cookie"] for flag in ("HttpOnly", "SameSite=lax"))
    page = await client.get(path)
    assert 'aria-pressed="true"' in page.text
    assert '<span class="count">1</span>' in page.text
    assert await people_of(memory) == 2
    await client.post(f"{path}/unheart", headers=OURS)
    page = await client.get(path)
    assert 'aria-pressed="false"' in page.text
    assert '<span class="count">0</span>' in page.text


async def test_a_heart_by_script_answers_in_json(client: httpx.AsyncClient, memory: Memory) -> None:
    look = await a_shared(memory)
    headers = {**OURS, "Accept": "application/json"}
    reply = await client.post(f"/looks/{look.id}/heart", headers=headers)
    assert reply.json() == {"count": 1, "given": True}
    assert (await client.post(f"/looks/{look.id}/unheart", headers=headers)).json() == {"count": 0, "given": False}


async def test_a_cookie_that_eva_did_not_sign_is_nobodys(client: httpx.AsyncClient, memory: Memory) -> None:
    look = await a_shared(memory)
    forged = {"Cookie": f"visitor={Visitors(b'another').new()}"}
    reply = await client.post(f"/looks/{look.id}/heart", headers=OURS | forged)
    assert reply.status_code == 303
    assert reply.headers["set-cookie"].partition(";")[0] != forged["Cookie"]


async def test_another_site_gives_no_hearts(client: httpx.AsyncClient, memory: Memory) -> None:
    look = await a_shared(memory)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await client.post(f"/looks/{look.id}/heart", headers=headers)).status_code == 403
    assert '<span class="count">0</span>' in (await client.get(f"/looks/{look.id}")).text


@pytest.mark.parametrize("path", ["/", "/looks/{}", "/styles/street"])
async def test_a_name_is_never_markup(client: httpx.AsyncClient, memory: Memory, path: str) -> None:
    look = await a_shared(memory, name='"><script>alert(1)</script>')
    page = (await client.get(path.format(look.id))).text
    assert "<script>alert" not in page
    assert '"><script' not in page
    assert "alert(1)" in page


async def test_a_style_says_how_often_she_is_right(client: httpx.AsyncClient) -> None:
    page = unescape((await client.get("/styles/retro")).text)
    test = read_card(MODELS / "model.json").figures["test"]
    measured = test["per_style"]["retro"]
    assert f"<strong>{round(100 * measured['precision'])}%</strong>" in page
    assert f"<strong>{round(100 * measured['recall'])}%</strong>" in page
    assert text("styles.none", Language.EN, style="80s Retro") in page
    assert (await client.get("/styles/beauty")).status_code == 404
    figures = unescape((await client.get("/model")).text)
    assert f"<strong>{round(100 * test['top1'])}%</strong>" in figures
    assert figures.count('<th scope="row">') == 11

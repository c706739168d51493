"""Pages of similar looks: for everybody under public looks, for their owner under private ones."""

from dataclasses import replace
from uuid import UUID

import httpx
import numpy as np
from fastapi import FastAPI

from core.clothing import Color, Item
from core.db import look_feedback, looks
from core.db.looks import Look
from core.db.people import get_or_create_by_identity
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.styles import Style
from core.vision.attributes import Attribute
from tests.factories import classify_scripted, classify_with_attributes, create_look, create_person, store_images
from tests.html import attributes, texts
from tests.integration.leaderboard_web.people.conftest import VISITORS, open_browser


async def add_look(resources: Resources, person_id: UUID, *, shared: bool = True) -> Look:
    embedding = np.eye(1, 128, dtype=np.float32)[0]
    async with resources.database.transaction() as connection:
        verdict = replace(classify_scripted(), embedding=embedding)
        look = await store_images(resources, await create_look(connection, person_id, verdict=verdict))
        assert not shared or await looks.share(connection, look.id)
        return look


async def test_similar_looks_have_a_page(
    site: FastAPI, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    async with resources.database.transaction() as connection:
        other = (await create_person(connection)).id
    look, private = await add_look(resources, mina), await add_look(resources, mina, shared=False)
    path = f"/looks/{look.id}/similar"
    empty = await client.get(path)
    assert texts(empty, ".empty h2") == [translate("similar.none", Language.EN)]
    similar = await add_look(resources, other)
    page = await client.get(path)
    assert attributes(page, ".looks .heart", "data-look") == [str(similar.id)]
    assert attributes(page, ".intro .links a", "href") == [f"/looks/{look.id}"]
    (link,) = attributes(await client.get(f"/looks/{look.id}"), ".strip h2 a", "href")
    assert link == path
    front = await client.get("/")
    assert attributes(front, ".strip h2 a", "href") == ["/?when=new"]
    assert (await client.get(f"/looks/{private.id}/similar")).status_code == 404

    token = VISITORS.issue()
    async with resources.database.transaction() as connection:
        owner = await get_or_create_by_identity(
            connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language=Language.EN
        )
    own = await add_look(resources, owner.id, shared=False)
    async with open_browser(site, token) as browser:
        page = await browser.get(f"/looks/{own.id}/similar")
        assert set(attributes(page, ".looks .heart", "data-look")) == {str(similar.id), str(look.id)}
        assert page.headers["cache-control"] == "private, no-cache"
        chat = await browser.get(f"/try?look={own.id}")
        assert f"/looks/{own.id}/similar" in attributes(chat, ".buttons a", "href")
        async with resources.database.transaction() as connection:
            await look_feedback.update_pending_question(connection, own.id, PendingQuestion.GUESS)
        unguessed = await browser.get(f"/looks/{own.id}/similar")
        assert (unguessed.status_code, unguessed.headers["location"]) == (302, f"/try?look={own.id}")
        assert "/similar" not in (await browser.get(f"/try?look={own.id}")).text


async def test_without_pgvector_nothing_leads_to_similar_looks(
    site: FastAPI, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await add_look(resources, mina)
    state = site.state.eva
    site.state.eva = replace(state, resources=replace(state.resources, finds_similar_looks=False))
    assert (await client.get(f"/looks/{look.id}/similar")).status_code == 404
    assert attributes(await client.get(f"/looks/{look.id}"), ".strip a", "href") == []


async def test_the_board_is_filtered_by_what_is_worn(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    async with resources.database.transaction() as connection:
        worn: tuple[dict[Attribute, float], ...] = ({Item.BOOTS: 0.9, Color.RED: 0.9}, {Item.BOOTS: 0.9})
        for things in worn:
            verdict = classify_with_attributes(Style.STREET, things)
            look = await store_images(resources, await create_look(connection, mina, verdict=verdict))
            assert await looks.share(connection, look.id)
    front = await client.get("/")
    assert attributes(front, '.things a[href="/?item=boots"]', "href")
    for path, count in {"/?item=boots": 2, "/?item=boots&color=red&style=street": 1, "/?when=new&color=red": 1}.items():
        page = await client.get(path)
        assert len(attributes(page, "article.hero, .looks > li", "class")) == count, path
    page = await client.get("/?item=boots&color=red", headers={"Accept-Language": "ko"})
    assert texts(page, "h1 .of") == ["레드 · 부츠"]
    assert texts(page, ".things [aria-current]") == texts(page, ".things a")[:2] == ["레드 ×", "부츠 ×"]
    assert attributes(page, ".things [aria-current]", "href") == ["/?item=boots", "/?color=red"]
    links = attributes(page, ".times a, .filters .chips a", "href")
    assert links
    assert all("item=boots" in href for href in links)
    mixed = await client.get("/?color=multi", headers={"Accept-Language": "ko"})
    assert texts(mixed, ".things [aria-current]") == ["여러 가지 색 ×"], "the name that stands without a garment"
    nothing = await client.get("/?color=pink", headers={"Accept-Language": "en"})
    assert translate("board.empty.filter", Language.EN) in nothing.text
    assert (await client.get("/?item=nothing")).status_code == (await client.get("/?style=nothing")).status_code

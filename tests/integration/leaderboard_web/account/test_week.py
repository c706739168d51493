"""The weekly style card: from three looks on, for its own person only."""

import asyncio
from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import func, update

from core.conversation import week_card_texts
from core.db import look_feedback, schema
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.images.result_card import CardShape
from core.images.week_card import WeekCardText, draw_week_card
from core.resources import Resources
from core.urls import week_card_path, week_picture_path
from tests.html import attributes
from tests.integration.leaderboard_web.account.conftest import add_look, add_person, page_text

EN, HOUR = Language.EN, timedelta(hours=1)


async def test_card_of_a_week_is_for_its_own_person_only(
    client: httpx.AsyncClient, site: FastAPI, resources: Resources, mina: Person
) -> None:
    jun = await add_person(resources)
    old, pending, *_ = [await add_look(resources, mina.id) for _ in range(4)]
    for _ in range(3):
        await add_look(resources, jun.id)
    async with resources.database.transaction() as connection:
        week_ago = update(schema.looks).where(schema.looks.c.id == old.id)
        await connection.execute(week_ago.values(created_at=func.now() - timedelta(days=8)))
        await look_feedback.update_pending_question(connection, pending.id, PendingQuestion.GUESS)

    # Neither a look of the week before nor one that is still to be guessed counts.
    signer = resources.url_signer
    story, post = (week_card_path(signer, mina.id, EN, shape, HOUR) for shape in CardShape)
    page = await client.get("/me/week")
    assert translate("week.few.one", EN) in page_text(page)
    assert attributes(page, ".week-card img", "src") == []
    assert (await client.get(story)).status_code == 404
    assert attributes(await client.get("/me"), "main a[href='/me/week']", "href") == [], "offered once there is one"

    await add_look(resources, mina.id)
    assert attributes(await client.get("/me"), "main a[href='/me/week']", "href") == ["/me/week"]
    page = await client.get("/me/week")
    paths = attributes(page, ".week-card a[download]", "href")
    assert attributes(page, ".week-card .share-card[hidden]", "data-url") == paths[:1]
    for path, height in zip(paths, (1920, 1350), strict=True):
        card = await client.get(path)
        assert Image.open(BytesIO(card.content)).size == (1080, height)
        assert (card.headers["cache-control"], card.headers["x-robots-tag"]) == ("private, max-age=60", "noindex")

    assert (await client.get(week_card_path(signer, jun.id, EN, CardShape.POST, HOUR))).status_code == 403
    assert (await client.get(week_card_path(signer, mina.id, EN, CardShape.POST, -HOUR))).status_code == 403
    assert (await client.get(post.partition("?")[0])).status_code == 403
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://eva") as visitor:
        assert (await visitor.get(post)).status_code == 404
        # The address for messengers works without a session, while it lasts, and opens that card alone.
        picture = week_picture_path(signer, mina.id, EN, CardShape.POST, HOUR)
        card = await visitor.get(picture)
        assert Image.open(BytesIO(card.content)).size == (1080, 1350)
        assert "noindex" in card.headers["x-robots-tag"]
        assert card.headers["cache-control"] == "private, no-store"
        assert str(mina.id) not in picture
        token = post.partition("?")[2]
        for path in (
            picture.replace(picture.split("/")[3], signer.encrypt_id(jun.id)),
            f"{picture.partition('?')[0]}?{token}",
            week_picture_path(signer, mina.id, EN, CardShape.POST, -HOUR),
        ):
            assert (await visitor.get(path)).status_code == 403
        assert attributes(await visitor.get("/me/week"), ".week-card", "class") == []


async def test_a_card_that_is_asked_for_often_is_drawn_once(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[object] = []

    def draw_and_count(text: WeekCardText, shape: CardShape) -> bytes:
        drawn.append(shape)
        return draw_week_card(text, shape)

    monkeypatch.setattr(week_card_texts, "draw_week_card", draw_and_count)
    for _ in range(3):
        await add_look(resources, mina.id)
    path = week_card_path(resources.url_signer, mina.id, EN, CardShape.POST, HOUR)
    cards = await asyncio.gather(*(client.get(path) for _ in range(10)))
    assert len({card.content for card in cards}) == len(drawn) == 1
    await add_look(resources, mina.id)
    assert (await client.get(path)).content != cards[0].content
    assert len(drawn) == 2

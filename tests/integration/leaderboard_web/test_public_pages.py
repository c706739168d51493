"""The leaderboard, looks, hearts and styles, from the database to the page."""

from base64 import b64decode
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from unittest.mock import AsyncMock
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, update
from uuid_utils.compat import uuid7

from core.clothing import Color, Item
from core.conversation.narration import PUBLIC_SLOTS, MessageSlot, public_verdict_messages, verdict_messages
from core.db import leaderboard, look_feedback, looks, people, reactions, schema
from core.db.looks import Look
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.styles import Style
from core.vision.attributes import Attribute
from core.vision.classifier import BUNDLED_MODEL_DIR
from core.vision.model_card import load_model_card
from core.vision.verdict import ConfidenceBand
from leaderboard_web.routes.leaderboard import PAGE_SIZE
from tests.factories import (
    classify_scripted,
    classify_with_attributes,
    count_people,
    create_look,
    create_person,
    make_verdict,
    store_images,
)
from tests.html import attributes, look_ids, next_url, texts

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(site)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://eva", headers={"Accept-Language": "en"}
    ) as client:
        yield client


async def share_look(resources: Resources, *, name: str = "Mina", style: Style = Style.STREET, hearts: int = 0) -> Look:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, name)
        look = await store_images(resources, await create_look(connection, person.id, verdict=classify_scripted(style)))
        assert await looks.share(connection, look.id)
        await connection.execute(update(schema.looks).where(schema.looks.c.id == look.id).values(hearts=hearts))
        return look


async def test_an_empty_leaderboard_links_to_the_chat(client: httpx.AsyncClient) -> None:
    for path in ("/", "/?when=today", "/?style=mode&when=week"):
        page = await client.get(path)
        assert page.status_code == 200
        assert translate("board.empty", Language.EN) in unescape(page.text)
        links = attributes(page, "a", "href")
        assert "/try" in links
        # Where there is nothing at all, nothing can be filtered or guessed; another period or style may have looks.
        assert (texts(page, ".filters a") == []) == (path == "/")
        assert "/guess" not in links


async def test_the_leaderboard_is_ordered_by_hearts_and_paginated(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    shared = [await share_look(resources, hearts=number // 2) for number in range(2 * PAGE_SIZE + 3)]
    page = await client.get("/")
    ids = look_ids(page)
    assert len(ids) == PAGE_SIZE + 1
    assert texts(page, ".place").count(translate("board.place", Language.EN, place=1)) == 1
    while (link := next_url(page)) is not None:
        page = await client.get(link)
        assert page.status_code == 200
        assert translate("board.place", Language.EN, place=len(ids) + 1) in texts(page, ".place")
        ids += look_ids(page)
    assert ids == [str(look.id) for look in reversed(shared)]


async def test_the_newest_and_the_rising_looks_are_listed_page_by_page(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    shared = [await share_look(resources, style=Style.MODE) for _ in range(PAGE_SIZE + 2)]
    page = await client.get("/?when=new&style=mode")
    assert translate("board.title.new", Language.EN) in page.text
    ids = look_ids(page)
    while (link := next_url(page)) is not None:
        page = await client.get(link)
        ids += look_ids(page)
    assert ids == [str(look.id) for look in reversed(shared)]
    assert texts(page, ".place") == [], "their order is not a ranking"
    assert look_ids(await client.get("/?when=new&style=retro")) == []
    empty = await client.get("/?when=rising")
    assert translate("board.empty.rising", Language.EN) in empty.text
    async with resources.database.transaction() as connection:
        for look in (shared[3], shared[1]):
            await reactions.create_heart(connection, look.id, (await create_person(connection)).id)
        await reactions.create_heart(connection, shared[3].id, (await create_person(connection)).id)
    assert look_ids(await client.get("/?when=rising")) == [str(shared[3].id), str(shared[1].id)]
    assert (await client.get("/?when=rising&before=nonsense")).status_code == 404


async def test_new_looks_are_announced_where_their_style_tells_whether_they_belong(client: httpx.AsyncClient) -> None:
    for path, is_announced in (("/", True), ("/?style=mode", True), ("/?item=boots", False), ("/?color=red", False)):
        assert len(texts(await client.get(path), ".button.new-looks")) == is_announced, path


async def test_the_lead_tells_what_makes_the_order(client: httpx.AsyncClient) -> None:
    leads = {order: texts(await client.get(f"/?when={order}"), ".lead")[0] for order in ("all", "new", "rising")}
    assert len(set(leads.values())) == len(leads)
    assert leads["all"] in (await client.get("/")).text


async def test_a_card_names_two_things_that_were_seen(client: httpx.AsyncClient, resources: Resources) -> None:
    things: dict[Attribute, float] = {Item.BOOTS: 0.9, Item.FLORAL: 0.95, Item.COAT: 0.8, Item.HAT: 0.7, Color.RED: 0.9}
    fewer: dict[Attribute, float] = {Item.BOOTS: 0.9, Color.RED: 0.9}
    for seen in (things, fewer, {}):
        async with resources.database.transaction() as connection:
            verdict = classify_with_attributes(Style.STREET, seen)
            look = await create_look(connection, (await create_person(connection)).id, verdict=verdict)
            assert await looks.share(connection, (await store_images(resources, look)).id)
    assert texts(await client.get("/?when=new"), ".looks .seen") == ["boots · red", "boots · coat"]


async def test_the_leaderboard_can_be_filtered_by_style(client: httpx.AsyncClient, resources: Resources) -> None:
    mode = await share_look(resources, style=Style.MODE)
    await share_look(resources, style=Style.RETRO)
    assert look_ids(await client.get("/?style=mode&when=today")) == [str(mode.id)]
    assert look_ids(await client.get("/styles/mode")) == [str(mode.id)]
    assert look_ids(await client.get("/?style=casual")) == []


async def test_without_a_period_the_shortest_one_with_twelve_looks_is_shown(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    """After midnight, the board does not shrink to the first look of the day."""
    first = [await share_look(resources) for _ in range(11)]
    page = await client.get("/")
    assert translate("board.title.all", Language.EN) in page.text
    assert len(look_ids(page)) == 11
    await share_look(resources)
    assert translate("board.title.today", Language.EN) in (await client.get("/")).text
    async with resources.database.transaction() as connection:
        old = func.now() - func.make_interval(0, 0, 5)
        is_first = schema.looks.c.id.in_([look.id for look in first])
        await connection.execute(update(schema.looks).where(is_first).values(shared_at=old))
    page = await client.get("/")
    assert translate("board.title.all", Language.EN) in page.text
    assert len(look_ids(page)) == 12
    # A period that was asked for is shown however few looks it has.
    assert len(look_ids(await client.get("/?when=today"))) == 1
    assert translate("board.title.all", Language.EN) in (await client.get("/?style=mode")).text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("band", [band for band in ConfidenceBand if band is not ConfidenceBand.NOT_AN_OUTFIT])
async def test_a_public_look_does_not_speak_to_its_owner(
    client: httpx.AsyncClient, resources: Resources, band: ConfidenceBand, language: Language
) -> None:
    """No opening, tip or closing, on the page or in its description."""
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        assert await people.update_display_name(connection, person.id, "Mina")
        look = await create_look(connection, person.id, verdict=make_verdict(band))
        assert await looks.share(connection, look.id)
    page = await client.get(f"/looks/{look.id}", headers={"Accept-Language": language})
    said = {
        message.slot: message.text
        for message in verdict_messages(look.verdict, seed=look.variant_seed, language=language)
    }
    assert texts(page, ".log .bubble > p") == [said[slot] for slot in (*said,) if slot in PUBLIC_SLOTS]
    for slot in set(said) - PUBLIC_SLOTS:
        assert said[slot] not in unescape(page.text), slot
    (description,) = attributes(page, 'meta[name="description"]', "content")
    assert description == said[MessageSlot.VERDICT]


@pytest.mark.parametrize("query", ["when=tomorrow", "style=naked", "after=nonsense", "after=", "style="])
async def test_invalid_query_parameters_are_not_found(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/?{query}")).status_code == 404


async def test_a_look_shows_verdict_guess_and_correction(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await share_look(resources)
    async with resources.database.transaction() as connection:
        await look_feedback.update_pending_question(connection, look.id, PendingQuestion.GUESS)
        await look_feedback.record_guess(connection, look.id, Style.CASUAL)
        await look_feedback.record_correction(connection, look.id, Style.MODE)
    page = await client.get(f"/looks/{look.id}")
    assert page.status_code == 200
    words = unescape(page.text)
    messages = public_verdict_messages(look.verdict, seed=look.variant_seed, language=Language.EN)
    assert texts(page, ".log .bubble > p") == [message.text for message in messages]
    assert len(attributes(page, ".share", "class")) == 8
    assert translate("look.guess", Language.EN, name="Mina", style="Casual") in words
    assert translate("look.correction", Language.EN, name="Mina", style="British Mode") in words
    urls = attributes(page, "img[src^='/shared/']", "src")
    assert [(await client.get(url)).content for url in urls] == [b"photo", b"cam"]
    assert len(attributes(page, "[width='300'][height='400']", "width")) >= 2


async def test_only_public_looks_exist(client: httpx.AsyncClient, resources: Resources) -> None:
    shared, unshared = await share_look(resources), await share_look(resources)
    async with resources.database.transaction() as connection:
        private = await create_look(connection, shared.person_id)
        await looks.unshare(connection, unshared.id)
    malformed = ["1", str(shared.id).upper(), f"{{{shared.id}}}", shared.id.hex, "%00", "%ff", "*", f"{shared.id}%0a"]
    for look_id in (private.id, unshared.id, uuid7(), UUID(int=0), *malformed):
        for reply in (
            await client.get(f"/looks/{look_id}"),
            await client.post(f"/looks/{look_id}/heart", headers=SAME_ORIGIN),
            await client.post(f"/looks/{look_id}/unheart", headers=SAME_ORIGIN),
        ):
            assert reply.status_code == 404, look_id
            is_malformed = look_id in malformed
            key = "page.not_found" if is_malformed else "page.look_gone"
            assert translate(key, Language.EN) in unescape(reply.text), look_id
            assert "set-cookie" not in reply.headers
    assert await count_people(resources) == 2


async def test_a_heart_by_form_creates_a_session_and_can_be_removed(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    look = await share_look(resources)
    path = f"/looks/{look.id}"
    assert "set-cookie" not in (await client.get(path)).headers
    for _ in range(2):
        reply = await client.post(f"{path}/heart", headers=SAME_ORIGIN)
        assert (reply.status_code, reply.headers["location"]) == (303, path)
        assert all(flag in reply.headers["set-cookie"] for flag in ("HttpOnly", "SameSite=lax"))
    page = await client.get(path)
    assert attributes(page, ".heart button", "aria-pressed") == ["true"]
    assert texts(page, ".heart .count") == ["1"]
    assert await count_people(resources) == 2
    await client.post(f"{path}/unheart", headers=SAME_ORIGIN)
    page = await client.get(path)
    assert attributes(page, ".heart button", "aria-pressed") == ["false"]
    assert texts(page, ".heart .count") == [""]


async def test_a_heart_by_script_returns_json(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await share_look(resources)
    headers = {**SAME_ORIGIN, "Accept": "application/json"}
    reply = await client.post(f"/looks/{look.id}/heart", headers=headers)
    assert reply.json() == {"count": 1, "given": True}
    assert (await client.post(f"/looks/{look.id}/unheart", headers=headers)).json() == {"count": 0, "given": False}


async def test_a_forged_session_cookie_is_replaced(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await share_look(resources)
    forged = {"Cookie": f"visitor={VisitorTokenSigner(b'another').issue()}"}
    reply = await client.post(f"/looks/{look.id}/heart", headers=SAME_ORIGIN | forged)
    assert reply.status_code == 303
    assert reply.headers["set-cookie"].partition(";")[0] != forged["Cookie"]


async def test_a_session_that_ended_does_not_begin_again(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await share_look(resources)
    first = await client.post(f"/looks/{look.id}/heart", headers=SAME_ORIGIN)
    copied = {"Cookie": first.headers["set-cookie"].partition(";")[0]}
    client.cookies.clear()
    async with resources.database.transaction() as connection:
        await connection.execute(schema.identities.delete().where(schema.identities.c.provider == IdentityProvider.WEB))
    reply = await client.post(f"/looks/{look.id}/heart", headers=SAME_ORIGIN | copied)
    assert reply.headers["set-cookie"].partition(";")[0] != copied["Cookie"]
    client.cookies.clear()
    assert translate("me.anonymous.title", Language.EN) in (await client.get("/me", headers=copied)).text


async def test_a_session_that_ends_while_it_is_used_is_replaced(
    client: httpx.AsyncClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = await share_look(resources)
    first = await client.post(f"/looks/{look.id}/heart", headers=SAME_ORIGIN)
    monkeypatch.setattr("core.db.sessions.touch", AsyncMock(return_value=False))
    second = await client.post(f"/looks/{look.id}/heart", headers=SAME_ORIGIN)
    assert second.headers["set-cookie"].partition(";")[0] != first.headers["set-cookie"].partition(";")[0]


async def test_cross_site_hearts_are_refused(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await share_look(resources)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await client.post(f"/looks/{look.id}/heart", headers=headers)).status_code == 403
    assert texts(await client.get(f"/looks/{look.id}"), ".heart .count") == [""]


@pytest.mark.parametrize("path", ["/", "/looks/{}", "/styles/street"])
async def test_names_are_escaped(client: httpx.AsyncClient, resources: Resources, path: str) -> None:
    look = await share_look(resources, name='"><script>alert(1)</script>')
    page = (await client.get(path.format(look.id))).text
    assert "<script>alert" not in page
    assert '"><script' not in page
    assert "alert(1)" in page


async def test_a_style_shows_measured_precision_and_recall(client: httpx.AsyncClient) -> None:
    page = await client.get("/styles/retro")
    test = load_model_card(BUNDLED_MODEL_DIR / "model.json").metrics["test2"]
    measured = test["per_style"]["retro"]
    assert texts(page, "main strong") == [f"{round(100 * measured[name])}%" for name in ("precision", "recall")]
    assert translate("styles.none", Language.EN, style="80s Retro") in unescape(page.text)
    assert (await client.get("/styles/beauty")).status_code == 404
    figures = await client.get("/model")
    assert f"{round(100 * test['top1'])}%" in texts(figures, "strong")
    assert len(texts(figures, "th[scope=row]")) == 11


async def test_look_page_lists_what_is_worn_with_its_maps(client: httpx.AsyncClient, resources: Resources) -> None:
    things: dict[Attribute, float] = {
        Item.JACKET: 0.9,
        Item.LEATHER: 0.8,
        Item.BOOTS: 0.7,
        Item.TIE: 0.6,
        Item.HAT: 0.3,
    }
    verdict = classify_with_attributes(Style.STREET, things, peaks={Item.BOOTS: (0.9, 0.5), Item.TIE: (0.9, 0.2)})
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, "Mina")
        look = await store_images(resources, await create_look(connection, person.id, verdict=verdict))
        assert await looks.share(connection, look.id)
    page = (await client.get(f"/looks/{look.id}")).text
    without = (await client.get(f"/looks/{(await share_look(resources)).id}")).text

    assert texts(page, ".worn li .name") == ["leather jacket", "boots", "tie"]
    assert texts(page, ".worn li .percent") == ["90%", "70%", "60%"]
    # A tie at the feet has no place, so that nothing could be lit.
    assert texts(page, ".worn li[data-map] .name") == ["leather jacket", "boots"]
    maps = [len(b64decode(data)) for data in attributes(page, ".worn li[data-map]", "data-map")]
    assert maps == [verdict.cam.size] * 2
    assert attributes(page, ".worn li[data-map]", "data-columns") == [str(verdict.cam.shape[1])] * 2
    assert texts(without, ".worn") == []
    assert "worn.js" not in without


@pytest.mark.parametrize("language", Language)
async def test_the_lookbook_shows_top_looks_and_what_is_typical(
    client: httpx.AsyncClient, resources: Resources, language: Language
) -> None:
    mode = [await share_look(resources, style=Style.MODE, hearts=hearts) for hearts in (1, 5, 3, 4)]
    retro = await share_look(resources, style=Style.RETRO)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, mode[1].id)
        top = await leaderboard.get_top_looks(connection, per_style=2)
    assert {style: [entry.look.id for entry in entries] for style, entries in top.items() if entries} == {
        Style.MODE: [mode[3].id, mode[2].id],
        Style.RETRO: [retro.id],
    }
    page = await client.get("/styles", headers={"Accept-Language": language})
    shown = attributes(page, ".lookbook .style-mode img", "src")
    assert [UUID(url.split("/")[2]) for url in shown] == [mode[3].id, mode[2].id, mode[0].id]
    assert len(attributes(page, ".lookbook li:not(:has(img)) .mosaic svg", "viewBox")) == 6
    assert translate("worn.blazer", language) in texts(page, ".style-business_casual .thing")
    street = await client.get("/styles/street", headers={"Accept-Language": language})
    assert translate("worn.hoodie", language) in texts(street, ".intro .thing")


async def test_pages_are_shown_while_the_storage_is_away(
    client: httpx.AsyncClient, resources: Resources, storage_folder: Path
) -> None:
    look = await share_look(resources)
    storage_folder.rename(storage_folder.with_name("away"))
    storage_folder.write_bytes(b"a file instead of the directory")
    for path in ("/", f"/looks/{look.id}", f"/looks/{look.id}/similar", "/styles"):
        shown = await client.get(path)
        assert shown.status_code == 200, path
    (picture, *_) = [url for url in attributes((await client.get("/")).text, "img", "src") if str(look.id) in url]
    assert (await client.get(picture)).status_code == 503

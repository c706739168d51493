"""The page of an own look: sharing, corrections, guesses, deletion."""

from pathlib import Path

import httpx
import pytest
from lxml.html import tostring
from uuid_utils.compat import uuid7

from core.clothing import Item
from core.conversation.display_names import generated_name
from core.conversation.narration import verdict_messages
from core.db import look_feedback, look_images
from core.db.people import Person
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.styles import Style
from tests.factories import classify_scripted, classify_with_attributes
from tests.html import attributes, texts
from tests.html import select as select_elements
from tests.integration.leaderboard_web.account.conftest import (
    add_look,
    add_person,
    get_look,
    get_person,
    look_ids,
    page_text,
)


async def test_own_look_page_shows_all_messages_bars_and_images(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    page = await client.get(f"/me/looks/{look.id}")
    assert page.headers["cache-control"] == "no-store"
    for message in verdict_messages(look.verdict, seed=look.variant_seed, language=Language.EN):
        assert message.text in texts(page, ".bubble p")
    assert len(select_elements(page, "rect.share")) == 8
    image_urls = attributes(page, 'img[src^="/pictures/"]', "src")
    assert [(await client.get(url)).content for url in image_urls] == [b"photo", b"cam"]


async def test_without_its_pictures_a_look_speaks_of_no_marks(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    messages = verdict_messages(look.verdict, seed=look.variant_seed, language=Language.EN)
    assert any(message.needs_picture for message in messages)
    async with resources.database.transaction() as connection:
        await look_images.clear_image_keys(connection, [look.id])
    shown = texts(await client.get(f"/me/looks/{look.id}"), ".bubble p")
    assert shown == [message.text for message in messages if not message.needs_picture]


async def test_what_is_worn_can_be_pressed_while_there_is_a_photo(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    verdict = classify_with_attributes(Style.STREET, {Item.BOOTS: 0.9}, peaks={Item.BOOTS: (0.9, 0.5)})
    look = await add_look(resources, mina.id, verdict=verdict)
    hint = [translate("worn.hint", Language.EN)]
    for expected in (hint, []):
        page = await client.get(f"/me/looks/{look.id}")
        assert texts(page, ".worn .name") == ["boots"]
        assert texts(page, ".worn .hint") == expected
        assert len(select_elements(page, ".worn [data-map]")) == len(expected)
        async with resources.database.transaction() as connection:
            await look_images.clear_image_keys(connection, [look.id])


async def test_look_without_outfit_has_no_style_and_cannot_be_shared(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id, verdict=classify_scripted(outfit=0.05))
    for path in ("/me", f"/me/looks/{look.id}"):
        page = await client.get(path)
        assert translate("me.no_outfit", Language.EN) in page.text
        assert "Street" not in page.text.replace("/styles", "")
        assert attributes(page, "[value=share]", "name") == []
    reply = await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    assert reply.status_code == 409
    assert translate("talk.no_outfit_to_share", Language.EN) in page_text(reply)


async def test_looks_of_other_people_are_not_found(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    other = await add_person(resources)
    other_looks = [await add_look(resources, other.id), await add_look(resources, other.id, shared=True)]
    before = [await get_look(resources, look) for look in other_looks]
    for look_id in (*(look.id for look in other_looks), uuid7(), "1", str(other_looks[0].id).upper()):
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
    after = [await get_look(resources, look) for look in other_looks]
    assert [(look.shared_at, look.corrected_style) for look in after] == [
        (look.shared_at, look.corrected_style) for look in before
    ]
    changed = await get_person(resources, mina)
    assert changed is not None
    assert changed.name is None


async def test_own_look_without_session_is_not_found(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    client.cookies.clear()
    assert (await client.get(f"/me/looks/{look.id}")).status_code == 404
    assert (await client.post(f"/me/looks/{look.id}/delete")).status_code == 404
    assert (await get_look(resources, look)).photo_key is not None


@pytest.mark.parametrize("written", ["", "  미나  "])
async def test_first_share_asks_for_a_display_name(
    client: httpx.AsyncClient, resources: Resources, mina: Person, written: str
) -> None:
    look = await add_look(resources, mina.id)
    reply = await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    assert reply.headers["location"] == f"/me/looks/{look.id}/name"
    assert (await get_look(resources, look)).shared_at is None
    page = await client.get(reply.headers["location"])
    suggested_name = generated_name(mina.id, Language.EN)
    assert translate("talk.name.ask", Language.EN, name=suggested_name) in page_text(page)
    reply = await client.post(f"/me/looks/{look.id}/name", data={"do": "take", "name": written})
    if written:
        assert (await get_look(resources, look)).shared_at is None
        page = await client.get(reply.headers["location"])
        assert translate("talk.name.confirm", Language.EN, name=written.strip()) in page_text(page)
        stale = await client.post(f"/me/looks/{look.id}/name", data={"do": "post", "name_tag": "00000000"})
        assert stale.headers["location"] == f"/me/looks/{look.id}/name", "another name than the one shown"
        (name_tag,) = attributes(page, "input[name=name_tag]", "value")
        reply = await client.post(f"/me/looks/{look.id}/name", data={"do": "post", "name_tag": name_tag})
    assert (reply.status_code, reply.headers["location"]) == (303, f"/me/looks/{look.id}?said=shared")
    name = written.strip() or suggested_name
    assert translate("talk.shared", Language.EN, name=name) in page_text(await client.get(reply.headers["location"]))
    assert (await get_look(resources, look)).is_public
    changed = await get_person(resources, mina)
    assert changed is not None
    assert (changed.name, changed.pending_name_look_id) == (name, None)
    # The second look is shared without a prompt.
    another = await add_look(resources, mina.id)
    reply = await client.post(f"/me/looks/{another.id}", data={"do": "share"})
    assert reply.headers["location"] == f"/me/looks/{another.id}?said=shared"
    assert (await client.get(f"/me/looks/{another.id}/name")).headers["location"] == f"/me/looks/{another.id}"


async def test_invalid_display_name_is_refused_and_nothing_is_shared(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    page = await client.post(f"/me/looks/{look.id}/name", data={"do": "take", "name": "<b>Mina</b>"})
    assert page.status_code == 422
    assert translate("talk.name.refused", Language.EN) in page_text(page)
    assert "<b>Mina" not in page.text
    assert attributes(page, "input[name=name]", "value") == ["<b>Mina</b>"]
    reply = await client.post(f"/me/looks/{look.id}/name", data={"do": "keep", "name": "Mina"})
    assert reply.headers["location"] == f"/me/looks/{look.id}?said=kept"
    private, changed = await get_look(resources, look), await get_person(resources, mina)
    assert private.shared_at is None
    assert changed is not None
    assert (changed.name, changed.pending_name_look_id) == (generated_name(mina.id, Language.EN), None)


async def test_shared_look_can_be_unshared(client: httpx.AsyncClient, resources: Resources, mina: Person) -> None:
    look = await add_look(resources, mina.id, shared=True)
    reply = await client.post(f"/me/looks/{look.id}", data={"do": "unshare"})
    assert translate("talk.unshared", Language.EN) in page_text(await client.get(reply.headers["location"]))
    assert (await get_look(resources, look)).shared_at is None
    assert (await client.get(f"/looks/{look.id}")).status_code == 404


async def test_corrections_and_guesses_are_recorded_as_in_chat(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    path = f"/me/looks/{look.id}"
    reply = await client.post(path, data={"do": "correct", "style": "mode"})
    page = page_text(await client.get(reply.headers["location"]))
    assert translate("talk.correct.thanks", Language.EN, style="British Mode") in page
    assert translate("me.correction", Language.EN, style="British Mode") in page
    reply = await client.post(path, data={"do": "correct", "style": "street"})
    assert translate("talk.correct.same", Language.EN, style="Street") in page_text(
        await client.get(path + "?said=agreed")
    )
    assert reply.headers["location"].endswith("said=agreed")
    assert (await get_look(resources, look)).corrected_style is None
    assert (await client.post(path, data={"do": "guess", "style": "casual"})).headers["location"].endswith("told")
    async with resources.database.transaction() as connection:
        await look_feedback.update_pending_question(connection, look.id, PendingQuestion.GUESS)
    for _ in range(2):  # The second press of a button says nothing else.
        assert (await client.post(path, data={"do": "guess", "style": "casual"})).headers["location"] == path
    assert (await client.post(path, data={"do": "guess", "style": "retro"})).headers["location"].endswith("late")
    assert (await get_look(resources, look)).guessed_style is Style.CASUAL
    for wrong in (
        {"do": "erase"},
        {"do": "guess"},
        {"do": "correct", "style": "naked"},
        {"do": "share", "style": "mode"},
        {},
    ):
        assert (await client.post(path, data=wrong)).status_code == 400
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post(path, content=b"do=share&" + b"x" * 9000, headers=headers)).status_code == 413
    assert (await client.post(path, content=b"do=%ff", headers=headers)).status_code == 400


async def test_guess_mode_hides_the_style_until_the_guess(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    reply = await client.post("/me/settings", data={"first": "me"})
    assert translate("talk.guess.on", Language.EN) in page_text(await client.get(reply.headers["location"]))
    look = await add_look(resources, mina.id, verdict=classify_scripted(Style.RETRO))
    for path in ("/me", f"/me/looks/{look.id}"):
        page = await client.get(path)
        assert translate("me.guess_first", Language.EN) in page.text
        (body,) = select_elements(page, "html")
        for button in body.cssselect("button"):
            button.drop_tree()
        assert "Retro" not in tostring(body, encoding="unicode"), "only the buttons name styles"
        assert "cam" not in page.text
    await client.post(f"/me/looks/{look.id}", data={"do": "guess", "style": "retro"})
    assert (await client.get(f"/me/looks/{look.id}")).text.count("Retro") > 2
    waived, waiting = [await add_look(resources, mina.id, verdict=classify_scripted(Style.RETRO)) for _ in range(2)]
    reply = await client.post(f"/me/looks/{waived.id}", data={"do": "result"})
    assert "80s Retro" in (await client.get(reply.headers["location"])).text
    assert (await get_look(resources, waived)).guessed_style is None
    await client.post("/me/settings", data={"first": "eva"})
    assert translate("me.guess_first", Language.EN) not in (await client.get(f"/me/looks/{waiting.id}")).text
    changed = await get_person(resources, mina)
    assert changed is not None
    assert not changed.guesses_first


async def test_look_is_deleted_after_confirmation(
    client: httpx.AsyncClient, resources: Resources, mina: Person, storage_folder: Path
) -> None:
    look, stays = await add_look(resources, mina.id, shared=True), await add_look(resources, mina.id)
    page = await client.get(f"/me/looks/{look.id}/delete")
    assert translate("me.delete.title", Language.EN) in page.text
    assert (await get_look(resources, look)).photo_key is not None
    reply = await client.post(f"/me/looks/{look.id}/delete")
    page = await client.get(reply.headers["location"])
    assert translate("me.deleted", Language.EN) in page_text(page)
    assert look_ids(page) == [str(stays.id)]
    assert len(list(storage_folder.rglob("*.jpg"))) == 2
    assert (await client.get(f"/looks/{look.id}")).status_code == 404

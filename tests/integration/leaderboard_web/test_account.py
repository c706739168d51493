"""The account pages: they show all of a person's own data, no other data, and nothing after erasure."""

import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from lxml import html
from sqlalchemy import func, insert, select, update

from core.conversation.display_names import generated_name
from core.conversation.narration import verdict_messages
from core.db import (
    checkpoints,
    follows,
    inbox,
    look_feedback,
    look_images,
    looks,
    moderation,
    people,
    reactions,
    schema,
)
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider, ModerationAction, PendingQuestion
from core.errors import StorageUnavailableError
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.styles import STYLES, Style
from core.uuid7 import uuid7
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.account import lists
from leaderboard_web.app import create_app
from leaderboard_web.sessions import VISITOR_COOKIE
from tests.factories import classify_scripted, create_look, create_person, remove_look, store_images
from tests.harness import make_application
from tests.html import attributes, next_url, texts
from tests.html import select as select_elements

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
PAGES = ("/me", "/me/scraps", "/me/following", "/me/following/people", "/me/settings", "/me/forget")
SECRET = b"secret" * 6


@pytest.fixture
def site(resources: Resources, samples: Path) -> FastAPI:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier), samples=samples)


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(site)
    headers = {"Accept-Language": "en", **SAME_ORIGIN}
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", headers=headers) as client:
        yield client


@pytest.fixture
async def mina(client: httpx.AsyncClient, resources: Resources) -> Person:
    """The person of the client's session."""
    visitors = VisitorTokenSigner(SECRET)
    token = visitors.issue()
    client.cookies.set(VISITOR_COOKIE, token)
    async with resources.database.transaction() as connection:
        return await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, visitors.verify(token) or "", language="en"
        )


async def add_look(resources: Resources, person_id: UUID, *, shared: bool = False, **more: Any) -> Look:
    """Add a look with stored images."""
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, person_id, **more))
        if shared:
            assert await looks.share(connection, look.id)
    return await get_look(resources, look)


async def get_look(resources: Resources, look: Look) -> Look:
    async with resources.database.transaction() as connection:
        current = await looks.get(connection, look.id)
    assert current is not None
    return current


async def get_person(resources: Resources, person: Person) -> Person | None:
    async with resources.database.transaction() as connection:
        return await people.get(connection, person.id)


async def add_person(resources: Resources, name: str = "Jun") -> Person:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        assert await people.set_display_name(connection, person.id, name)
    return person


def look_ids(page: httpx.Response) -> list[str]:
    return [href.rpartition("/")[2] for href in attributes(page, "a.stretched-link", "href")]


def page_text(page: httpx.Response) -> str:
    return unescape(page.text)


async def all_look_ids(client: httpx.AsyncClient, link: str | None) -> list[str]:
    """The looks of all pages of a list."""
    ids: list[str] = []
    while link is not None:
        page = await client.get(link)
        assert page.status_code == 200
        ids += look_ids(page)
        link = next_url(page)
    return ids


async def test_anonymous_viewer_gets_an_explanation_and_no_session(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    for path in PAGES:
        page = await client.get(path)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        assert translate("me.stranger.title", Language.EN) in page_text(page)
        assert 'href="/try"' in page.text
        assert 'href="/login"' in page.text
        assert "set-cookie" not in page.headers
    for reply in (
        await client.get("/me/data.zip"),
        await client.post("/me/settings", data={"name": "Mina"}),
        await client.post("/me/following/people", data={"person": str(uuid7())}),
    ):
        assert (reply.status_code, reply.headers["location"]) == (303, "/me")
    async with resources.database.transaction() as connection:
        assert (await connection.execute(select(func.count()).select_from(schema.people))).scalar_one() == 0


async def test_history_lists_all_looks_latest_first_in_pages(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    own_looks = [
        await add_look(resources, mina.id, shared=number % 5 == 0) for number in range(2 * lists.LOOKS_PER_PAGE + 1)
    ]
    async with resources.database.transaction() as connection:
        # Two looks with the same time are on different pages.
        moment = own_looks[lists.LOOKS_PER_PAGE].created_at
        same_time = schema.looks.c.id.in_([own_looks[lists.LOOKS_PER_PAGE + 1].id, own_looks[lists.LOOKS_PER_PAGE].id])
        await connection.execute(update(schema.looks).where(same_time).values(created_at=moment))
    await add_look(resources, (await add_person(resources)).id, shared=True)
    assert await all_look_ids(client, "/me") == [str(look.id) for look in reversed(own_looks)]
    for wrong in ("nonsense", "", "1.2", f"{10**16}9.{own_looks[0].id.hex}"):
        assert (await client.get("/me", params={"before": wrong})).status_code == 404


async def test_history_shows_visibility_and_retention_of_each_look(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    private, shared, suspended, removed, expired = [
        await add_look(resources, mina.id, shared=name in {"shared", "suspended", "removed"})
        for name in ("private", "shared", "suspended", "removed", "expired")
    ]
    async with resources.database.transaction() as connection:
        for _ in range(3):
            await moderation.create_report(connection, suspended.id, (await create_person(connection)).id, reason="odd")
        await look_images.clear_image_keys(connection, [expired.id])
        await connection.execute(
            update(schema.looks)
            .where(schema.looks.c.id == private.id)
            .values(created_at=func.now() - timedelta(hours=20, minutes=30))
        )
    await remove_look(resources, removed.id)
    items = {
        item.cssselect("a.stretched-link")[0].get("href").rpartition("/")[2]: html.tostring(item, encoding="unicode")
        for item in select_elements(await client.get("/me"), "li.own")
    }

    def item(look: Look) -> str:
        return unescape(items[str(look.id)])

    for look, state in (
        (private, "private"),
        (shared, "shared"),
        (suspended, "held"),
        (removed, "hidden"),
        (expired, "private"),
    ):
        assert translate(f"me.state.{state}", Language.EN) in item(look), state
        assert ('value="share"' in item(look)) == (look is private)
        assert ('value="unshare"' in item(look)) == (state in {"shared", "held"})
        assert ("/pictures/" in item(look)) == (look not in {removed, expired})
        assert f"/me/looks/{look.id}/delete" in item(look)
    assert translate("me.kept", Language.EN, hours=4) in item(private)
    assert translate("me.kept.gone", Language.EN) in item(expired)
    assert translate("me.kept.gone", Language.EN) not in item(shared)
    for look, state in ((suspended, "held"), (removed, "hidden")):
        assert translate(f"me.state.{state}.line", Language.EN) in page_text(await client.get(f"/me/looks/{look.id}"))


async def test_own_look_page_shows_all_messages_bars_and_images(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    page = await client.get(f"/me/looks/{look.id}")
    assert page.headers["cache-control"] == "no-store"
    for message in verdict_messages(look.verdict, seed=str(look.id), language=Language.EN):
        assert message.text in texts(page, ".bubble p")
    assert len(select_elements(page, "rect.share")) == 8
    image_urls = attributes(page, 'img[src^="/pictures/"]', "src")
    assert [(await client.get(url)).content for url in image_urls] == [b"photo", b"cam"]


async def test_look_without_outfit_has_no_style_and_cannot_be_shared(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id, verdict=classify_scripted(outfit=0.05))
    for path in ("/me", f"/me/looks/{look.id}"):
        page = await client.get(path)
        assert translate("me.no_outfit", Language.EN) in page.text
        assert "Street" not in page.text.replace("/styles", "")
        assert 'value="share"' not in page.text
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
    assert 'value="&lt;b&gt;Mina&lt;/b&gt;"' in page.text
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
    assert (await get_look(resources, look)).corrected_style is Style.MODE
    assert (await client.post(path, data={"do": "guess", "style": "casual"})).headers["location"].endswith("told")
    async with resources.database.transaction() as connection:
        await look_feedback.set_pending_question(connection, look.id, PendingQuestion.GUESS)
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
        page = (await client.get(path)).text
        assert translate("me.sealed", Language.EN) in page
        assert "Retro" not in re.sub(r"<button.*?</button>", "", page, flags=re.S)
        assert "cam" not in page
    await client.post(f"/me/looks/{look.id}", data={"do": "guess", "style": "retro"})
    assert (await client.get(f"/me/looks/{look.id}")).text.count("Retro") > 2
    waived, waiting = [await add_look(resources, mina.id, verdict=classify_scripted(Style.RETRO)) for _ in range(2)]
    reply = await client.post(f"/me/looks/{waived.id}", data={"do": "result"})
    assert "80s Retro" in (await client.get(reply.headers["location"])).text
    assert (await get_look(resources, waived)).guessed_style is None
    await client.post("/me/settings", data={"first": "eva"})
    assert translate("me.sealed", Language.EN) not in (await client.get(f"/me/looks/{waiting.id}")).text
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


async def test_bookmarks_list_public_looks_latest_first(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    other = await add_person(resources)
    other_looks = [await add_look(resources, other.id, shared=True) for _ in range(14)]
    for look in other_looks:
        async with resources.database.transaction() as connection:
            assert await reactions.add_bookmark(connection, look.id, mina.id)
    another = await add_look(resources, other.id, shared=True)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, other_looks[3].id)
        await reactions.add_bookmark(connection, another.id, other.id)
    expected = [str(look.id) for look in reversed(other_looks) if look is not other_looks[3]]
    assert await all_look_ids(client, "/me/scraps") == expected


async def test_feed_lists_public_looks_of_followed_people(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    friends = [await add_person(resources, f"friend {number}") for number in range(3)]
    unfollowed = await add_person(resources, "unfollowed")
    async with resources.database.transaction() as connection:
        for friend in friends:
            await follows.follow(connection, mina.id, friend.id)
    shared = [await add_look(resources, friends[number % 2].id, shared=True) for number in range(15)]
    await add_look(resources, friends[0].id)
    await add_look(resources, unfollowed.id, shared=True)
    assert await all_look_ids(client, "/me/following") == [str(look.id) for look in reversed(shared)]
    page = await client.get("/me/following/people")
    followed = attributes(page, "button[name=person]", "value")
    assert followed == [str(friend.id) for friend in reversed(friends)]
    reply = await client.post("/me/following/people", data={"person": str(friends[0].id)})
    page = await client.get(reply.headers["location"])
    assert translate("me.unfollowed", Language.EN) in page_text(page)
    assert "friend 0" not in page.text
    assert await all_look_ids(client, "/me/following") == [str(look.id) for look in reversed(shared[1::2])]
    assert (await client.post("/me/following/people", data={"person": "x"})).status_code == 400
    assert (await client.get("/me/following/people?after=x")).status_code == 404


async def test_language_setting_applies_to_site_and_chats(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    reply = await client.post("/me/settings", data={"language": "ko"})
    assert "lang=ko" in reply.headers["set-cookie"]
    page = await client.get(reply.headers["location"])
    assert translate("talk.language.set", Language.KO) in page_text(page)
    assert '<html lang="ko">' in page.text
    changed = await get_person(resources, mina)
    assert changed is not None
    assert changed.language == "ko"
    assert (await client.post("/me/settings", data={"language": "xx"})).status_code == 400


async def test_display_name_setting_is_validated_and_unique(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    await add_person(resources, "Jun Ho")
    reply = await client.post("/me/settings", data={"name": " Mina  2 "})
    assert translate("me.name.set", Language.EN, name="Mina 2") in page_text(
        await client.get(reply.headers["location"])
    )
    for requested, status, key in (("<i>", 422, "talk.name.refused"), ("junho", 409, "me.name.taken")):
        page = await client.post("/me/settings", data={"name": requested})
        assert page.status_code == status
        assert translate(key, Language.EN, name=requested) in page_text(page)
    changed = await get_person(resources, mina)
    assert changed is not None
    assert changed.name == "Mina 2"


async def test_cross_site_requests_change_nothing(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for path, data in (
        (f"/me/looks/{look.id}", {"do": "correct", "style": "mode"}),
        (f"/me/looks/{look.id}/delete", {}),
        ("/me/settings", {"name": "Owned"}),
        ("/me/forget", {}),
    ):
        assert (await client.post(path, data=data, headers=foreign)).status_code == 403
    assert (await get_look(resources, look)).corrected_style is None
    assert await get_person(resources, mina) == mina


async def add_data_in_every_table(resources: Resources, person: Person, other: Person, word: str) -> list[Look]:
    """Add rows of a person to every table: a private and a shared look with images, and a look without."""
    with_images = [await add_look(resources, person.id, shared=shared) for shared in (False, True)]
    expired = await add_look(resources, person.id)
    async with resources.database.transaction() as connection:
        await look_feedback.set_pending_question(connection, with_images[0].id, PendingQuestion.GUESS)
        await look_feedback.record_guess(connection, with_images[0].id, Style.MODE)
        await look_images.clear_image_keys(connection, [expired.id])
        await people.add_identity(connection, person.id, IdentityProvider.TELEGRAM, f"telegram {word}")
        other_looks = [look for look in await looks.list_for_person(connection, other.id, limit=9) if look.shared_at]
        for look in other_looks:
            await reactions.add_heart(connection, look.id, person.id)
            await reactions.add_bookmark(connection, look.id, person.id)
            await moderation.create_report(connection, look.id, person.id, reason=f"reason {word}")
        await follows.follow(connection, person.id, other.id)
        ticket = {"token_hash": sha256(word.encode()).digest(), "person_id": person.id, "expires_at": func.now()}
        await connection.execute(insert(schema.one_time_tokens).values(**ticket))
        action = {"action": ModerationAction.RESTORE, "look_id": with_images[1].id, "moderator_id": other.id}
        await connection.execute(insert(schema.moderation_log).values(**action))
        number = await inbox.insert(
            connection,
            Channel.TELEGRAM,
            f"update {word}",
            external_sender_id=f"telegram {word}",
            payload={"words": f"said {word}"},
        )
        assert number is not None
        await checkpoints.record(connection, number, "verdict", data=f"message {word}")
    return [*with_images, expired]


def unzip_files(reply: httpx.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reply.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


async def test_data_export_contains_all_own_data_and_none_of_others(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    jun = await add_person(resources)
    first = await add_look(resources, jun.id, shared=True)
    own_looks = await add_data_in_every_table(resources, mina, jun, "of-mina")
    other_looks = await add_data_in_every_table(resources, jun, mina, "of-jun")
    reply = await client.get("/me/data.zip")
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("application/zip", "no-store")
    assert 'attachment; filename="eva-' in reply.headers["content-disposition"]
    files = unzip_files(reply)
    rows = {name.removesuffix(".json"): json.loads(files[name]) for name in files if name.endswith(".json")}
    assert set(rows) == set(schema.metadata.tables) - {"daily_counts"}, "a table that is not in the download"
    assert not [name for name, table_rows in rows.items() if not table_rows], "a table without a row proves nothing"

    assert [row["id"] for row in rows["looks"]] == [str(look.id) for look in own_looks]
    first_row = rows["looks"][0]
    assert list(first_row["probabilities"]) == [str(style) for style in STYLES]
    assert first_row["probabilities"] == pytest.approx(
        {str(style): own_looks[0].verdict.probabilities[style] for style in STYLES}
    )
    assert first_row["guessed_style"] == "mode"
    whole = set(schema.looks.c.keys()) - {"person_id", "photo_key", "heatmap_key", "cam_columns"}
    assert set(first_row) == whole
    assert len(first_row["cam"]) * len(first_row["cam"][0]) == own_looks[0].verdict.cam.size
    assert set(rows["people"][0]) == set(schema.people.c.keys())
    assert [row["followers"] for row in rows["people"]] == [1]
    assert {row["subject"] for row in rows["identities"]} > {"telegram of-mina"}
    assert [row["look_id"] for row in rows["hearts"]] == [str(first.id)]
    assert [row["reason"] for row in rows["reports"]] == ["reason of-mina"]
    assert [row["name"] for row in rows["follows"]] == ["Jun"]
    assert rows["moderation_log"][0]["action"] == "restore"
    assert rows["inbox"][0]["payload"] == {"words": "said of-mina"}
    assert rows["job_checkpoints"][0]["data"] == "message of-mina"

    pictured = {f"pictures/{look.id}-{kind}.jpg": kind for look in own_looks[:2] for kind in ("photo", "heatmap")}
    assert {name for name in files if name.startswith("pictures/")} == set(pictured)
    assert {files[name] for name, kind in pictured.items() if kind == "photo"} == {b"photo"}
    assert {files[name] for name, kind in pictured.items() if kind == "heatmap"} == {b"cam"}
    assert files["README.txt"].decode().startswith(translate("me.data.readme.1", Language.EN))

    everything = b"".join(files.values()).decode()
    for private in (
        str(jun.id),
        "of-jun",
        *(str(look.id) for look in other_looks),
        *(look.photo_key or "" for look in own_looks[:2]),
    ):
        assert private not in everything


async def test_data_export_skips_images_deleted_meanwhile(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    await resources.storage.delete([look.photo_key or ""])
    files = unzip_files(await client.get("/me/data.zip"))
    assert [name for name in files if name.startswith("pictures/")] == [f"pictures/{look.id}-heatmap.jpg"]


async def test_data_export_fails_before_sending_without_storage(
    client: httpx.AsyncClient, resources: Resources, mina: Person, storage_folder: Path
) -> None:
    await add_look(resources, mina.id)
    storage_folder.rename(storage_folder.with_name("away"))
    assert (await client.get("/me/data.zip")).status_code == 503
    storage_folder.with_name("away").rename(storage_folder)
    assert (await client.get("/me/data.zip")).status_code == 200


async def test_account_is_erased_after_confirmation(
    client: httpx.AsyncClient, resources: Resources, mina: Person, storage_folder: Path
) -> None:
    await add_look(resources, mina.id)
    jun = await add_person(resources)
    page = await client.get("/me/forget")
    assert translate("me.forget.title", Language.EN) in page.text
    assert await get_person(resources, mina) is not None
    reply = await client.post("/me/forget")
    assert (reply.status_code, reply.headers["location"]) == (303, "/me/goodbye")
    removed = [cookie for cookie in reply.headers.get_list("set-cookie") if cookie.startswith(f'{VISITOR_COOKIE}="";')]
    assert len(removed) == 1
    assert "Max-Age=0" in removed[0]
    assert await get_person(resources, mina) is None
    assert await get_person(resources, jun) is not None
    assert not list(storage_folder.rglob("*.jpg"))
    assert translate("talk.forget.done", Language.EN) in page_text(await client.get("/me/goodbye"))
    assert translate("me.stranger.title", Language.EN) in (await client.get("/me")).text


async def test_account_is_not_erased_without_storage(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_look(resources, mina.id)

    async def away(keys: list[str]) -> None:
        raise StorageUnavailableError

    monkeypatch.setattr(resources.storage, "delete", away)
    reply = await client.post("/me/forget")
    assert reply.status_code == 503
    assert "set-cookie" not in reply.headers
    assert await get_person(resources, mina) is not None


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_account_pages_are_translated_and_not_cached(
    client: httpx.AsyncClient, resources: Resources, mina: Person, language: str
) -> None:
    look = await add_look(resources, mina.id)
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

"""What is made of a photo: made once, and gone with it, whatever happens at the same time."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, update

from bot.texts import Language
from core.db import looks, tables
from core.db.looks import Look
from core.derived import (
    CARD_LANGUAGES,
    THUMB_WIDTH,
    Derived,
    card_key,
    derived_keys,
    thumb_key,
    thumbnail,
)
from core.errors import PictureMissing
from core.ids import uuid7
from core.memory import Memory
from core.retention import delete_look, forget, sweep
from core.storage import is_key, new_key
from tests.integration.core.conftest import in_s3
from tests.integration.records import a_look, a_person, hide_look, with_pictures
from tests.pictures import encode, scene

PHOTO = encode(scene(800, 1200))


async def a_seen(memory: Memory) -> Look:
    async with memory.database.begin() as connection:
        person = await a_person(connection)
        look = await with_pictures(memory, await a_look(connection, person.id))
    await memory.storage.put(key_of(look), PHOTO)
    return look


def key_of(look: Look) -> str:
    assert look.photo_key is not None
    return look.photo_key


@pytest.fixture(params=["file", "s3"])
def memory(request: pytest.FixtureRequest, memory: Memory) -> Memory:
    """A memory whose pictures lie in a folder, and one whose pictures lie in S3."""
    if request.param == "file":
        return memory
    return replace(memory, storage=in_s3(request.getfixturevalue("s3")))


async def stored(memory: Memory, look: Look) -> int:
    """How many pictures there are of a look."""
    name = key_of(look).removesuffix(".jpg")
    cam = look.cam_key or ""
    folders = {name[:2], cam[:2]}
    listed = [each for folder in folders for each in memory.storage._store.list(folder).collect()]
    return len([each for each in listed if each["path"].startswith(name) or each["path"] == cam])


async def make_all(memory: Memory, look: Look) -> None:
    derived, photo = Derived(memory), key_of(look)
    for key in derived_keys(photo):
        await derived.get(key, thumbnail, look_id=look.id, photo_key=photo)


def test_all_keys_are_known_and_are_keys() -> None:
    photo = new_key()
    keys = derived_keys(photo)
    assert {thumb_key(photo), *(card_key(photo, each) for each in Language)} <= set(keys)
    assert set(CARD_LANGUAGES) == set(Language)
    assert all(is_key(key) for key in keys)
    assert len({photo, *keys}) == len(keys) + 1


def test_a_thumbnail_keeps_the_proportions() -> None:
    image = Image.open(BytesIO(thumbnail(PHOTO)))
    assert (image.format, image.size) == ("JPEG", (THUMB_WIDTH, 720))
    assert Image.open(BytesIO(thumbnail(encode(scene(1280, 100))))).size == (THUMB_WIDTH, 38)


async def test_many_ask_at_once_and_it_is_made_once(memory: Memory) -> None:
    look, made = await a_seen(memory), []
    derived, key = Derived(memory), thumb_key(key_of(look))

    def make(photo: bytes) -> bytes:
        made.append(photo)
        return b"thumb"

    asking = [derived.get(key, make, look_id=look.id, photo_key=key_of(look)) for _ in range(20)]
    assert set(await asyncio.gather(*asking)) == {b"thumb"}
    assert made == [PHOTO]
    assert await memory.storage.get(key) == b"thumb"


@pytest.mark.parametrize("way", ["delete", "hide", "forget", "sweep"])
async def test_it_goes_with_the_photo(memory: Memory, way: str) -> None:
    look = await a_seen(memory)
    await make_all(memory, look)
    assert await stored(memory, look) == 2 + len(derived_keys(key_of(look)))
    match way:
        case "delete":
            assert await delete_look(memory, look.id)
        case "hide":
            assert await hide_look(memory, look.id)
        case "forget":
            assert await forget(memory, look.person_id)
        case _:
            async with memory.database.begin() as connection:
                # Shared, and taken back.
                await looks.share(connection, look.id)
                await looks.unshare(connection, look.id)
                old = func.now() - timedelta(hours=25)
                await connection.execute(
                    update(tables.looks).where(tables.looks.c.id == look.id).values(created_at=old)
                )
            assert await sweep(memory) == 1
    assert await stored(memory, look) == 0


async def test_a_photo_that_goes_while_something_is_made_of_it_leaves_nothing(memory: Memory) -> None:
    look, begun, go_on = await a_seen(memory), threading.Event(), threading.Event()

    def make(photo: bytes) -> bytes:
        begun.set()
        assert go_on.wait(10)
        return photo

    key = thumb_key(key_of(look))
    asking = asyncio.create_task(Derived(memory).get(key, make, look_id=look.id, photo_key=key_of(look)))
    assert await asyncio.to_thread(begun.wait, 10)
    assert await delete_look(memory, look.id)
    go_on.set()
    with pytest.raises(PictureMissing):
        await asking
    assert await stored(memory, look) == 0


async def test_who_deletes_waits_for_what_is_just_being_stored(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    look, put = await a_seen(memory), memory.storage.put
    deleting = []

    async def put_while_it_is_deleted(key: str, picture: bytes) -> None:
        deleting.append(asyncio.create_task(delete_look(memory, look.id)))
        await asyncio.sleep(0.3)
        await put(key, picture)

    monkeypatch.setattr(memory.storage, "put", put_while_it_is_deleted)
    key = thumb_key(key_of(look))
    await Derived(memory).get(key, thumbnail, look_id=look.id, photo_key=key_of(look))
    assert await deleting[0]
    assert await stored(memory, look) == 0


async def test_nothing_is_made_for_another_look(memory: Memory) -> None:
    look, other = await a_seen(memory), await a_seen(memory)
    for owner in (other.id, uuid7()):
        with pytest.raises(PictureMissing):
            await Derived(memory).get(thumb_key(key_of(look)), thumbnail, look_id=owner, photo_key=key_of(look))
    with pytest.raises(PictureMissing):
        await memory.storage.get(thumb_key(key_of(look)))

"""Renditions are created once and deleted with their photo, also under concurrency."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, update
from uuid_utils.compat import uuid7

from core.db import looks, schema
from core.db.looks import Look
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language
from core.images.renditions import (
    THUMBNAIL_WIDTH,
    RenditionStore,
    make_thumbnail,
    rendition_keys,
    result_card_key,
    share_image_key,
    thumbnail_key,
)
from core.images.result_card import CardShape
from core.object_storage import generate_key, is_valid_key
from core.resources import Resources
from core.services.deletion import delete_look, delete_overdue_data, erase_person
from tests.factories import create_look, create_person, remove_look, store_images
from tests.images import encode_image, make_scene
from tests.integration.core.conftest import s3_storage

PHOTO = encode_image(make_scene(800, 1200))


async def create_shared_look(resources: Resources) -> Look:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        look = await store_images(resources, await create_look(connection, person.id))
    await resources.storage.put(photo_key_of(look), PHOTO)
    return look


def photo_key_of(look: Look) -> str:
    assert look.photo_key is not None
    return look.photo_key


@pytest.fixture(params=["file", "s3"])
def resources(request: pytest.FixtureRequest, resources: Resources) -> Resources:
    """Resources with local storage and with S3."""
    if request.param == "file":
        return resources
    return replace(resources, storage=s3_storage(request.getfixturevalue("s3")))


async def count_stored(resources: Resources, look: Look) -> int:
    """Number of stored images of a look."""
    name = photo_key_of(look).removesuffix(".jpg")
    heatmap = look.heatmap_key or ""
    folders = {name[:2], heatmap[:2]}
    paths = [item["path"] for folder in folders for item in resources.storage._store.list(folder).collect()]
    return len([path for path in paths if path.startswith(name) or path == heatmap])


async def create_all(resources: Resources, look: Look) -> None:
    store, photo = RenditionStore(resources), photo_key_of(look)
    for key in rendition_keys(photo):
        await store.get_or_create(key, make_thumbnail, look_id=look.id, photo_key=photo)


def test_rendition_keys_are_valid_and_complete() -> None:
    photo = generate_key()
    keys = rendition_keys(photo)
    assert {thumbnail_key(photo), *(share_image_key(photo, language) for language in Language)} <= set(keys)
    assert {result_card_key(photo, shape, language) for shape in CardShape for language in Language} <= set(keys)
    assert all(is_valid_key(key) for key in keys)
    assert len({photo, *keys}) == len(keys) + 1


def test_thumbnail_keeps_the_proportions() -> None:
    image = Image.open(BytesIO(make_thumbnail(PHOTO)))
    assert (image.format, image.size) == ("JPEG", (THUMBNAIL_WIDTH, 720))
    assert Image.open(BytesIO(make_thumbnail(encode_image(make_scene(1280, 100))))).size == (THUMBNAIL_WIDTH, 38)


def test_a_webp_thumbnail_is_smaller() -> None:
    webp = make_thumbnail(PHOTO, is_webp=True)
    image = Image.open(BytesIO(webp))
    assert (image.format, image.size) == ("WEBP", (THUMBNAIL_WIDTH, 720))
    assert len(webp) < 0.75 * len(make_thumbnail(PHOTO))


async def test_concurrent_requests_create_a_rendition_once(resources: Resources) -> None:
    look, made = await create_shared_look(resources), []
    store, key = RenditionStore(resources), thumbnail_key(photo_key_of(look))

    def make(photo: bytes) -> bytes:
        made.append(photo)
        return b"thumb"

    asking = [store.get_or_create(key, make, look_id=look.id, photo_key=photo_key_of(look)) for _ in range(20)]
    assert set(await asyncio.gather(*asking)) == {b"thumb"}
    assert made == [PHOTO]
    assert await resources.storage.get(key) == b"thumb"


@pytest.mark.parametrize("way", ["delete", "hide", "forget", "sweep"])
async def test_renditions_are_deleted_with_the_photo(resources: Resources, way: str) -> None:
    look = await create_shared_look(resources)
    await create_all(resources, look)
    assert await count_stored(resources, look) == 2 + len(rendition_keys(photo_key_of(look)))
    match way:
        case "delete":
            assert await delete_look(resources, look.id)
        case "hide":
            assert await remove_look(resources, look.id)
        case "forget":
            assert await erase_person(resources, look.person_id)
        case _:
            async with resources.database.transaction() as connection:
                # Shared, and taken back.
                await looks.share(connection, look.id)
                await looks.unshare(connection, look.id)
                old = func.now() - timedelta(hours=25)
                await connection.execute(
                    update(schema.looks).where(schema.looks.c.id == look.id).values(created_at=old)
                )
            assert await delete_overdue_data(resources) == 1
    assert await count_stored(resources, look) == 0


async def test_photo_deleted_during_creation_leaves_nothing(resources: Resources) -> None:
    look, begun, go_on = await create_shared_look(resources), threading.Event(), threading.Event()

    def make(photo: bytes) -> bytes:
        begun.set()
        assert go_on.wait(60)
        return photo

    key = thumbnail_key(photo_key_of(look))
    asking = asyncio.create_task(
        RenditionStore(resources).get_or_create(key, make, look_id=look.id, photo_key=photo_key_of(look))
    )
    assert await asyncio.to_thread(begun.wait, 60)
    assert await delete_look(resources, look.id)
    go_on.set()
    with pytest.raises(ObjectNotFoundError):
        await asking
    assert await count_stored(resources, look) == 0


async def test_deletion_waits_for_a_rendition_being_stored(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, put = await create_shared_look(resources), resources.storage.put
    deleting = []

    async def put_while_it_is_deleted(key: str, picture: bytes) -> None:
        deleting.append(asyncio.create_task(delete_look(resources, look.id)))
        await asyncio.sleep(0.3)
        await put(key, picture)

    monkeypatch.setattr(resources.storage, "put", put_while_it_is_deleted)
    key = thumbnail_key(photo_key_of(look))
    await RenditionStore(resources).get_or_create(key, make_thumbnail, look_id=look.id, photo_key=photo_key_of(look))
    assert await deleting[0]
    assert await count_stored(resources, look) == 0


async def test_rendition_of_another_look_is_refused(resources: Resources) -> None:
    look, other = await create_shared_look(resources), await create_shared_look(resources)
    for owner in (other.id, uuid7()):
        with pytest.raises(ObjectNotFoundError):
            await RenditionStore(resources).get_or_create(
                thumbnail_key(photo_key_of(look)), make_thumbnail, look_id=owner, photo_key=photo_key_of(look)
            )
    with pytest.raises(ObjectNotFoundError):
        await resources.storage.get(thumbnail_key(photo_key_of(look)))

"""Images are served only under signed URLs that are still valid."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from core.clothing import Item
from core.db import looks, moderation
from core.db.looks import Look
from core.i18n.translations import Language
from core.images.drawing import read_content_hash
from core.object_storage import generate_key
from core.resources import Resources
from core.services.heatmaps import encode_heatmap_jpeg
from core.settings import Settings
from core.styles import Style
from core.urls import signed_image_url
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from leaderboard_web.app import create_app
from leaderboard_web.urls import (
    private_image_url,
    private_thumbnail_url,
    public_image_urls,
)
from tests.factories import classify_with_attributes, create_look, create_person, end_images
from tests.harness import make_application
from tests.images import encode_image, make_scene

SETTINGS = Settings(public_url="http://eva")
JPEG = encode_image(make_scene(800, 1200))


@pytest.fixture
def client(resources: Resources) -> httpx.AsyncClient:
    classifier = StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)
    app = create_app(make_application(resources, classifier), samples=Path("nowhere"))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva")


async def add_stored_look(resources: Resources) -> Look:
    """A private look of a person, with both images in the storage."""
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id, width=800, height=1200)
    for key in (look.photo_key, look.heatmap_key):
        await resources.storage.put(key or "", JPEG)
    return look


async def test_signed_url_opens_only_its_image(client: httpx.AsyncClient, resources: Resources) -> None:
    look, other = [await add_stored_look(resources) for _ in range(2)]
    key = look.photo_key or ""
    url = signed_image_url(SETTINGS, resources.url_signer, look, key, timedelta(minutes=1))
    assert url is not None

    shown = await client.get(url)
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, JPEG, "image/jpeg")
    assert "private" in shown.headers["cache-control"]
    assert (await client.get(url.replace(key, other.photo_key or ""))).status_code == 403
    assert (await client.get(url.partition("?")[0])).status_code == 403


async def test_expired_url_is_refused(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_stored_look(resources)
    old = signed_image_url(SETTINGS, resources.url_signer, look, look.photo_key or "", timedelta(seconds=-5))
    assert old is not None
    assert (await client.get(old)).status_code == 403


async def test_public_url_works_only_while_the_look_is_public(client: httpx.AsyncClient, resources: Resources) -> None:
    async def opened(url: str | None) -> int:
        assert url is not None
        return (await client.get(url)).status_code

    async with resources.database.transaction() as connection:
        owner = (await create_person(connection)).id
        look, other = [await create_look(connection, owner, width=800, height=1200) for _ in range(2)]
        for some_look in (look, other):
            assert await looks.share(connection, some_look.id)
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    for some_look in (look, other):
        await resources.storage.put(some_look.photo_key or "", JPEG)
    await resources.storage.put(look.heatmap_key, JPEG)
    links = resources.url_signer
    shared = public_image_urls(look, look.language)
    public_urls = [shared.photo, shared.heatmap, shared.thumbnail]
    private_urls = [
        *(private_image_url(links, look, key) for key in (look.photo_key, look.heatmap_key)),
        private_thumbnail_url(links, look),
    ]
    assert [await opened(url) for url in public_urls + private_urls] == [200] * 6
    for url in public_urls + private_urls:
        headers = (await client.get(url or "")).headers
        assert headers["cache-control"].startswith("private"), "no shared cache shows a picture that was taken back"
        assert headers["x-robots-tag"] == "noindex", "no search engine keeps one"
    for accepted, media_type in (("image/avif,image/webp,*/*", "image/webp"), ("*/*", "image/jpeg")):
        answer = await client.get(shared.photo, headers={"Accept": accepted})
        with Image.open(BytesIO(answer.content)) as image, Image.open(BytesIO(JPEG)) as stored:
            assert (answer.headers["content-type"], image.size) == (media_type, stored.size)
        assert answer.headers["vary"] == "Accept"

    assert await opened(f"/pictures/{look.photo_key}") == 403, "private URLs are signed"
    for path in ("", "photo/", "thumb/"):
        assert await opened(f"/shared/{other.id}/{path}{look.photo_key}") == 404, "an image of another look"
        assert await opened(f"/shared/{look.id}/{path}%00/{generate_key()}") == 404
        assert await opened(f"/shared/{look.id}/{path}{look.heatmap_key}") == (404 if path else 200)
    for count in range(3):
        assert [await opened(url) for url in public_urls] == [200] * 3, count
        async with resources.database.transaction() as connection:
            await moderation.create_report(connection, look.id, (await create_person(connection)).id)
    assert [await opened(url) for url in public_urls] == [404] * 3, "suspended"
    async with resources.database.transaction() as connection:
        await moderation.release(connection, look.id, is_owner_banned=False)
    assert [await opened(url) for url in public_urls] == [200] * 3, "restored by a moderator"
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    assert [await opened(url) for url in public_urls] == [404] * 3, "unshared"
    assert [await opened(url) for url in private_urls] == [200] * 3, "private URLs of the owner keep working"
    assert await opened(f"/shared/1/{look.photo_key}?t=1") == 404


async def test_deleted_image_is_not_found(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_stored_look(resources)
    urls = [
        signed_image_url(SETTINGS, resources.url_signer, look, key, timedelta(minutes=1)) or ""
        for key in (look.photo_key or "", generate_key())
    ]
    await resources.storage.delete([look.photo_key or ""])
    assert [(await client.get(url)).status_code for url in urls] == [404, 404]


async def test_private_images_end_when_promised_although_no_worker_deletes_them(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    look = await add_stored_look(resources)
    links, url_names = resources.url_signer, ("photo", "heatmap", "thumbnail", "messenger")
    keys = look.photo_key or "", look.heatmap_key or ""
    assert look.shared_at is None
    # As a link looks that was signed while the look was shared.
    token = [links.sign(key, timedelta(days=1)) for key in keys]
    urls = dict(
        zip(
            url_names,
            (
                f"/pictures/{keys[0]}?t={token[0]}",
                f"/pictures/{keys[1]}?t={token[1]}",
                f"/thumbs/{look.id}/{keys[0]}?t={token[0]}",
                signed_image_url(SETTINGS, links, look, keys[0], timedelta(days=1)) or "",
            ),
            strict=True,
        )
    )
    assert {name: (await client.get(url)).status_code for name, url in urls.items()} == dict.fromkeys(url_names, 200)

    await end_images(resources, look, timedelta(seconds=1))

    assert {name: (await client.get(url)).status_code for name, url in urls.items()} == dict.fromkeys(url_names, 404)
    assert await resources.storage.get(keys[0]), "nothing has deleted the file"


async def test_signed_urls_of_a_private_look_expire_with_its_images(resources: Resources) -> None:
    look = await add_stored_look(resources)
    urls = (
        private_image_url(resources.url_signer, look, look.photo_key or ""),
        private_thumbnail_url(resources.url_signer, look) or "",
        signed_image_url(SETTINGS, resources.url_signer, look, look.heatmap_key or "", timedelta(days=7)) or "",
    )
    for url in urls:
        expires = int(url.partition("?t=")[2].partition(".")[0], 16)
        assert expires == int(look.images_end_at.timestamp()), url


@pytest.mark.parametrize("key", ["../secret.key", "ab/%2e%2e/secret", "00"])
async def test_other_files_are_unreachable(client: httpx.AsyncClient, resources: Resources, key: str) -> None:
    token = resources.url_signer.sign(key, timedelta(minutes=1))
    assert (await client.get(f"/pictures/{key}", params={"t": token})).status_code in {403, 404}


async def test_signed_image_url_needs_a_public_url(resources: Resources) -> None:
    look = await add_stored_look(resources)
    assert signed_image_url(Settings(), resources.url_signer, look, generate_key(), timedelta(minutes=1)) is None


async def test_public_heatmap_has_its_tags_in_the_language_of_the_page(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    verdict = classify_with_attributes(Style.STREET, {Item.BOOTS: 0.9}, peaks={Item.BOOTS: (0.9, 0.5)})
    async with resources.database.transaction() as connection:
        owner = (await create_person(connection)).id
        look = await create_look(connection, owner, width=800, height=1200, verdict=verdict)
        assert await looks.share(connection, look.id)
    other = next(language for language in Language if language is not look.language)
    await resources.storage.put(look.photo_key or "", JPEG)
    for key in (look.heatmap_key or "", corrected_key := generate_key()):
        await resources.storage.put(key, f"heatmap {key}".encode())

    async def fetch(key: str | None, language: Language) -> bytes:
        response = await client.get(public_image_urls(replace(look, heatmap_key=key), language).heatmap)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")
        return response.content

    assert await fetch(look.heatmap_key, look.language) == f"heatmap {look.heatmap_key}".encode()
    translated = await fetch(look.heatmap_key, other)
    photo = Image.open(BytesIO(JPEG))
    drawn = encode_heatmap_jpeg(photo, look.verdict, other, comment=look.heatmap_key or "")
    assert translated == drawn
    assert translated == await fetch(look.heatmap_key, other)
    async with resources.database.transaction() as connection:
        await looks.update_where(connection, look.id, heatmap_key=corrected_key)
    assert read_content_hash(await fetch(corrected_key, other)) == corrected_key, "drawn again after a correction"
    assert (await client.get(public_image_urls(look, other).heatmap)).status_code == 404

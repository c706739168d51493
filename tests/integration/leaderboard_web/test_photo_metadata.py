"""Nothing of a photo but its pixels is stored or shown: no place, camera, description or color profile."""

import io
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import select

from core.db import looks, people, schema
from core.db.look_summaries import LOOK_COLUMNS
from core.resources import Resources
from leaderboard_web.urls import private_image_url, private_thumbnail_url, public_image_urls
from tests.harness import serve_on_free_port
from tests.images import encode_image, make_scene, phone_exif
from tests.integration.leaderboard_web.chat.conftest import create_site

SECRET = b"SecretOfTheCamera"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + SECRET + b"</x:xmpmeta>"
NAMES = (SECRET, b"PhoneOfNobody", b"Exif\0\0", b"ICC_PROFILE", b"http://ns.adobe.com")
SCENE = make_scene(800, 1000)


def _png() -> bytes:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", SECRET.decode())
    chunks.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return encode_image(SCENE, "PNG", pnginfo=chunks, exif=phone_exif())


PHOTOS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encode_image(SCENE, exif=phone_exif(), comment=SECRET, icc_profile=SECRET * 9, xmp=XMP),
    "PNG": _png,
    "WEBP": lambda: encode_image(SCENE, "WEBP", exif=phone_exif(), xmp=XMP),
    "GIF": lambda: encode_image(SCENE.convert("P"), "GIF", comment=SECRET),
    "TIFF": lambda: encode_image(SCENE, "TIFF", description=SECRET.decode(), exif=phone_exif()),
    "HEIF": lambda: encode_image(SCENE, "HEIF", exif=phone_exif(), xmp=XMP),
    "AVIF": lambda: encode_image(SCENE, "AVIF", exif=phone_exif(), xmp=XMP),
}


@pytest.mark.parametrize("form", list(PHOTOS))
async def test_every_image_of_a_look_is_without_metadata(
    form: str, resources: Resources, samples: Path, storage_folder: Path
) -> None:
    data = PHOTOS[form]()
    assert SECRET in data or b"PhoneOfNobody" in data, "the photo has metadata"
    async with (
        serve_on_free_port(create_site(resources, samples)) as address,
        httpx.AsyncClient(base_url=address, headers={"Accept-Language": "en"}, timeout=60) as client,
    ):
        sent = await client.post("/try", files={"photo": (f"{SECRET.decode()}.{form}", data)})
        assert sent.status_code == 303, sent.text
        async with resources.database.transaction() as connection:
            look = looks.to_look((await connection.execute(select(*LOOK_COLUMNS))).one())
            await people.update_display_name(connection, look.person_id, "Mina")
            assert await looks.share(connection, look.id)
        assert look.photo_key is not None
        assert look.heatmap_key is not None
        links = resources.url_signer
        public_images = public_image_urls(look, look.language)
        urls = [
            *(private_image_url(links, look, key) for key in (look.photo_key, look.heatmap_key)),
            private_thumbnail_url(links, look),
            public_images.photo,
            public_images.heatmap,
            public_images.thumbnail,
            *(f"/looks/{look.id}/card-{language}-1.jpg" for language in ("ko", "en")),
        ]
        for url in urls:
            assert url is not None
            image = await client.get(url)
            assert image.status_code == 200, url
            _expect_pixels_only(image.content, url)
        judged = await client.post("/api/judge", files={"photo": (SECRET.decode(), data)}, data={"echo": "1"})
        assert SECRET.decode() not in judged.text
    files = [path for path in storage_folder.rglob("*") if path.is_file()]
    assert len(files) >= 5, "photo, heatmap, thumbnail and two share images"
    for path in files:
        _expect_pixels_only(path.read_bytes(), path.name)
        assert SECRET.decode() not in str(path)
    async with resources.database.transaction() as connection:
        for table in (schema.looks, schema.people):
            assert SECRET.decode() not in str((await connection.execute(select(table))).all())


def _expect_pixels_only(data: bytes, what: str) -> None:
    assert not [name for name in NAMES if name in data], what
    with Image.open(io.BytesIO(data)) as image:
        assert not image.getexif(), what
        # Share images hold the hash of their text as a comment.
        assert set(image.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "comment",
            "progressive",
            "progression",
        }, what

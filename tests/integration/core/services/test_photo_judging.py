"""The way of a photo into resources, whole and cut short."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.db import look_images, looks, people
from core.db.schema import Channel
from core.errors import LookNotFoundError, PersonNotFoundError, PhotoError, StorageUnavailableError
from core.resources import Resources
from core.services.photo_judging import JudgedPhoto, PhotoJudgingService
from core.styles import Style
from core.uuid7 import uuid7
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.factories import create_person, make_photo
from tests.images import encode_image, make_quadrants, phone_exif


class Eyes:
    """An Eva who sees the styles in their order, one after the other, and counts how often she looked."""

    def __init__(self) -> None:
        self.looked = 0

    def __call__(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        self.looked += 1
        return make_outputs(list(Style)[self.looked % 8])


@pytest.fixture
def eyes() -> Eyes:
    return Eyes()


@pytest.fixture
def judging(resources: Resources, eyes: Eyes) -> PhotoJudgingService:
    return PhotoJudgingService(resources, StyleClassifier(FakeBackend(eyes), FAKE_MODEL_CARD))


@pytest.fixture
async def person(resources: Resources) -> UUID:
    async with resources.database.transaction() as connection:
        return (await create_person(connection)).id


def files(storage_folder: Path) -> list[Path]:
    return [path for path in storage_folder.rglob("*") if path.is_file()]


async def ask(judging: PhotoJudgingService, person: UUID, data: bytes, source: str = "1") -> JudgedPhoto:
    return await judging.judge_photo(
        data, person_id=person, channel=Channel.WEB, source_message_id=source, language="ko"
    )


async def test_a_photo_becomes_a_private_look_with_two_pictures(
    judging: PhotoJudgingService, resources: Resources, person: UUID, storage_folder: Path
) -> None:
    judged = await ask(judging, person, encode_image(make_quadrants(120, 160), exif=phone_exif(1)))
    look = judged.look
    assert not judged.is_duplicate
    assert (look.person_id, look.channel, look.shared_at, look.language) == (person, Channel.WEB, None, "ko")
    assert (look.width, look.height) == (120, 160)
    assert look.images_stored_at is not None
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    photo = await resources.storage.get(look.photo_key)
    for data in (photo, await resources.storage.get(look.heatmap_key)):
        with Image.open(io.BytesIO(data)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (120, 160))
    assert b"PhoneOfNobody" not in photo
    assert len(files(storage_folder)) == 2
    assert str(person) not in look.photo_key


async def test_the_same_message_is_judged_once(
    judging: PhotoJudgingService, person: UUID, eyes: Eyes, storage_folder: Path
) -> None:
    first = await ask(judging, person, make_photo())
    again = await ask(judging, person, make_photo())
    assert (again.look.id, again.look.verdict.style, again.is_duplicate) == (
        first.look.id,
        first.look.verdict.style,
        False,
    )
    assert eyes.looked == 1
    assert len(files(storage_folder)) == 2


async def test_the_same_photo_in_another_message_is_answered_from_memory(
    judging: PhotoJudgingService, resources: Resources, person: UUID, eyes: Eyes
) -> None:
    first = await ask(judging, person, make_photo(), "1")
    again = await ask(judging, person, make_photo(quality=60), "2")
    assert (again.look.id, again.is_duplicate) == (first.look.id, True)
    other = await ask(judging, person, make_photo(seed=1), "3")
    assert (other.look.id != first.look.id, other.is_duplicate) == (True, False)
    async with resources.database.transaction() as connection:
        friend = (await create_person(connection)).id
    assert not (await ask(judging, friend, make_photo(), "4")).is_duplicate
    assert eyes.looked == 3


async def test_a_photo_whose_pictures_are_gone_is_judged_again(
    judging: PhotoJudgingService, resources: Resources, person: UUID
) -> None:
    first = await ask(judging, person, make_photo(), "1")
    async with resources.database.transaction() as connection:
        await look_images.clear_image_keys(connection, [first.look.id])
    again = await ask(judging, person, make_photo(), "2")
    assert not again.is_duplicate
    assert again.look.id != first.look.id


async def test_cut_short_before_the_pictures_it_goes_on_with_the_same_verdict(
    judging: PhotoJudgingService, resources: Resources, person: UUID, eyes: Eyes, storage_folder: Path
) -> None:
    storage_folder.rename(storage_folder.with_name("away"))
    storage_folder.write_bytes(b"a file where the folder was")
    with pytest.raises(StorageUnavailableError):
        await ask(judging, person, make_photo())
    async with resources.database.transaction() as connection:
        begun = await looks.get_by_source(connection, person, "1")
        assert begun is not None
        assert begun.images_stored_at is None
        assert not await looks.share(connection, begun.id)
    storage_folder.unlink()
    storage_folder.with_name("away").rename(storage_folder)
    done = await ask(judging, person, make_photo())
    assert (done.look.id, done.look.verdict.style, done.look.photo_key) == (
        begun.id,
        begun.verdict.style,
        begun.photo_key,
    )
    assert done.look.images_stored_at is not None
    assert eyes.looked == 1
    assert len(files(storage_folder)) == 2


async def test_pictures_of_a_look_that_went_meanwhile_do_not_stay(
    judging: PhotoJudgingService,
    resources: Resources,
    person: UUID,
    storage_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = resources.storage.put

    async def put_and_forget(key: str, picture: bytes) -> None:
        await put(key, picture)
        async with resources.database.transaction() as connection:
            await people.delete_person(connection, person)

    monkeypatch.setattr(resources.storage, "put", put_and_forget)
    with pytest.raises(LookNotFoundError):
        await ask(judging, person, make_photo())
    assert files(storage_folder) == []


@pytest.mark.parametrize(
    ("data", "kind"), [(b"no picture", PhotoError), (make_photo()[:-200] + b"\xff" * 9, PhotoError)]
)
async def test_bad_photos_leave_nothing(
    judging: PhotoJudgingService,
    resources: Resources,
    person: UUID,
    storage_folder: Path,
    data: bytes,
    kind: type[PhotoError],
) -> None:
    with pytest.raises(kind):
        await ask(judging, person, data)
    async with resources.database.transaction() as connection:
        assert await looks.list_for_person(connection, person, limit=9) == []
    assert files(storage_folder) == []


async def test_nobody_has_no_looks(judging: PhotoJudgingService, storage_folder: Path) -> None:
    with pytest.raises(PersonNotFoundError):
        await ask(judging, uuid7(), make_photo())
    assert files(storage_folder) == []

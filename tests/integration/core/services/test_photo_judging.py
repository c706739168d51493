"""Judging and storing photos, complete and interrupted."""

import asyncio
import io
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from prometheus_client import REGISTRY
from sqlalchemy import select
from uuid_utils.compat import uuid7

from core.clothing import Item
from core.db import look_images, looks, people, schema, submissions
from core.db.schema import Channel
from core.errors import (
    DailyLimitError,
    DatabaseUnavailableError,
    LookNotFoundError,
    NotAnImageError,
    PersonNotFoundError,
    PhotoError,
    StorageUnavailableError,
)
from core.i18n.translations import Language
from core.images.decoding import decode_photo
from core.resources import Resources
from core.services.deletion import delete_look, erase_person
from core.services.heatmaps import encode_heatmap_jpeg, make_tags
from core.services.photo_judging import JudgedPhoto, PhotoJudgingService, PhotoSource
from core.styles import Style
from core.vision.backends import ModelOutputs
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FAKE_MODEL_CARD, FakeBackend, add_attributes, make_outputs
from core.vision.verdict import ConfidenceBand
from tests.factories import count_stored_files, create_person, make_photo
from tests.images import encode_image, make_quadrants, phone_exif


class CountingModel:
    """Returns the styles in order and counts the forward passes."""

    def __init__(self) -> None:
        self.passes = 0

    def __call__(self, pixels: NDArray[np.uint8]) -> ModelOutputs:
        self.passes += 1
        return make_outputs(list(Style)[self.passes % 8])


@pytest.fixture
def model() -> CountingModel:
    return CountingModel()


@pytest.fixture
def judging(resources: Resources, model: CountingModel) -> PhotoJudgingService:
    return PhotoJudgingService(resources, StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD))


@pytest.fixture
async def person(resources: Resources) -> UUID:
    async with resources.database.transaction() as connection:
        return (await create_person(connection)).id


async def judge(judging: PhotoJudgingService, person: UUID, data: bytes, source: str = "1") -> JudgedPhoto:
    photo_source = PhotoSource(person_id=person, channel=Channel.WEB, message_id=source, language=Language.KO)
    return await judging.judge_photo(data, photo_source)


async def test_photo_becomes_a_private_look_with_two_images(
    judging: PhotoJudgingService, resources: Resources, person: UUID, storage_folder: Path
) -> None:
    judged = await judge(judging, person, encode_image(make_quadrants(120, 160), exif=phone_exif(1)))
    look = judged.look
    assert not judged.is_duplicate
    assert (look.person_id, look.channel, look.shared_at, look.language) == (person, Channel.WEB, None, "ko")
    assert (look.width, look.height) == (120, 160)
    assert look.images_stored_at is not None
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    photo = await resources.storage.get(look.photo_key)
    for data in (photo, await resources.storage.get(look.heatmap_key)):
        with Image.open(io.BytesIO(data)) as stored:
            assert (stored.format, stored.size) == ("JPEG", (120, 160))
    assert judged.heatmap == await resources.storage.get(look.heatmap_key)
    assert b"PhoneOfNobody" not in photo
    assert count_stored_files(storage_folder) == 2
    assert str(person) not in look.photo_key


async def test_one_message_is_judged_once(
    judging: PhotoJudgingService, person: UUID, model: CountingModel, storage_folder: Path
) -> None:
    first = await judge(judging, person, make_photo())
    again = await judge(judging, person, make_photo())
    assert (again.look.id, again.look.verdict.style, again.is_duplicate) == (
        first.look.id,
        first.look.verdict.style,
        False,
    )
    assert model.passes == 1
    assert count_stored_files(storage_folder) == 2


async def test_same_photo_in_another_message_is_a_duplicate(
    judging: PhotoJudgingService, resources: Resources, person: UUID, model: CountingModel
) -> None:
    first = await judge(judging, person, make_photo(), "1")
    again = await judge(judging, person, make_photo(quality=60), "2")
    assert (again.look.id, again.is_duplicate, again.heatmap) == (first.look.id, True, None)
    other = await judge(judging, person, make_photo(seed=1), "3")
    assert (other.look.id != first.look.id, other.is_duplicate) == (True, False)
    async with resources.database.transaction() as connection:
        friend = (await create_person(connection)).id
    assert not (await judge(judging, friend, make_photo(), "4")).is_duplicate
    assert model.passes == 3


async def test_the_outcome_of_a_photo_is_counted_once(judging: PhotoJudgingService, person: UUID) -> None:
    def count(outcome: str) -> float:
        return REGISTRY.get_sample_value("eva_photos_total", {"channel": "web", "outcome": outcome}) or 0

    outcomes = (ConfidenceBand.CLEAR, "remembered", "NotAnImageError")
    before = [count(outcome) for outcome in outcomes]
    for source in ("1", "1", "2"):
        assert (await judge(judging, person, make_photo(), source)).look.verdict.band is ConfidenceBand.CLEAR
    with pytest.raises(NotAnImageError):
        await judge(judging, person, b"no image", "3")
    assert [count(outcome) for outcome in outcomes] == [number + 1 for number in before]


async def test_photo_whose_images_were_deleted_is_judged_again(
    judging: PhotoJudgingService, resources: Resources, person: UUID
) -> None:
    first = await judge(judging, person, make_photo(), "1")
    async with resources.database.transaction() as connection:
        await look_images.clear_image_keys(connection, [first.look.id])
    again = await judge(judging, person, make_photo(), "2")
    assert not again.is_duplicate
    assert again.look.id != first.look.id


async def test_attempt_after_a_storage_failure_continues_with_the_same_verdict(
    judging: PhotoJudgingService, resources: Resources, person: UUID, model: CountingModel, storage_folder: Path
) -> None:
    storage_folder.rename(storage_folder.with_name("away"))
    storage_folder.write_bytes(b"a file instead of the directory")
    with pytest.raises(StorageUnavailableError):
        await judge(judging, person, make_photo())
    async with resources.database.transaction() as connection:
        unfinished = await looks.get_by_source(connection, person, "1")
        assert unfinished is not None
        assert unfinished.images_stored_at is None
        assert not await looks.share(connection, unfinished.id)
    storage_folder.unlink()
    storage_folder.with_name("away").rename(storage_folder)
    done = await judge(judging, person, make_photo())
    assert (done.look.id, done.look.verdict.style, done.look.photo_key) == (
        unfinished.id,
        unfinished.verdict.style,
        unfinished.photo_key,
    )
    assert done.look.images_stored_at is not None
    assert model.passes == 1
    assert count_stored_files(storage_folder) == 2


async def test_images_of_a_look_that_was_deleted_meanwhile_are_deleted(
    judging: PhotoJudgingService,
    resources: Resources,
    person: UUID,
    storage_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = resources.storage.put

    async def put_and_erase(key: str, image: bytes) -> None:
        await put(key, image)
        async with resources.database.transaction() as connection:
            await people.delete_person(connection, person)

    monkeypatch.setattr(resources.storage, "put", put_and_erase)
    with pytest.raises(LookNotFoundError):
        await judge(judging, person, make_photo())
    assert count_stored_files(storage_folder) == 0


@pytest.mark.parametrize(("data", "kind"), [(b"no image", PhotoError), (make_photo()[:-200] + b"\xff" * 9, PhotoError)])
async def test_invalid_photos_store_nothing(
    judging: PhotoJudgingService,
    resources: Resources,
    person: UUID,
    storage_folder: Path,
    data: bytes,
    kind: type[PhotoError],
) -> None:
    with pytest.raises(kind):
        await judge(judging, person, data)
    async with resources.database.transaction() as connection:
        assert await looks.list_for_person(connection, person, limit=9) == []
    assert count_stored_files(storage_folder) == 0


async def test_unknown_person_stores_nothing(judging: PhotoJudgingService, storage_folder: Path) -> None:
    with pytest.raises(PersonNotFoundError):
        await judge(judging, uuid7(), make_photo())
    assert count_stored_files(storage_folder) == 0


async def test_photos_that_are_not_stored_are_limited_in_all_processes_together(
    resources: Resources, model: CountingModel
) -> None:
    classifier = StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD)
    processes = [PhotoJudgingService(resources, classifier, daily_limit=2) for _ in range(2)]

    async def ask(turn: int, request_id: str, *, asked_by: str = "42", data: bytes = make_photo()) -> None:
        await processes[turn % 2].judge_unstored_photo(
            data, channel=Channel.TELEGRAM, asked_by=asked_by, request_id=request_id, language=Language.EN
        )

    with pytest.raises(PhotoError):
        await ask(0, "0", data=b"no image")
    for turn in range(4):
        await ask(turn, "1")  # a job and its retries
    await ask(1, "2")
    for turn in range(2):
        with pytest.raises(DailyLimitError, match="2"):
            await ask(turn, "3")
    await ask(0, "4", asked_by="43")
    assert model.passes == 6
    async with resources.database.connection() as connection:
        keys = (await connection.execute(select(schema.rate_limits.c.key))).scalars().all()
    assert {len(key) for key in keys} == {32}, "only signatures are stored"


async def test_photo_whose_look_cannot_be_stored_is_not_counted(
    resources: Resources, model: CountingModel, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging = PhotoJudgingService(resources, StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD), daily_limit=2)

    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(submissions, "create", fail)
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError):
                await judge(judging, person, make_photo(), "one message")
    await judge(judging, person, make_photo(), "one message")
    await judge(judging, person, make_photo(1), "another")
    with pytest.raises(DailyLimitError):
        await judge(judging, person, make_photo(2), "a third")


async def test_no_count_of_an_erased_person_is_left(resources: Resources, model: CountingModel) -> None:
    judging = PhotoJudgingService(resources, StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD), daily_limit=2)
    with pytest.raises(PersonNotFoundError):
        await judge(judging, uuid7(), make_photo())
    async with resources.database.connection() as connection:
        assert (await connection.execute(select(schema.rate_limits.c.key))).all() == []


async def test_limit_of_a_day_counts_photos_that_are_judged(
    resources: Resources, model: CountingModel, person: UUID
) -> None:
    classifier = StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD)
    processes = [PhotoJudgingService(resources, classifier, daily_limit=3) for _ in range(2)]
    first = await judge(processes[0], person, make_photo(0))
    assert (await judge(processes[0], person, make_photo(0))).look.id == first.look.id
    assert (await judge(processes[1], person, make_photo(0), "again")).is_duplicate
    for _ in range(3):
        with pytest.raises(PhotoError):
            await judge(processes[0], person, b"no image", "broken")
    assert await delete_look(resources, first.look.id)
    at_once = await asyncio.gather(
        *(judge(processes[seed % 2], person, make_photo(seed), f"{seed}") for seed in range(2, 7)),
        return_exceptions=True,
    )
    assert [type(result) for result in at_once if isinstance(result, Exception)] == [DailyLimitError] * 3
    assert model.passes == 3
    assert await erase_person(resources, person)
    async with resources.database.connection() as connection:
        assert (await connection.execute(select(schema.rate_limits))).all() == []


async def test_a_count_that_cannot_be_taken_back_hides_no_error(
    resources: Resources, model: CountingModel, person: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(submissions, "uncount_photo", fail)
    judging = PhotoJudgingService(resources, StyleClassifier(FakeBackend(model), FAKE_MODEL_CARD), daily_limit=3)
    with pytest.raises(PhotoError):
        await judge(judging, person, b"no image")


async def test_pictures_of_photos_that_are_not_stored_have_tags(resources: Resources) -> None:
    outputs = add_attributes(make_outputs(Style.STREET), {Item.JACKET: 0.9})
    service = PhotoJudgingService(resources, StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD))
    data, heatmaps = make_photo(), []
    for language in Language:
        judged = await service.judge_unstored_photo(
            data, channel=Channel.TELEGRAM, asked_by="42", request_id="1", language=language
        )
        assert len(make_tags(judged.verdict, language)) == 1
        assert judged.heatmap == encode_heatmap_jpeg(decode_photo(data), judged.verdict, language)
        heatmaps.append(judged.heatmap)
    assert heatmaps[0] != heatmaps[1]

"""The way of a photo into memory, whole and cut short."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from PIL import Image

from core.db import looks, people, pictures
from core.db.tables import Channel
from core.errors import LookGone, PersonGone, PhotoError, StorageUnavailable
from core.ids import uuid7
from core.judging import Judged, Judging
from core.memory import Memory
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from tests.integration.records import a_person, a_photo
from tests.pictures import corners, encode, exif

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.vision.engines import Outputs


class Eyes:
    """An Eva who sees the styles in their order, one after the other, and counts how often she looked."""

    def __init__(self) -> None:
        self.looked = 0

    def __call__(self, pixels: NDArray[np.uint8]) -> Outputs:
        self.looked += 1
        return scripted_outputs(list(Style)[self.looked % 8])


@pytest.fixture
def eyes() -> Eyes:
    return Eyes()


@pytest.fixture
def judging(memory: Memory, eyes: Eyes) -> Judging:
    return Judging(memory, StyleClassifier(ScriptedEngine(eyes), SCRIPTED_CARD))


@pytest.fixture
async def person(memory: Memory) -> UUID:
    async with memory.database.begin() as connection:
        return (await a_person(connection)).id


def files(pictures: Path) -> list[Path]:
    return [path for path in pictures.rglob("*") if path.is_file()]


async def ask(judging: Judging, person: UUID, data: bytes, source: str = "1") -> Judged:
    return await judging.judge(data, person_id=person, channel=Channel.WEB, source=source, language="ko")


async def test_a_photo_becomes_a_private_look_with_two_pictures(
    judging: Judging, memory: Memory, person: UUID, pictures: Path
) -> None:
    judged = await ask(judging, person, encode(corners(120, 160), exif=exif(1)))
    look = judged.look
    assert not judged.known
    assert (look.person_id, look.channel, look.shared_at, look.language) == (person, Channel.WEB, None, "ko")
    assert (look.width, look.height) == (120, 160)
    assert look.stored_at is not None
    assert look.photo_key is not None
    assert look.cam_key is not None
    photo = await memory.storage.get(look.photo_key)
    for data in (photo, await memory.storage.get(look.cam_key)):
        with Image.open(io.BytesIO(data)) as picture:
            assert (picture.format, picture.size) == ("JPEG", (120, 160))
    assert b"PhoneOfNobody" not in photo
    assert len(files(pictures)) == 2
    assert str(person) not in look.photo_key


async def test_the_same_message_is_judged_once(judging: Judging, person: UUID, eyes: Eyes, pictures: Path) -> None:
    first = await ask(judging, person, a_photo())
    again = await ask(judging, person, a_photo())
    assert (again.look.id, again.look.verdict.style, again.known) == (first.look.id, first.look.verdict.style, False)
    assert eyes.looked == 1
    assert len(files(pictures)) == 2


async def test_the_same_photo_in_another_message_is_answered_from_memory(
    judging: Judging, memory: Memory, person: UUID, eyes: Eyes
) -> None:
    first = await ask(judging, person, a_photo(), "1")
    again = await ask(judging, person, a_photo(quality=60), "2")
    assert (again.look.id, again.known) == (first.look.id, True)
    other = await ask(judging, person, a_photo(seed=1), "3")
    assert (other.look.id != first.look.id, other.known) == (True, False)
    async with memory.database.begin() as connection:
        friend = (await a_person(connection)).id
    assert not (await ask(judging, friend, a_photo(), "4")).known
    assert eyes.looked == 3


async def test_a_photo_whose_pictures_are_gone_is_judged_again(judging: Judging, memory: Memory, person: UUID) -> None:
    first = await ask(judging, person, a_photo(), "1")
    async with memory.database.begin() as connection:
        await pictures.forget(connection, [first.look.id])
    again = await ask(judging, person, a_photo(), "2")
    assert not again.known
    assert again.look.id != first.look.id


async def test_cut_short_before_the_pictures_it_goes_on_with_the_same_verdict(
    judging: Judging, memory: Memory, person: UUID, eyes: Eyes, pictures: Path
) -> None:
    pictures.rename(pictures.with_name("away"))
    pictures.write_bytes(b"a file where the folder was")
    with pytest.raises(StorageUnavailable):
        await ask(judging, person, a_photo())
    async with memory.database.begin() as connection:
        begun = await looks.by_source(connection, person, "1")
        assert begun is not None
        assert begun.stored_at is None
        assert not await looks.share(connection, begun.id)
    pictures.unlink()
    pictures.with_name("away").rename(pictures)
    done = await ask(judging, person, a_photo())
    assert (done.look.id, done.look.verdict.style, done.look.photo_key) == (
        begun.id,
        begun.verdict.style,
        begun.photo_key,
    )
    assert done.look.stored_at is not None
    assert eyes.looked == 1
    assert len(files(pictures)) == 2


async def test_pictures_of_a_look_that_went_meanwhile_do_not_stay(
    judging: Judging, memory: Memory, person: UUID, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = memory.storage.put

    async def put_and_forget(key: str, picture: bytes) -> None:
        await put(key, picture)
        async with memory.database.begin() as connection:
            await people.remove(connection, person)

    monkeypatch.setattr(memory.storage, "put", put_and_forget)
    with pytest.raises(LookGone):
        await ask(judging, person, a_photo())
    assert files(pictures) == []


@pytest.mark.parametrize(("data", "kind"), [(b"no picture", PhotoError), (a_photo()[:-200] + b"\xff" * 9, PhotoError)])
async def test_bad_photos_leave_nothing(
    judging: Judging, memory: Memory, person: UUID, pictures: Path, data: bytes, kind: type[PhotoError]
) -> None:
    with pytest.raises(kind):
        await ask(judging, person, data)
    async with memory.database.begin() as connection:
        assert await looks.of_person(connection, person, limit=9) == []
    assert files(pictures) == []


async def test_nobody_has_no_looks(judging: Judging, pictures: Path) -> None:
    with pytest.raises(PersonGone):
        await ask(judging, uuid7(), a_photo())
    assert files(pictures) == []

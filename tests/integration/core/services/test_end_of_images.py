"""The time of private images ends at the look itself, whether or not they have been deleted."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.conversation.actions import Action, ActionType
from core.conversation.reply import ReplyKind
from core.db import data_export, look_feedback, look_images, looks, people, submissions
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.resources import Resources
from core.services.deletion import delete_look, delete_overdue_data, erase_person
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from tests.factories import count_stored_files, create_look, create_person, end_images, remove_look, store_images
from tests.harness import make_application


@pytest.fixture
async def overdue(resources: Resources) -> Look:
    """A private, corrected look whose images should have been deleted an hour ago."""
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, (await create_person(connection)).id))
        await look_feedback.record_correction(connection, look.id, Style.MODE)
        await look_feedback.update_pending_question(connection, look.id, PendingQuestion.CORRECT)
    await end_images(resources, look, timedelta(hours=1))
    return look


async def test_every_read_says_that_the_images_are_gone(resources: Resources, overdue: Look) -> None:
    async with resources.database.transaction() as connection:
        found = {
            "get": await looks.get(connection, overdue.id),
            "get_by_source": await looks.get_by_source(connection, overdue.person_id, overdue.source_message_id),
            "lock": await looks.lock(connection, overdue.id),
            "list_for_person": (await looks.list_for_person(connection, overdue.person_id, limit=1))[0],
        }
        corrected = await look_feedback.list_corrected(connection, limit=9)
        exported = await data_export.get_personal_data(connection, overdue.person_id)
        submission = await submissions.record_submission(
            connection,
            overdue.person_id,
            overdue.source_message_id,
            model=overdue.verdict.model,
            limit=9,
        )
        photo_key, heatmap_key = overdue.photo_key or "", overdue.heatmap_key or ""
        can_store_rendition = await look_images.lock_with_photo(connection, overdue.id, photo_key)
        is_readable = [
            await look_images.has_photo(connection, overdue.id, photo_key),
            await look_images.is_available(connection, photo_key),
            await look_images.is_available(connection, heatmap_key),
        ]
        stored_at = await submissions.mark_images_stored(connection, overdue.id)
    for name, look in found.items():
        assert look is not None, name
        assert (look.photo_key, look.heatmap_key, look.pending_question) == (None, None, None), name
        assert look.verdict.style == overdue.verdict.style, name
    assert [look.photo_key for look in corrected] in ([], [None])
    assert exported.images == []
    assert submission.recent_hashes == ()
    assert not can_store_rendition
    assert is_readable == [False] * 3
    assert stored_at is None


async def test_overdue_look_cannot_be_shared(resources: Resources, overdue: Look) -> None:
    async with resources.database.transaction() as connection:
        assert not await looks.share(connection, overdue.id)


@pytest.mark.parametrize("action_type", [ActionType.SHARE, ActionType.ACCEPT_NAME])
async def test_no_name_is_asked_for_an_overdue_look(
    resources: Resources, overdue: Look, action_type: ActionType
) -> None:
    conversation = make_application(resources, StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)).conversation
    async with resources.database.transaction() as connection:
        owner = await people.get(connection, overdue.person_id)
    assert owner is not None
    reply = await conversation.handle_action(owner, Action(type=action_type, look_id=overdue.id), chat="web")
    assert reply.kind is ReplyKind.LOOK_NOT_FOUND
    async with resources.database.transaction() as connection:
        owner = await people.get(connection, overdue.person_id)
    assert owner is not None
    assert (owner.pending_name_look_id, owner.name) == (None, None)


async def test_shared_images_stay_and_end_when_the_look_is_unshared(resources: Resources, overdue: Look) -> None:
    async with resources.database.transaction() as connection:
        shared = await store_images(resources, await create_look(connection, overdue.person_id))
        assert await looks.share(connection, shared.id)
    await end_images(resources, shared, timedelta(days=30))
    async with resources.database.transaction() as connection:
        read = await looks.get(connection, shared.id)
        assert read is not None
        assert (read.photo_key, read.images_until) == (shared.photo_key, None)
        assert await looks.share(connection, shared.id), "it is shared already"
        await looks.unshare(connection, shared.id)
        read = await looks.get(connection, shared.id)
        assert read is not None
        assert read.photo_key is None
        assert read.images_until == read.images_end_at


@pytest.mark.parametrize("way", ["sweep", "delete", "remove", "erase"])
async def test_every_deletion_finds_overdue_images(
    resources: Resources, storage_folder: Path, overdue: Look, way: str
) -> None:
    assert count_stored_files(storage_folder) == 2
    match way:
        case "sweep":
            assert await delete_overdue_data(resources) == 1
        case "delete":
            assert await delete_look(resources, overdue.id)
        case "remove":
            assert await remove_look(resources, overdue.id)
        case _:
            assert await erase_person(resources, overdue.person_id)
    assert count_stored_files(storage_folder) == 0


async def test_the_promise_of_the_day_holds_whatever_is_set_later(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        one, three = [
            await create_look(connection, person.id, private_photo_ttl=timedelta(hours=hours)) for hours in (1, 3)
        ]
    for look, hours in ((one, 1), (three, 3)):
        assert look.images_end_at - look.created_at == timedelta(hours=hours)


async def test_longest_overdue_is_the_age_of_the_oldest_image_past_its_time(
    resources: Resources, overdue: Look
) -> None:
    async with resources.database.transaction() as connection:
        await create_look(connection, overdue.person_id)
        assert timedelta(minutes=59) < await look_images.get_longest_overdue(connection) < timedelta(minutes=61)
    await delete_overdue_data(resources)
    async with resources.database.transaction() as connection:
        assert await look_images.get_longest_overdue(connection) == timedelta(0)

"""Photos while Telegram closes connections and demands pauses, and while S3 fails."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bot.testing.telegram import FakeTelegram
from core.conversation.narration import error_message
from core.errors import StorageUnavailableError
from core.i18n.translations import Language
from core.resources import Resources
from core.settings import Settings
from tests.cutting_proxy import CuttingProxy, cutting_proxy
from tests.factories import make_photo
from tests.faulty_s3 import NO_FAULT, Fault, FaultyS3
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness, list_looks

FAILED = Fault(status=500)
PHOTO_BYTES = 3000
"""The proxy closes connections after so many bytes; photos are larger."""


@pytest.fixture
def resources(resources: Resources, faulty_s3: FaultyS3) -> Resources:
    return replace(resources, storage=faulty_s3.storage())


@pytest.fixture
async def proxy(telegram: FakeTelegram) -> AsyncIterator[CuttingProxy]:
    async with cutting_proxy(telegram.url, after=PHOTO_BYTES) as proxy:
        yield proxy


@pytest.fixture
def settings(telegram: FakeTelegram, proxy: CuttingProxy) -> Settings:
    return Settings(
        telegram_token=SecretStr(telegram.token), telegram_api_url=proxy.url, telegram_messages_per_second=1000
    )


async def test_a_photo_whose_upload_is_cut_off_is_sent_again_whole(
    harness: TelegramHarness, proxy: CuttingProxy
) -> None:
    proxy.requests = 2 * [b"/sendPhoto"]
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert proxy.requests == []
    (upload,) = harness.telegram.calls_to("sendPhoto")
    (look,) = await list_looks(harness)
    assert look.heatmap_key is not None
    assert upload.files["photo"] == await harness.resources.storage.get(look.heatmap_key)
    assert len(upload.files["photo"]) > 2 * PHOTO_BYTES
    assert len(harness.texts()) == 2, "the picture and the remarks, each once"


async def test_a_photo_whose_download_is_cut_off_is_fetched_again(
    harness: TelegramHarness, proxy: CuttingProxy
) -> None:
    proxy.answers = 2 * [b"/file/bot"]
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert proxy.answers == []
    assert len(await list_looks(harness)) == 1
    assert len(harness.texts()) == 2


async def test_a_flood_that_telegram_slows_down_is_answered_in_order(harness: TelegramHarness) -> None:
    """More refusals than one job repeats; every photo gets its verdict once, in the order in which they were sent."""
    for method in ("sendPhoto", "sendMessage"):
        harness.telegram.fail_next(method, 429, "Too Many Requests: retry after 3", count=6, retry_after=3)
    photos = [make_photo(seed=number) for number in range(3)]
    for photo in photos:
        await harness.store(harness.updates.photo(photo))
    await harness.run_jobs()

    looks = await list_looks(harness)
    sent = [call.files["photo"] for call in harness.telegram.calls_to("sendPhoto") if call.status == 200]
    keys = [look.heatmap_key for look in sorted(looks, key=lambda look: look.source_message_id)]
    assert sent == [await harness.resources.storage.get(key) for key in keys if key is not None]
    assert len(harness.texts()) == 6
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize("first_fault", range(6))
async def test_an_album_survives_s3_failing_in_its_middle(
    harness: TelegramHarness, faulty_s3: FaultyS3, first_fault: int
) -> None:
    """Three photos and three heatmaps are stored; one of the six requests fails with all its repetitions."""
    faulty_s3.bucket.faults["PUT"] = first_fault * [NO_FAULT] + 3 * [FAILED]
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(3)]))

    looks = await list_looks(harness)
    assert {f"/pictures/{key}" for look in looks for key in (look.photo_key, look.heatmap_key)} == set(
        faulty_s3.bucket.objects
    )
    assert len(looks) == harness.model.call_count == 3
    assert all(look.images_stored_at for look in looks)
    assert len(harness.photo_messages()) == 1
    assert len(harness.texts()) == 2
    assert await harness.count_unprocessed() == 0


async def test_s3_that_answers_too_late_stores_the_images_once(harness: TelegramHarness, faulty_s3: FaultyS3) -> None:
    """It took the image all the same; the repetition has the same name."""
    faulty_s3.bucket.faults["PUT"] = 4 * [Fault(delay=0.6)]
    await harness.send_updates(harness.updates.photo(make_photo()))

    (look,) = await list_looks(harness)
    assert set(faulty_s3.bucket.objects) == {f"/pictures/{look.photo_key}", f"/pictures/{look.heatmap_key}"}
    assert faulty_s3.bucket.requests.count("PUT") > 4
    assert len(harness.texts()) == 2


async def test_s3_that_stays_away_ends_with_one_apology(harness: TelegramHarness, faulty_s3: FaultyS3) -> None:
    faulty_s3.bucket.faults["PUT"] = 100 * [FAILED]
    await harness.send_updates(harness.updates.photo(make_photo()))

    assert harness.texts(USER_ID) == [error_message(StorageUnavailableError(), Language.KO)]
    assert await harness.count_unprocessed() == 0

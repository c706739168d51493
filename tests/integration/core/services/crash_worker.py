"""A worker process for `test_judging_crash`: `python -m ... DATABASE_URL STORAGE_FOLDER`."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from procrastinate import App, JobContext

from core.db import inbox
from core.db.database import Database
from core.db.schema import Channel
from core.i18n.translations import Language
from core.jobs.worker import ExponentialBackoff, JobQueue, WorkerTimings
from core.object_storage import ObjectStorage
from core.resources import Resources
from core.services.photo_judging import PhotoJudgingService, PhotoSource
from core.signing import LimitKeySigner, UrlSigner
from tests.factories import make_classifier, make_photo


async def judge(context: JobContext, inbox_id: int) -> None:
    resources: Resources = context.additional_context["resources"]
    judging: PhotoJudgingService = context.additional_context["judging"]
    async with resources.database.transaction() as connection:
        update = await inbox.get(connection, inbox_id)
    assert update is not None
    if update.processed_at is not None or update.payload is None:
        return
    await judging.judge_photo(
        make_photo(seed=int(update.external_id)),
        PhotoSource(
            person_id=UUID(update.payload["person"]),
            channel=Channel.WEB,
            message_id=f"update {update.external_id}",
            language=Language.KO,
        ),
    )
    async with resources.database.transaction() as connection:
        await inbox.mark_processed(connection, inbox_id)


def register_tasks(app: App) -> None:
    app.task(name="test.judge", pass_context=True, retry=ExponentialBackoff())(judge)


async def main(url: str, folder: str) -> None:
    async with Database(url) as database:
        resources = Resources(
            database=database,
            storage=ObjectStorage(Path(folder).as_uri()),
            url_signer=UrlSigner(b""),
            limit_signer=LimitKeySigner(b""),
            private_photo_ttl=timedelta(days=1),
        )
        judging = PhotoJudgingService(resources, make_classifier())
        timings = WorkerTimings(heartbeat_interval=0.2, heartbeat_timeout=1.0)
        async with JobQueue(database.conninfo, register_tasks, timings=timings) as worker:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await worker.run_worker({"resources": resources, "judging": judging}, concurrency=3)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""`/statusz`: what an operator wants to know about this process and what it shares with the others."""

import asyncio
from collections.abc import Awaitable, Mapping

from anyio import to_thread

from bot.app import BotApplication
from core.db import dead_letters
from core.errors import ModelError, PersistenceError
from core.jobs.queue import get_stats, list_heartbeats
from core.release import get_version
from core.services.retention_watch import LATE_AFTER, longest_overdue

PART_TIMEOUT = 5.0
"""Seconds after which a part of the report that does not answer counts as failed."""

Part = Mapping[str, object]


async def report_status(application: BotApplication) -> Mapping[str, object]:
    """The report as a JSON object; a part that fails has the name of the error in `error`."""
    model, database, storage = await asyncio.gather(
        _attempt(_report_model(application)),
        _attempt(_report_database(application)),
        _attempt(_report_storage(application)),
    )
    return {"version": get_version(), "model": model, "storage": storage, "database": database}


async def _attempt(part: Awaitable[Part]) -> Part:
    try:
        async with asyncio.timeout(PART_TIMEOUT):
            return await part
    except (ModelError, PersistenceError, TimeoutError) as error:
        return {"status": "unavailable", "error": type(error).__name__}


async def _report_model(application: BotApplication) -> Part:
    classifier = application.classifier
    if not classifier.has_passed_probe:
        await to_thread.run_sync(classifier.probe, limiter=application.resources.cpu_limiter)
    return {"status": "ok", "version": classifier.model_card.version, "engine": classifier.backend.name}


async def _report_storage(application: BotApplication) -> Part:
    await application.resources.storage.check()
    return {"status": "ok"}


async def _report_database(application: BotApplication) -> Part:
    database = application.resources.database
    async with database.connection() as connection:
        queue = await get_stats(connection)
        heartbeats = await list_heartbeats(connection)
        failed = await dead_letters.count_failed(connection)
        overdue = await longest_overdue(connection)
    usage = database.pool_usage()
    return {
        "status": "ok",
        "connections": {"used": usage.used, "idle": usage.idle, "limit": usage.limit},
        "queue": {
            "waiting": queue.waiting,
            "running": queue.running,
            "oldest_seconds": round(queue.oldest.total_seconds()),
        },
        "workers": [{"heartbeat_seconds": round(age.total_seconds())} for age in heartbeats],
        "failed_updates": failed,
        "retention": {"overdue_seconds": round(overdue.total_seconds()), "is_late": overdue >= LATE_AFTER},
    }

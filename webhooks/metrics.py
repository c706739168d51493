"""`/metrics`, in the text format of Prometheus: what this process counted, and the queue as it is right now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from core.meters import QUEUE_AGE, QUEUE_DEPTH
from core.queue import load

if TYPE_CHECKING:
    from core.db.engine import Database

__all__ = ["metrics"]


def metrics(database: Database) -> APIRouter:
    """The route; it asks the database about the queue at each call."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=Response)
    async def show() -> Response:
        async with database.begin() as connection:
            now = await load(connection)
        QUEUE_DEPTH.labels("waiting").set(now.waiting)
        QUEUE_DEPTH.labels("running").set(now.running)
        QUEUE_AGE.set(now.oldest.total_seconds())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router

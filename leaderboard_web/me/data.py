"""`/me/data.zip`: everything that Eva remembers of a person, for them to take away, made while it is sent."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from zipstream import ZipStream

from bot.names import made_up
from bot.texts import text, variants
from core.db import exports
from core.errors import PictureMissing
from leaderboard_web.me.owner import HISTORY, owner
from leaderboard_web.pages import language_of
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.texts import Language
    from core.db.exports import Export
    from core.storage import Storage
    from leaderboard_web.site import Site

__all__ = ["data_routes"]


def data_routes(site: Site) -> APIRouter:
    """The download."""
    router, memory = APIRouter(route_class=PageRoute), site.memory

    @router.get("/me/data.zip", response_class=Response)
    async def data(request: Request) -> Response:
        """The zip: rows as JSON, a file for each table, and the pictures that are still kept.

        Raises:
            StorageUnavailable: the pictures cannot be reached; nothing was sent.
        """
        language = language_of(request)
        async with memory.database.begin() as connection:
            me = await owner(site, connection, request)
            if me is None:
                return redirect_with_notice(HISTORY)
            found = await exports.of_person(connection, me.id)
        await memory.storage.check()
        return StreamingResponse(
            _zip_chunks(found, memory.storage, language),
            media_type="application/zip",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="eva-{datetime.now(UTC):%Y-%m-%d}.zip"',
            },
        )

    return router


async def _zip_chunks(export: Export, storage: Storage, language: Language) -> AsyncIterator[bytes]:
    """A zip with a README, one JSON file per table and the images; at most one image is in memory."""
    archive = ZipStream(compress_type=zipfile.ZIP_DEFLATED)
    archive.add("\n\n".join(text(key, language) for key in variants("me.data.readme", language)) + "\n", "README.txt")
    for table, rows in export.tables.items():
        visible = [_public(row, language) for row in rows] if table == "follows" else rows
        document = json.dumps(visible, ensure_ascii=False, indent=2, default=_as_json)
        archive.add(document + "\n", f"{table}.json")
    yield await to_thread.run_sync(b"".join, archive.all_files())
    for picture in export.pictures:
        try:
            content = await storage.get(picture.key)
        except PictureMissing:
            # Deleted by retention after the rows were read.
            continue
        # Compressing a JPEG again saves nothing.
        archive.add(content, f"pictures/{picture.look}-{picture.kind}.jpg", compress_type=zipfile.ZIP_STORED)
        yield await to_thread.run_sync(b"".join, archive.all_files())
    yield await to_thread.run_sync(b"".join, archive.footer())


def _public(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """Whom one follows, by the name that everybody sees."""
    return {"name": row["name"] or made_up(row["person_id"], language), "created_at": row["created_at"]}


def _as_json(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
    raise TypeError(type(value).__name__)

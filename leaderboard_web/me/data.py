"""`/me/data.zip`: everything that Eva remembers of a person, for them to take away, made while it is sent."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from bot.names import made_up
from bot.texts import text, variants
from core.db import exports
from core.errors import PictureMissing
from leaderboard_web.me.history import HISTORY
from leaderboard_web.me.owner import go, owner
from leaderboard_web.pages import language_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.texts import Language
    from core.db.exports import Export
    from core.memory import Memory
    from leaderboard_web.site import Site

__all__ = ["data_routes"]


def data_routes(site: Site) -> APIRouter:
    """The download."""
    router, memory = APIRouter(), site.memory

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
                return go(HISTORY)
            found = await exports.of_person(connection, me.id)
        await memory.storage.check()
        return StreamingResponse(
            _zipped(found, memory, language),
            media_type="application/zip",
            headers={
                "Cache-Control": "no-store",
                "Content-Disposition": f'attachment; filename="eva-{datetime.now(UTC):%Y-%m-%d}.zip"',
            },
        )

    return router


class _Sink:
    """A file that cannot be read or wound back: what the zip writes goes to the browser, and is never all here."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes) -> int:
        """Take a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def drain(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def _zipped(found: Export, memory: Memory, language: Language) -> AsyncIterator[bytes]:
    """The zip, part by part; one picture at a time is in memory."""
    sink = _Sink()
    file = zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED)
    await to_thread.run_sync(_write_rows, file, found, language)
    yield sink.drain()
    for picture in found.pictures:
        try:
            content = await memory.storage.get(picture.key)
        except PictureMissing:
            # Its time ended since the rows were read.
            continue
        name = f"pictures/{picture.look}-{picture.kind}.jpg"
        # A JPEG does not get smaller.
        await to_thread.run_sync(partial(file.writestr, name, content, compress_type=zipfile.ZIP_STORED))
        yield sink.drain()
    await to_thread.run_sync(file.close)
    yield sink.drain()


def _write_rows(file: zipfile.ZipFile, found: Export, language: Language) -> None:
    lines = (text(key, language) for key in variants("me.data.readme", language))
    file.writestr("README.txt", "\n\n".join(lines) + "\n")
    for table, rows in found.tables.items():
        shown = [_public(row, language) for row in rows] if table == "follows" else rows
        file.writestr(f"{table}.json", json.dumps(shown, ensure_ascii=False, indent=2, default=_as_json) + "\n")


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

"""`/me/data.zip`: everything that Eva remembers of a person, for them to take away, made while it is sent."""

import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from zipstream import ZipStream

from core.conversation.display_names import display_name
from core.db import data_export
from core.db.data_export import PersonalData
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language, translate, variant_keys
from core.object_storage import ObjectStorage
from leaderboard_web.account.current_person import ACCOUNT_PATH, current_person
from leaderboard_web.dependencies import AppState
from leaderboard_web.language import request_language
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.routing import PageRoute


def data_export_routes(state: AppState) -> APIRouter:
    """The download."""
    router, memory = APIRouter(route_class=PageRoute), state.resources

    @router.get("/me/data.zip", response_class=Response)
    async def data(request: Request) -> Response:
        """The zip: rows as JSON, a file for each table, and the pictures that are still kept.

        Raises:
            StorageUnavailableError: the pictures cannot be reached; nothing was sent.
        """
        language = request_language(request)
        async with memory.database.transaction() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return redirect_with_notice(ACCOUNT_PATH)
            found = await data_export.get_personal_data(connection, me.id)
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


async def _zip_chunks(export: PersonalData, storage: ObjectStorage, language: Language) -> AsyncIterator[bytes]:
    """A zip with a README, one JSON file per table and the images; at most one image is in memory."""
    archive = ZipStream(compress_type=zipfile.ZIP_DEFLATED)
    archive.add(
        "\n\n".join(translate(key, language) for key in variant_keys("me.data.readme", language)) + "\n", "README.txt"
    )
    for table, rows in export.tables.items():
        visible = [_visible_follow(row, language) for row in rows] if table == "follows" else rows
        document = json.dumps(visible, ensure_ascii=False, indent=2, default=_to_json)
        archive.add(document + "\n", f"{table}.json")
    yield await to_thread.run_sync(b"".join, archive.all_files())
    for picture in export.images:
        try:
            content = await storage.get(picture.key)
        except ObjectNotFoundError:
            # Deleted by retention after the rows were read.
            continue
        # Compressing a JPEG again saves nothing.
        archive.add(content, f"pictures/{picture.look_id}-{picture.kind}.jpg", compress_type=zipfile.ZIP_STORED)
        yield await to_thread.run_sync(b"".join, archive.all_files())
    yield await to_thread.run_sync(b"".join, archive.footer())


def _visible_follow(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """Whom one follows, by the name that everybody sees."""
    return {"name": display_name(row["person_id"], row["name"], language), "created_at": row["created_at"]}


def _to_json(value: object) -> str:
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
    raise TypeError(type(value).__name__)

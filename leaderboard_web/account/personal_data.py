"""All data of a person: `/me/data.zip` exports it, `/me/forget` erases it.

The zip file is created while it is sent.
"""

import json
import zipfile
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from limits import RateLimitItemPerHour
from zipstream import ZipStream

from core.conversation.display_names import display_name
from core.db import data_export
from core.db.data_export import PersonalData
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language, translate, variant_keys
from core.resources import Resources
from core.seoul_time import start_of_day
from core.services.deletion import erase_person
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson, OptionalPerson
from leaderboard_web.dependencies import Context, State
from leaderboard_web.errors import LocalizedHTTPError
from leaderboard_web.limit_storage import get_retry_after
from leaderboard_web.redirects import redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.urls import url_for
from leaderboard_web.viewer import leave_browser

EXPORTS = RateLimitItemPerHour(10)
"""Exports of a person: one with 300 looks takes 0.15 s of a processor, and reading has no other limit."""
TABLES_OF_OTHERS = {"follows", "blocks", "person_reports"}
"""Tables whose rows name another person."""

router = APIRouter(route_class=AccountRoute)


@router.get("/me/data.zip", name="data_export")
async def download_data(context: Context, person: OptionalPerson) -> Response:
    """Send the rows of each table as JSON, and the images that are still stored.

    Raises:
        StorageUnavailableError: the images cannot be read; nothing was sent.
        LocalizedHTTPError: 429, the person has had `EXPORTS`.
    """
    state = context.state
    if person is None:
        return redirect_with_notice(url_for("account"))
    await state.resources.storage.check()
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="eva-{start_of_day():%Y-%m-%d}.zip"',
    }
    if context.request.method == "HEAD":
        return StreamingResponse(iter(()), media_type="application/zip", headers=headers)
    limited = EXPORTS, "exports", str(person.id)
    if not await state.export_limiter.hit(*limited):
        retry_after = await get_retry_after(state.export_limiter, *limited)
        raise LocalizedHTTPError(429, "TooManyRequests", "limits.exports", headers={"Retry-After": retry_after})
    async with state.resources.database.snapshot() as connection:
        export = await data_export.get_personal_data(connection, person.id)
    chunks = _zip_chunks(export, state.resources, context.language)
    return StreamingResponse(chunks, media_type="application/zip", headers=headers)


@router.get("/me/forget", name="confirm_erase_account")
async def confirm_erase_account(context: Context, person: CurrentPerson) -> Response:
    """Ask for confirmation."""
    return render_page(context, "account/erase.html", section=SECTION, look=None)


@router.post("/me/forget", name="erase_account")
async def erase_account(person: OptionalPerson, state: State) -> Response:
    """Erase the person, with the data of all their messengers, and remove the session from the browser.

    Raises:
        StorageUnavailableError: the images cannot be deleted; nothing was erased.
    """
    if person is not None:
        await erase_person(state.resources, person.id)
    response = redirect_with_notice(url_for("account_erased"))
    leave_browser(response)
    return response


@router.get("/me/goodbye", name="account_erased")
async def account_erased(context: Context) -> Response:
    """Confirm that everything was erased."""
    return render_page(context, "account/erased.html", section=SECTION)


async def _zip_chunks(export: PersonalData, resources: Resources, language: Language) -> AsyncIterator[bytes]:
    """Yield a zip with a README, one JSON file per table and the images; at most one image is in memory."""
    archive = ZipStream(compress_type=zipfile.ZIP_DEFLATED)

    async def create_chunk(parts: Iterable[bytes]) -> bytes:
        return await to_thread.run_sync(b"".join, parts, limiter=resources.cpu_limiter)

    readme = "\n\n".join(translate(key, language) for key in variant_keys("me.data.readme", language))
    archive.add(f"{readme}\n", "README.txt")
    for table, rows in export.tables.items():
        visible = [_visible_person(row, language) for row in rows] if table in TABLES_OF_OTHERS else rows
        # 3,000 looks take 0.7 s.
        document = await to_thread.run_sync(_to_document, visible, limiter=resources.cpu_limiter)
        archive.add(document, f"{table}.json")
    yield await create_chunk(archive.all_files())
    for image in export.images:
        try:
            content = await resources.storage.get(image.key)
        except ObjectNotFoundError:
            # Deleted by retention after the rows were read.
            continue
        # Compressing a JPEG again saves nothing.
        archive.add(content, f"pictures/{image.look_id}-{image.kind}.jpg", compress_type=zipfile.ZIP_STORED)
        yield await create_chunk(archive.all_files())
    yield await create_chunk(archive.footer())


def _visible_person(row: dict[str, Any], language: Language) -> dict[str, Any]:
    """A row that names another person: their public name in place of the internal id."""
    name = display_name(row["person_id"], row["name"], language)
    return {"name": name, **{key: value for key, value in row.items() if key not in {"person_id", "name"}}}


def _to_document(rows: Sequence[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False, indent=2, default=_to_json) + "\n"


def _to_json(value: object) -> str:
    """Convert values that JSON has no type for."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
    raise TypeError(type(value).__name__)

"""The export of all own data and none of others, and its erasure."""

import io
import json
import time
import zipfile
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from limits import RateLimitItemPerHour
from sqlalchemy import func, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import (
    data_export,
    inbox,
    look_feedback,
    look_images,
    looks,
    moderation,
    people,
    person_reports,
    reactions,
    relations,
    schema,
    submissions,
)
from core.db.data_export import PersonalData
from core.db.identities import create_identity
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider, ModerationAction, PendingQuestion
from core.errors import StorageUnavailableError
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.seoul_time import SEOUL
from core.styles import STYLES, Style
from leaderboard_web.account import personal_data
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.factories import create_person
from tests.harness import run_on_busy_processors
from tests.html import texts
from tests.integration.leaderboard_web.account.conftest import (
    add_look,
    add_person,
    get_person,
    page_text,
    start_session,
)


async def add_data_in_every_table(resources: Resources, person: Person, other: Person, word: str) -> list[Look]:
    """Add rows of a person to every table: a private and a shared look with images, and a look without."""
    with_images = [await add_look(resources, person.id, shared=shared) for shared in (False, True)]
    expired = await add_look(resources, person.id)
    async with resources.database.transaction() as connection:
        await look_feedback.update_pending_question(connection, with_images[0].id, PendingQuestion.GUESS)
        await look_feedback.record_guess(connection, with_images[0].id, Style.MODE)
        await look_images.clear_image_keys(connection, [expired.id])
        await submissions.record_submission(connection, person.id, "new", model="any", limit=1, daily_limit=9)
        await create_identity(connection, person.id, IdentityProvider.TELEGRAM, f"telegram {word}")
        other_looks = [look for look in await looks.list_for_person(connection, other.id, limit=9) if look.shared_at]
        for look in other_looks:
            await reactions.create_heart(connection, look.id, person.id)
            await reactions.create_bookmark(connection, look.id, person.id)
            assert await reactions.create_guess(connection, look.id, person.id, Style.RETRO)
            await moderation.create_report(connection, look.id, person.id, reason=f"reason {word}")
        await relations.create_follow(connection, person.id, other.id)
        await person_reports.create(connection, other.id, person.id, f"other: {word}")
        assert await relations.create_block(connection, person.id, (await create_person(connection)).id)
        ticket = {"token_hash": sha256(word.encode()).digest(), "person_id": person.id, "expires_at": func.now()}
        await connection.execute(insert(schema.one_time_tokens).values(**ticket))
        action = {"action": ModerationAction.RESTORE, "look_id": with_images[1].id, "moderator_id": other.id}
        await connection.execute(insert(schema.moderation_log).values(**action))
        ban = {"action": ModerationAction.BAN, "person_id": person.id, "moderator_id": other.id}
        await connection.execute(insert(schema.moderation_log).values(**ban))
        number = await inbox.insert(
            connection,
            Channel.TELEGRAM,
            f"update {word}",
            external_sender_id=f"telegram {word}",
            payload={"words": f"said {word}"},
        )
        assert number is not None
        await inbox.record_checkpoint(connection, number, "verdict", data=f"message {word}")
    return [*with_images, expired]


def unzip_files(reply: httpx.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(reply.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


async def test_data_export_contains_all_own_data_and_none_of_others(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    jun = await add_person(resources)
    first = await add_look(resources, jun.id, shared=True)
    own_looks = await add_data_in_every_table(resources, mina, jun, "of-mina")
    other_looks = await add_data_in_every_table(resources, jun, mina, "of-jun")
    monkeypatch.setattr(personal_data, "start_of_day", lambda: datetime(2026, 3, 2, tzinfo=SEOUL))
    reply = await client.get("/me/data.zip")
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("application/zip", "no-store")
    assert 'attachment; filename="eva-2026-03-02.zip"' in reply.headers["content-disposition"]
    files = unzip_files(reply)
    rows = {name.removesuffix(".json"): json.loads(files[name]) for name in files if name.endswith(".json")}
    assert set(rows) == set(schema.metadata.tables) - {"daily_counts", "installation"}, (
        "a table that is not in the download"
    )
    assert not [name for name, table_rows in rows.items() if not table_rows], "a table without a row proves nothing"

    assert [row["id"] for row in rows["looks"]] == [str(look.id) for look in own_looks]
    first_row = rows["looks"][0]
    assert list(first_row["probabilities"]) == [str(style) for style in STYLES]
    assert first_row["probabilities"] == pytest.approx(
        {str(style): own_looks[0].verdict.probabilities[style] for style in STYLES}
    )
    assert first_row["guessed_style"] == "mode"
    unreadable = {"person_id", "photo_key", "heatmap_key", "cam_columns", "private_photo_ttl", "rising_at", "filters"}
    assert set(first_row) == set(schema.looks.c.keys()) - unreadable
    assert len(first_row["cam"]) * len(first_row["cam"][0]) == own_looks[0].verdict.cam.size
    assert set(rows["people"][0]) == set(schema.people.c.keys())
    assert [row["followers"] for row in rows["people"]] == [1]
    assert {row["subject"] for row in rows["identities"]} > {"telegram of-mina"}
    assert [row["look_id"] for row in rows["hearts"]] == [str(first.id)]
    assert [row["reason"] for row in rows["reports"]] == ["reason of-mina"]
    assert [row["name"] for row in rows["follows"]] == ["Jun"]
    assert [row["style"] for row in rows["look_guesses"]] == ["retro"]
    assert [(row["name"], row["reason"]) for row in rows["person_reports"]] == [("Jun", "other: of-mina")]
    assert list(rows["blocks"][0]) == ["name", "created_at"]
    about_mina = [row["action"] for row in rows["moderation_log"] if not row["by_me"]]
    assert about_mina == ["restore", "ban"]
    assert [row["photos"] for row in rows["rate_limits"]] == [len(own_looks) + 1]
    assert date.fromisoformat(rows["rate_limits"][0]["day"])
    assert rows["inbox"][0]["payload"] == {"words": "said of-mina"}
    assert rows["job_checkpoints"][0]["data"] == "message of-mina"

    pictured = {f"pictures/{look.id}-{kind}.jpg": kind for look in own_looks[:2] for kind in ("photo", "heatmap")}
    assert {name for name in files if name.startswith("pictures/")} == set(pictured)
    assert {files[name] for name, kind in pictured.items() if kind == "photo"} == {b"photo"}
    assert {files[name] for name, kind in pictured.items() if kind == "heatmap"} == {b"cam"}
    assert files["README.txt"].decode().startswith(translate("me.data.readme.1", Language.EN))

    everything = b"".join(files.values()).decode()
    for private in (
        str(jun.id),
        "of-jun",
        *(str(look.id) for look in other_looks),
        *(look.photo_key or "" for look in own_looks[:2]),
    ):
        assert private not in everything


async def test_tables_of_an_export_are_of_the_same_moment(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_personal_data = data_export.get_personal_data

    async def add_a_look_meanwhile(connection: AsyncConnection, person_id: UUID) -> PersonalData:
        assert await people.get(connection, person_id)
        await add_look(resources, person_id)
        return await get_personal_data(connection, person_id)

    monkeypatch.setattr(data_export, "get_personal_data", add_a_look_meanwhile)
    assert json.loads(unzip_files(await client.get("/me/data.zip"))["looks.json"]) == []


async def test_data_exports_of_a_person_are_limited(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_data, "EXPORTS", RateLimitItemPerHour(2))
    replies = [await client.get("/me/data.zip") for _ in range(3)]
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert translate("limits.exports", Language.EN) in page_text(replies[-1])
    now = time.time()
    with monkeypatch.context() as later:
        later.setattr("leaderboard_web.limit_storage.time.time", lambda: now + 3000)
        refused = await client.get("/me/data.zip")
    assert 0 < int(refused.headers["Retry-After"]) <= 600, "what is left of the hour"
    client.cookies.clear()
    await start_session(client, resources)
    assert (await client.get("/me/data.zip")).status_code == 200, "others are not limited by it"


async def test_only_sent_data_exports_are_counted(
    client: httpx.AsyncClient,
    resources: Resources,
    mina: Person,
    monkeypatch: pytest.MonkeyPatch,
    storage_folder: Path,
) -> None:
    monkeypatch.setattr(personal_data, "EXPORTS", RateLimitItemPerHour(1))
    await add_look(resources, mina.id)
    head = await client.head("/me/data.zip")
    assert (head.status_code, head.headers["content-type"], head.content) == (200, "application/zip", b"")
    storage_folder.rename(storage_folder.with_name("away"))
    assert (await client.get("/me/data.zip")).status_code == 503
    storage_folder.with_name("away").rename(storage_folder)
    assert [(await client.get("/me/data.zip")).status_code for _ in range(2)] == [200, 429]


async def test_data_export_is_compressed_while_a_processor_is_free(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    response = await run_on_busy_processors(resources.cpu_limiter, client.get("/me/data.zip"))
    assert "people.json" in zipfile.ZipFile(io.BytesIO(response.content)).namelist()


async def test_data_export_skips_images_deleted_meanwhile(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    await resources.storage.delete([look.photo_key or ""])
    files = unzip_files(await client.get("/me/data.zip"))
    assert [name for name in files if name.startswith("pictures/")] == [f"pictures/{look.id}-heatmap.jpg"]


async def test_data_export_fails_before_sending_without_storage(
    client: httpx.AsyncClient, resources: Resources, mina: Person, storage_folder: Path
) -> None:
    await add_look(resources, mina.id)
    storage_folder.rename(storage_folder.with_name("away"))
    assert (await client.get("/me/data.zip")).status_code == 503
    storage_folder.with_name("away").rename(storage_folder)
    assert (await client.get("/me/data.zip")).status_code == 200


async def test_account_is_erased_after_confirmation(
    client: httpx.AsyncClient, resources: Resources, mina: Person, storage_folder: Path
) -> None:
    await add_look(resources, mina.id)
    jun = await add_person(resources)
    page = await client.get("/me/forget")
    assert translate("me.forget.title", Language.EN) in page.text
    assert await get_person(resources, mina) is not None
    reply = await client.post("/me/forget")
    assert (reply.status_code, reply.headers["location"]) == (303, "/me/goodbye")
    removed = [cookie for cookie in reply.headers.get_list("set-cookie") if cookie.startswith(f'{VISITOR_COOKIE}="";')]
    assert len(removed) == 1
    assert "Max-Age=0" in removed[0]
    # What the browser has stored is removed, too, but no cookie of a sibling domain.
    assert reply.headers["clear-site-data"] == '"cache", "storage"'
    assert await get_person(resources, mina) is None
    assert await get_person(resources, jun) is not None
    assert not list(storage_folder.rglob("*.jpg"))
    assert texts(await client.get("/me/goodbye"), "h1") == [translate("talk.forget.done", Language.EN)]
    assert translate("me.anonymous.title", Language.EN) in (await client.get("/me")).text


async def test_account_is_not_erased_without_storage(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_look(resources, mina.id)

    async def away(keys: list[str]) -> None:
        raise StorageUnavailableError

    monkeypatch.setattr(resources.storage, "delete", away)
    reply = await client.post("/me/forget")
    assert reply.status_code == 503
    assert not {"set-cookie", "clear-site-data"} & set(reply.headers)
    assert await get_person(resources, mina) is not None


async def test_messages_that_wait_are_exported_without_what_others_wrote(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    me, jun = {"id": 7, "first_name": "Mina"}, {"id": 8, "first_name": "Jun"}
    own = {"from": me, "text": "my photo", "reply_to_message": {"from": jun, "text": "a secret"}}
    message = {
        "from": me,
        "text": "what of this",
        "entities": [{"type": "text_mention", "offset": 0, "user": someone} for someone in (me, jun)],
        "chat": {"id": -1, "title": "Jun's friends"},
        "quote": {"text": "a secret"},
        "reply_to_message": own,
        "photos": [{"forward_origin": {"sender_user": jun}, "file_id": "x"}],
        "forward_from": jun,
        "forward_sender_name": "Jun",
        "new_chat_participant": jun,
        "contact": {"phone_number": "+82", "first_name": "Jun", "user_id": 8},
    }
    async with resources.database.transaction() as connection:
        await create_identity(connection, mina.id, IdentityProvider.TELEGRAM, "7")
        await inbox.insert(
            connection, Channel.TELEGRAM, "1", external_sender_id="7", payload={"update_id": 1, "message": message}
        )
    rows = json.loads(unzip_files(await client.get("/me/data.zip"))["inbox.json"])
    assert rows[0]["payload"]["message"] == {
        "from": me,
        "text": "what of this",
        "entities": [{"type": "text_mention", "offset": 0, "user": me}, {"type": "text_mention", "offset": 0}],
        "chat": {"id": -1},
        "reply_to_message": {"from": me, "text": "my photo"},
        "photos": [{"file_id": "x"}],
    }

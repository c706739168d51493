"""`eva doctor` with a database."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from bot.telegram import setup
from core.db import inbox
from core.db.backups import record_backup
from core.db.database import Database
from core.db.installation import get_server_info, record_secret_fingerprint
from core.db.schema import Channel
from core.db.similar_looks import get_state
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.settings import Environment, Settings
from eva.doctor import (
    CheckStatus,
    _check_clock,
    _check_contents,
    _check_schema,
    _check_secret_key,
    _check_similar_looks,
    _check_webhook,
)
from tests.conftest import RunEva
from tests.factories import create_look, create_person, end_images, mark_update_failed

EN = Language.EN


async def test_doctor_counts_failed_updates(resources: Resources) -> None:
    before, *_ = await _check_contents(resources.database, Settings())
    async with resources.database.transaction() as connection:
        inbox_id = await inbox.insert(connection, Channel.KAKAO, "1", external_sender_id="42", payload={})
        assert inbox_id is not None
        await mark_update_failed(connection, inbox_id)
    after, *_ = await _check_contents(resources.database, Settings())

    assert before.status is CheckStatus.OK
    assert (after.status, after.detail(EN)) == (
        CheckStatus.MISSING,
        translate("cli.doctor.updates.fix", EN, count=1),
    )


async def test_doctor_says_when_private_photos_are_late(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        look = await create_look(connection, (await create_person(connection)).id)
    found = {}
    for hours in (1, 3):
        await end_images(resources, look, timedelta(hours=hours))
        _, check, _ = await _check_contents(resources.database, Settings())
        found[hours] = check.status, check.detail(EN)
    assert found == {
        1: (CheckStatus.OK, translate("cli.doctor.retention.ok", EN)),
        3: (CheckStatus.MISSING, translate("cli.doctor.retention.fix", EN, hours=3)),
    }


async def test_doctor_says_when_the_last_backup_is_old(database: Database) -> None:
    production = Settings(env=Environment.PRODUCTION)
    async with database.connection() as connection:
        await record_secret_fingerprint(connection, "0")
        *_, none = await _check_contents(database, production)
        found = [(none.status, none.detail(EN))]
        for age, settings in ((0, production), (31, production), (31, Settings())):
            taken_at = datetime.now(UTC) - timedelta(hours=age)
            await record_backup(connection, taken_at)
            *_, check = await _check_contents(database, settings)
            found.append((check.status, check.detail(EN).replace(f"{taken_at:%Y-%m-%d %H:%M}", "then")))
    made, late = (translate(f"cli.doctor.backup.{key}", EN, date="then UTC") for key in ("ok", "fix"))
    assert found == [
        (CheckStatus.OPTIONAL, translate("cli.doctor.backup.none", EN)),
        (CheckStatus.OK, made),
        (CheckStatus.MISSING, late),
        (CheckStatus.OK, made),
    ]


@pytest.mark.parametrize("language", Language)
async def test_doctor_explains_an_unusable_secret_key_in_both_languages(
    database: Database, tmp_path: Path, language: Language
) -> None:
    file = tmp_path / "secret.key"
    file.mkdir()
    former = (SecretStr("short"),)
    cases = {
        "missing": Settings(env=Environment.PRODUCTION),
        "weak": Settings(secret_key=SecretStr("0" * 32), old_secret_keys=former, data_dir=tmp_path),
        "unreadable": Settings(data_dir=tmp_path),
    }
    async with database.connection() as connection:
        await record_secret_fingerprint(connection, "0")
    for key, settings in cases.items():
        [check] = await _check_secret_key(database, settings)
        expected = translate(f"cli.doctor.secret.{key}", language, path=file)
        assert (check.status, check.detail(language)) == (CheckStatus.MISSING, expected)


async def test_doctor_tells_every_state_of_the_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(telegram_token=SecretStr("1:a"), telegram_webhook_secret=SecretStr("secret"))
    assert await _check_webhook(Settings(telegram_token=SecretStr("1:a"))) == [], "it polls"
    found = {}
    for state in setup.WebhookState:

        async def get_state(_: Settings, state: setup.WebhookState = state) -> tuple[setup.WebhookState, str]:
            return state, "Connection refused"

        monkeypatch.setattr(setup, "get_webhook_state", get_state)
        [check] = await _check_webhook(settings)
        found[state] = check.status
        assert check.detail(EN) == translate(f"cli.doctor.webhook.{state}", EN, reason="Connection refused")
    assert {state for state, status in found.items() if status is not CheckStatus.MISSING} == {
        setup.WebhookState.OK,
        setup.WebhookState.UNSET,
        setup.WebhookState.UNREACHABLE,
    }


@pytest.mark.parametrize("jump", [-3600, 3600])
async def test_doctor_says_when_clocks_differ(database: Database, monkeypatch: pytest.MonkeyPatch, jump: int) -> None:
    async with database.connection() as connection:
        assert _check_clock(await get_server_info(connection)).status is CheckStatus.OK
        now = time.time
        monkeypatch.setattr(time, "time", lambda: now() + jump)
        check = _check_clock(await get_server_info(connection))
    assert (check.status, check.detail(EN)) == (
        CheckStatus.MISSING,
        translate("cli.doctor.clock.fix", EN, seconds=3600),
    )


async def test_doctor_tells_version_schema_and_rights(database: Database, empty_url: str) -> None:
    async with database.connection() as connection:
        info = await get_server_info(connection)
        assert (info.is_supported, info.may_migrate, info.is_current, info.role) == (True, True, True, "eva")
        assert info.version.partition(".")[0].isdecimal()
    assert _check_schema(info).status is CheckStatus.OK
    async with Database(empty_url) as empty, empty.connection() as connection:
        before = await get_server_info(connection)
    assert (before.may_migrate, before.is_current) == (True, False)
    cases = {
        "cli.doctor.schema.fix": before,
        "cli.doctor.schema.rights": replace(info, may_migrate=False),
        "cli.doctor.schema.version": replace(info, is_supported=False, version="13.1"),
    }
    for key, case in cases.items():
        check = _check_schema(case)
        expected = translate(key, EN, role="eva", version="13.1", minimum=14)
        assert (check.status, check.detail(EN)) == (CheckStatus.MISSING, expected)


async def test_doctor_says_what_similar_looks_need(database: Database) -> None:
    async with database.connection() as connection:
        state = await get_state(connection)
    assert _check_similar_looks(state).status is CheckStatus.OK
    assert str(state.installed) in _check_similar_looks(state).detail(EN)
    off = replace(state, is_set_up=False)
    cases = {
        "install": replace(off, installed="0.7.4"),
        "create": replace(off, installed=None, is_created=False),
        "migrate": off,
        "hidden": replace(off, installed=None),
        "incomplete": replace(state, is_complete=False),
    }
    for key, case in cases.items():
        check = _check_similar_looks(case)
        assert (check.status, check.detail(EN)) == (
            CheckStatus.OPTIONAL,
            translate(f"cli.doctor.similar.{key}", EN, minimum="0.8", version=""),
        )


async def test_a_role_without_rights_is_recognized(url: str) -> None:
    """The tables belong to another role, as after a restore by the administrator."""
    async with Database(url.replace("//eva@", "//postgres@")) as admin, admin.connection() as connection:
        await connection.execute(text("ALTER TABLE looks OWNER TO postgres"))
    async with Database(url) as database, database.connection() as connection:
        assert not (await get_server_info(connection)).may_migrate


def test_doctor_names_the_server_of_a_url(eva: RunEva, url: str) -> None:
    done = eva("doctor", DATABASE_URL=url)
    assert "PostgreSQL " in done.stdout, done.stderr
    assert translate("cli.doctor.schema.ok", EN) in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_starts_the_embedded_server_only_if_there_is_one(eva: RunEva, public: Path) -> None:
    data = {"EVA_DATA_DIR": str(public / "data"), "DATABASE_URL": ""}
    assert translate("cli.doctor.schema.ok", EN) not in eva("doctor", **data).stdout
    assert not (public / "data" / "postgres").exists()
    assert eva("migrate", **data).returncode == 0
    done = eva("doctor", **data)
    assert translate("cli.doctor.schema.ok", EN) in done.stdout
    assert translate("cli.doctor.retention.ok", EN) in done.stdout

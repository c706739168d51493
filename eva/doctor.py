"""Checks of `eva doctor`: what works on this machine, and how to fix what does not."""

import asyncio
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, timedelta
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, features

from core.errors import BackendUnavailableError, ModelError, PersistenceError
from core.i18n.translations import Language, translate
from core.images.formats import ImageFormat
from core.settings import EngineName, Environment, Settings
from core.vision.classifier import load_classifier

if TYPE_CHECKING:
    from core.db.backup_record import LastBackup
    from core.db.database import Database
    from core.db.server_info import ServerInfo
    from core.db.vector_search import VectorSearchState

KOREAN_SYSTEM_FONTS = (Path("/System/Library/Fonts/AppleSDGothicNeo.ttc"),)
"""Fonts with Korean letters of macOS."""

MAX_CLOCK_DIFFERENCE = timedelta(seconds=5)
"""Between this machine and the database; more than NTP leaves anywhere."""
CODECS = {ImageFormat.JPEG: "jpg", ImageFormat.WEBP: "webp", ImageFormat.AVIF: "avif"}
"""Formats that a build of Pillow may lack, with the names of `PIL.features`."""


class CheckStatus(StrEnum):
    """Result of a check."""

    OK = "ok"
    OPTIONAL = "optional"
    """Not available, and not needed to judge photos."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was checked."""

    name: str
    status: CheckStatus
    detail: str
    """What was found, or how to fix it."""


def run_checks(settings: Settings, language: Language) -> list[Check]:
    """Check everything that Eva needs or can use. TensorFlow is located but not loaded."""
    return [
        *_check_model(settings, language),
        _check_formats(language),
        _check_fonts(language),
        *asyncio.run(_check_persistence(settings, language)),
        *_check_channels(settings, language),
        *asyncio.run(_check_webhook(settings, language)),
        _check_public_url(settings, language),
        _check_training(language),
    ]


def _check_model(settings: Settings, language: Language) -> list[Check]:
    """Load the model and judge a gray image."""
    gray = Image.new("RGB", (64, 64), (124, 117, 104))
    engine = settings.engine.value
    started = time.perf_counter()
    try:
        with load_classifier(settings) as classifier:
            ms = round(1000 * (time.perf_counter() - started))
            verdict = classifier.classify(gray)
    except BackendUnavailableError:
        return [
            _make_check(
                "engine", CheckStatus.MISSING, translate("cli.doctor.engine.fix", language, engine=engine), language
            )
        ]
    except ModelError:
        return [_make_check("model", CheckStatus.MISSING, translate("cli.doctor.model.fix", language), language)]
    detail = translate("cli.doctor.model.ok", language, version=verdict.model, ms=ms)
    if settings.engine is EngineName.SCRIPTED:
        engine_check = _make_check("engine", CheckStatus.OPTIONAL, translate("cli.doctor.scripted", language), language)
    else:
        engine_check = _make_check(
            "engine", CheckStatus.OK, translate("cli.doctor.engine.ok", language, engine=verdict.engine), language
        )
    return [_make_check("model", CheckStatus.OK, detail, language), engine_check]


def _check_formats(language: Language) -> Check:
    missing = [image_format.value for image_format, codec in CODECS.items() if not features.check(codec)]
    if not _is_importable("pillow_heif"):
        missing.append(ImageFormat.HEIF.value)
    if missing:
        advice = translate("cli.doctor.photos.fix", language, formats=", ".join(missing))
        return _make_check("photos", CheckStatus.MISSING, advice, language)
    formats = ", ".join(image_format.value for image_format in ImageFormat)
    return _make_check("photos", CheckStatus.OK, translate("cli.doctor.photos.ok", language, formats=formats), language)


def _is_importable(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def _check_fonts(language: Language) -> Check:
    font = _find_korean_font()
    if font is None:
        return _make_check("fonts", CheckStatus.OPTIONAL, translate("cli.doctor.fonts.fix", language), language)
    return _make_check("fonts", CheckStatus.OK, translate("cli.doctor.fonts.ok", language, font=font), language)


def _find_korean_font() -> str | None:
    for path in KOREAN_SYSTEM_FONTS:
        if path.exists():
            return path.stem
    if not (command := shutil.which("fc-list")):
        return None
    listed = subprocess.run([command, ":lang=ko", "family"], capture_output=True, text=True, timeout=20, check=False)
    families = sorted(line.split(",")[0].strip() for line in listed.stdout.splitlines() if line.strip())
    return families[0] if families else None


async def _check_persistence(settings: Settings, language: Language) -> list[Check]:
    """Check database and image storage. The embedded database is started if it was created before."""
    # Half a second of imports that `eva ask`, which shares eva.console, must not pay.
    from core.object_storage import ObjectStorage

    checks = await _check_database(settings, language)
    try:
        await ObjectStorage(settings.object_storage_url).check()
    except PersistenceError:
        storage = _make_check("storage", CheckStatus.MISSING, translate("cli.doctor.storage.fix", language), language)
    else:
        storage = _make_check("storage", CheckStatus.OK, translate("cli.doctor.storage.ok", language), language)
    return [*checks, storage]


async def _check_database(settings: Settings, language: Language) -> list[Check]:
    from core.db.server_info import get_server_info
    from core.db.vector_search import get_state
    from core.resources import has_database, open_database

    detail = translate("cli.doctor.database.embedded", language)
    if not has_database(settings):
        return [_make_check("database", CheckStatus.OK, detail, language)]
    is_embedded = settings.database_url is None
    try:
        async with open_database(settings) as database:
            async with database.connection() as connection:
                info = await get_server_info(connection)
                vectors = await get_state(connection)
            contents = [
                *await _check_secret_key(database, settings, language),
                *await _check_contents(database, settings, language),
            ]
            if not is_embedded:
                detail = translate("cli.doctor.database.ok", language, where=database.url.host, version=info.version)
    except PersistenceError as error:
        advice = translate("cli.doctor.database.fix", language)
        if is_embedded:
            advice = translate("cli.doctor.database.embedded.fix", language, detail=error.detail)
        return [_make_check("database", CheckStatus.MISSING, advice, language)]
    server = [_check_server(info, language), _check_clock(info, language), _check_similar_looks(vectors, language)]
    return [_make_check("database", CheckStatus.OK, detail, language), *server, *contents]


def _check_similar_looks(state: "VectorSearchState", language: Language) -> Check:
    """Check that looks can be searched by their vectors, and say what is missing if not."""
    from core.db.vector_search import MIN_VERSION

    if state.is_set_up:
        key = "ok" if state.is_complete else "incomplete"
    elif not state.is_new_enough:
        key = "install"
    elif not state.is_created:
        key = "create"
    else:
        key = "migrate" if state.installed is not None else "hidden"
    status = CheckStatus.OK if key == "ok" else CheckStatus.OPTIONAL
    minimum = ".".join(map(str, MIN_VERSION))
    detail = translate(f"cli.doctor.similar.{key}", language, version=state.installed or "", minimum=minimum)
    return _make_check("similar", status, detail, language)


def _check_server(info: "ServerInfo", language: Language) -> Check:
    """Check version, rights and schema; the first of them that is wrong is told."""
    from core.db.server_info import MIN_VERSION

    problem = None
    if not info.is_supported:
        problem = translate("cli.doctor.schema.version", language, version=info.version, minimum=MIN_VERSION)
    elif not info.may_migrate:
        problem = translate("cli.doctor.schema.rights", language, role=info.role)
    elif not info.is_current:
        problem = translate("cli.doctor.schema.fix", language)
    if problem is not None:
        return _make_check("schema", CheckStatus.MISSING, problem, language)
    return _make_check("schema", CheckStatus.OK, translate("cli.doctor.schema.ok", language), language)


def _check_clock(info: "ServerInfo", language: Language) -> Check:
    """Check that this machine and the database have the same time."""
    if info.clock_difference > MAX_CLOCK_DIFFERENCE:
        seconds = round(info.clock_difference.total_seconds())
        detail = translate("cli.doctor.clock.fix", language, seconds=seconds)
        return _make_check("clock", CheckStatus.MISSING, detail, language)
    return _make_check("clock", CheckStatus.OK, translate("cli.doctor.clock.ok", language), language)


async def _check_secret_key(database: "Database", settings: Settings, language: Language) -> list[Check]:
    """Compare the secret key with the one of the last process that was started; no result before the first start."""
    from sqlalchemy.exc import ProgrammingError

    from core.db import secret_key_record
    from core.errors import MissingSecretKeyError, WeakSecretKeyError
    from core.signing import fingerprint, load_old_keys, load_secret_key

    try:
        async with database.connection() as connection:
            former = await secret_key_record.get_secret_fingerprint(connection)
    except ProgrammingError:
        return []
    if former is None:
        return []
    try:
        keys = [load_secret_key(settings), *load_old_keys(settings)]
    except (MissingSecretKeyError, WeakSecretKeyError) as error:
        return [_make_check("secret", CheckStatus.MISSING, str(error), language)]
    status, key = (CheckStatus.OK, "ok") if former in map(fingerprint, keys) else (CheckStatus.MISSING, "fix")
    return [_make_check("secret", status, translate(f"cli.doctor.secret.{key}", language), language)]


async def _check_contents(database: "Database", settings: Settings, language: Language) -> list[Check]:
    """Check for updates that were given up, images past their time and late backups; no result on older tables."""
    from sqlalchemy.exc import ProgrammingError

    from core.db import dead_letters
    from core.db.backup_record import get_last_backup
    from core.services.overdue_deletion import LATE_AFTER, get_longest_overdue

    try:
        async with database.connection() as connection:
            count = await dead_letters.count_failed(connection)
            overdue = await get_longest_overdue(connection)
            last_backup = await get_last_backup(connection)
    except ProgrammingError:
        return []
    updates = _make_check("updates", CheckStatus.OK, translate("cli.doctor.updates.ok", language), language)
    if count:
        detail = translate("cli.doctor.updates.fix", language, count=count)
        updates = _make_check("updates", CheckStatus.MISSING, detail, language)
    retention = _make_check("retention", CheckStatus.OK, translate("cli.doctor.retention.ok", language), language)
    if overdue >= LATE_AFTER:
        hours = int(overdue.total_seconds() // 3600)
        detail = translate("cli.doctor.retention.fix", language, hours=hours)
        retention = _make_check("retention", CheckStatus.MISSING, detail, language)
    return [updates, retention, _check_backup(last_backup, language, is_needed=settings.env is Environment.PRODUCTION)]


def _check_backup(last: "LastBackup | None", language: Language, *, is_needed: bool) -> Check:
    """Check that a backup was made lately; `is_needed` tells whether one is made every night, as in production."""
    if last is None:
        return _make_check("backup", CheckStatus.OPTIONAL, translate("cli.doctor.backup.none", language), language)
    status, key = (CheckStatus.MISSING, "fix") if last.is_late and is_needed else (CheckStatus.OK, "ok")
    date = f"{last.taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return _make_check("backup", status, translate(f"cli.doctor.backup.{key}", language, date=date), language)


def _check_public_url(settings: Settings, language: Language) -> Check:
    """Check that messengers can reach Eva."""
    if settings.public_url is None:
        return _make_check("url", CheckStatus.OPTIONAL, translate("cli.doctor.url.fix", language), language)
    return _make_check(
        "url", CheckStatus.OK, translate("cli.doctor.url.ok", language, url=settings.public_url), language
    )


def _check_channels(settings: Settings, language: Language) -> list[Check]:
    """Check which messengers are configured."""
    keys = {"telegram": settings.telegram_token, "kakao": settings.kakao_skill_key}
    return [
        _make_check(channel, CheckStatus.OK, translate(f"cli.doctor.{channel}.ok", language), language)
        if key is not None
        else _make_check(channel, CheckStatus.OPTIONAL, translate(f"cli.doctor.{channel}.fix", language), language)
        for channel, key in keys.items()
    ]


async def _check_webhook(settings: Settings, language: Language) -> list[Check]:
    """Check that Telegram delivers updates; no result without what the webhook needs."""
    if settings.telegram_token is None or settings.telegram_webhook_secret is None:
        return []
    # Takes long to import.
    from bot.telegram.setup import WebhookState, get_webhook_state

    state, reason = await get_webhook_state(settings)
    status = CheckStatus.MISSING
    if state in {WebhookState.UNSET, WebhookState.UNREACHABLE}:
        status = CheckStatus.OPTIONAL
    elif state is WebhookState.OK:
        status = CheckStatus.OK
    detail = translate(f"cli.doctor.webhook.{state}", language, reason=reason)
    return [_make_check("webhook", status, detail, language)]


def _check_training(language: Language) -> Check:
    if find_spec("tensorflow") is None:
        return _make_check("training", CheckStatus.OPTIONAL, translate("cli.doctor.training.fix", language), language)
    try:
        installed = version("tensorflow")
    except PackageNotFoundError:
        installed = "?"
    return _make_check(
        "training", CheckStatus.OK, translate("cli.doctor.training.ok", language, version=installed), language
    )


def _make_check(key: str, status: CheckStatus, detail: str, language: Language) -> Check:
    return Check(name=translate(f"cli.doctor.{key}", language), status=status, detail=detail)

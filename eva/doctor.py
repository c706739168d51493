"""Checks of `eva doctor`: what works on this machine, and how to fix what does not."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import Mapping
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
    from core.db.backups import LastBackup
    from core.db.database import Database
    from core.db.installation import ServerInfo
    from core.db.similar_looks import VectorSearchState

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


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. Its texts are `cli.doctor.<name>` and `cli.doctor.<name>.<finding>`."""

    name: str
    status: CheckStatus
    finding: str
    """What was found, or how to fix it."""
    values: Mapping[str, object]
    """Of the placeholders in the text of the finding."""

    def title(self, language: Language) -> str:
        """What was checked."""
        return translate(f"cli.doctor.{self.name}", language)

    def detail(self, language: Language) -> str:
        """What was found, or how to fix it."""
        return translate(f"cli.doctor.{self.name}.{self.finding}", language, **self.values)


def _ok(name: str, finding: str = "ok", **values: object) -> Check:
    return Check(name, CheckStatus.OK, finding, values)


def _optional(name: str, finding: str = "fix", **values: object) -> Check:
    return Check(name, CheckStatus.OPTIONAL, finding, values)


def _missing(name: str, finding: str = "fix", **values: object) -> Check:
    return Check(name, CheckStatus.MISSING, finding, values)


def run_checks(settings: Settings) -> list[Check]:
    """Check everything that Eva needs or can use. TensorFlow is located but not loaded."""
    return [
        *_check_model(settings),
        _check_formats(),
        _check_fonts(),
        *asyncio.run(_check_services(settings)),
        _check_public_url(settings),
        _check_training(),
    ]


def _check_model(settings: Settings) -> list[Check]:
    """Load the model and judge a gray image."""
    gray = Image.new("RGB", (64, 64), (124, 117, 104))
    started = time.perf_counter()
    try:
        with load_classifier(settings) as classifier:
            ms = round(1000 * (time.perf_counter() - started))
            verdict = classifier.classify(gray)
    except BackendUnavailableError:
        return [_missing("engine", engine=settings.engine.value)]
    except ModelError:
        return [_missing("model")]
    is_scripted = settings.engine is EngineName.SCRIPTED
    engine = _optional("engine", "scripted") if is_scripted else _ok("engine", engine=verdict.engine)
    return [_ok("model", version=verdict.model, ms=ms), engine]


def _check_formats() -> Check:
    missing = [image_format.value for image_format, codec in CODECS.items() if not features.check(codec)]
    try:
        import pillow_heif  # noqa: F401
    except ImportError:
        missing.append(ImageFormat.HEIF.value)
    if missing:
        return _missing("photos", formats=", ".join(missing))
    return _ok("photos", formats=", ".join(image_format.value for image_format in ImageFormat))


def _check_fonts() -> Check:
    font = _find_korean_font()
    return _ok("fonts", font=font) if font else _optional("fonts")


def _find_korean_font() -> str | None:
    for path in KOREAN_SYSTEM_FONTS:
        if path.exists():
            return path.stem
    if not (command := shutil.which("fc-list")):
        return None
    listed = subprocess.run([command, ":lang=ko", "family"], capture_output=True, text=True, timeout=20, check=False)
    families = sorted(line.split(",")[0].strip() for line in listed.stdout.splitlines() if line.strip())
    return families[0] if families else None


async def _check_services(settings: Settings) -> list[Check]:
    return [
        *await _check_database(settings),
        await _check_storage(settings),
        _ok("telegram") if settings.telegram_token else _optional("telegram"),
        _ok("kakao") if settings.kakao_skill_key else _optional("kakao"),
        *await _check_webhook(settings),
    ]


async def _check_database(settings: Settings) -> list[Check]:
    """Check the database and what is in it. The embedded one is started if it was created before."""
    # Half a second of imports that `eva ask`, which shares eva.console, must not pay.
    from core.db.installation import get_server_info
    from core.db.similar_looks import get_state
    from core.resources import has_database, open_database

    if not has_database(settings):
        return [_ok("database", "embedded")]
    is_embedded = settings.database_url is None
    try:
        async with open_database(settings) as database:
            async with database.connection() as connection:
                info = await get_server_info(connection)
                vectors = await get_state(connection)
            contents = [*await _check_secret_key(database, settings), *await _check_contents(database, settings)]
            where = database.url.host
    except PersistenceError as error:
        finding = "embedded.fix" if is_embedded else "fix"
        return [_missing("database", finding, detail=error.detail or type(error).__name__)]
    server = _ok("database", "embedded") if is_embedded else _ok("database", where=where, version=info.version)
    return [server, _check_schema(info), _check_clock(info), _check_similar_looks(vectors), *contents]


async def _check_storage(settings: Settings) -> Check:
    from core.object_storage import ObjectStorage

    try:
        await ObjectStorage(settings.object_storage_url).check()
    except PersistenceError:
        return _missing("storage")
    return _ok("storage")


def _check_similar_looks(state: "VectorSearchState") -> Check:
    """Check that looks can be searched by their vectors, and say what is missing if not."""
    from core.db.similar_looks import MIN_VERSION

    if state.is_set_up:
        return _ok("similar", version=state.installed) if state.is_complete else _optional("similar", "incomplete")
    if not state.is_new_enough:
        return _optional("similar", "install", minimum=".".join(map(str, MIN_VERSION)))
    if not state.is_created:
        return _optional("similar", "create")
    return _optional("similar", "hidden" if state.installed is None else "migrate")


def _check_schema(info: "ServerInfo") -> Check:
    """Check version, rights and schema; the first of them that is wrong is told."""
    from core.db.installation import MIN_VERSION

    if not info.is_supported:
        return _missing("schema", "version", version=info.version, minimum=MIN_VERSION)
    if not info.may_migrate:
        return _missing("schema", "rights", role=info.role)
    return _ok("schema") if info.is_current else _missing("schema")


def _check_clock(info: "ServerInfo") -> Check:
    """Check that this machine and the database have the same time."""
    if info.clock_difference > MAX_CLOCK_DIFFERENCE:
        return _missing("clock", seconds=round(info.clock_difference.total_seconds()))
    return _ok("clock")


async def _check_secret_key(database: "Database", settings: Settings) -> list[Check]:
    """Compare the secret key with the one of the last process that was started; no result before the first start."""
    from sqlalchemy.exc import ProgrammingError

    from core.db import installation
    from core.errors import DataFolderError, MissingSecretKeyError, WeakSecretKeyError
    from core.signing import fingerprint, load_old_keys, load_secret_key, secret_key_file

    try:
        async with database.connection() as connection:
            former = await installation.get_secret_fingerprint(connection)
    except ProgrammingError:
        return []
    if former is None:
        return []
    try:
        keys = [load_secret_key(settings), *load_old_keys(settings)]
    except MissingSecretKeyError:
        return [_missing("secret", "missing")]
    except WeakSecretKeyError:
        return [_missing("secret", "weak", path=secret_key_file(settings))]
    except DataFolderError:
        return [_missing("secret", "unreadable", path=secret_key_file(settings))]
    return [_ok("secret") if former in map(fingerprint, keys) else _missing("secret")]


async def _check_contents(database: "Database", settings: Settings) -> list[Check]:
    """Check for updates that were given up, images past their time and late backups; no result on older tables."""
    from sqlalchemy.exc import ProgrammingError

    from core.db import queued_updates
    from core.db.backups import get_last_backup
    from core.services.deletion import LATE_AFTER, get_longest_overdue

    try:
        async with database.connection() as connection:
            count = await queued_updates.count_failed(connection)
            overdue = await get_longest_overdue(connection)
            last_backup = await get_last_backup(connection)
    except ProgrammingError:
        return []
    hours = int(overdue.total_seconds() // 3600)
    return [
        _missing("updates", count=count) if count else _ok("updates"),
        _missing("retention", hours=hours) if overdue >= LATE_AFTER else _ok("retention"),
        _check_backup(last_backup, is_needed=settings.env is Environment.PRODUCTION),
    ]


def _check_backup(last: "LastBackup | None", *, is_needed: bool) -> Check:
    """Check that a backup was made lately; `is_needed` tells whether one is made every night, as in production."""
    if last is None:
        return _optional("backup", "none")
    date = f"{last.taken_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return _missing("backup", date=date) if last.is_late and is_needed else _ok("backup", date=date)


async def _check_webhook(settings: Settings) -> list[Check]:
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
    return [Check("webhook", status, state, {"reason": reason})]


def _check_public_url(settings: Settings) -> Check:
    """Check that messengers can reach Eva."""
    return _ok("url", url=settings.public_url) if settings.public_url else _optional("url")


def _check_training() -> Check:
    if find_spec("tensorflow") is None:
        return _optional("training")
    try:
        return _ok("training", version=version("tensorflow"))
    except PackageNotFoundError:
        return _ok("training", version="?")

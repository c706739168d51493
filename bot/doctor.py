"""What works here and what does not, each with what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, features

from bot.texts import text
from core.errors import EngineUnavailable, MemoryFault, ModelError
from core.formats import PhotoFormat
from core.photos import Picture
from core.settings import EngineName
from core.vision.classifier import load_classifier

if TYPE_CHECKING:
    from bot.texts import Language
    from core.settings import Settings

__all__ = ["Check", "State", "examine"]

SYSTEM_FONTS = (
    Path("/System/Library/Fonts/AppleSDGothicNeo.ttc"),
    Path("C:/Windows/Fonts/malgun.ttf"),
)
"""Fonts with Korean letters that come with macOS and Windows."""

CODECS = {PhotoFormat.JPEG: "jpg", PhotoFormat.WEBP: "webp", PhotoFormat.AVIF: "avif"}
"""Formats for which Pillow needs a library that a build of it may lack, and its name for that."""


class State(StrEnum):
    """How one thing is."""

    OK = "ok"
    OPTIONAL = "optional"
    """Not there, and Eva judges all the same."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    finding: str
    """What was found, or how to mend it."""


def examine(settings: Settings, language: Language) -> list[Check]:
    """Look at everything that Eva needs or can use. TensorFlow is looked for, not loaded."""
    return [
        *_judging(settings, language),
        _formats(language),
        _fonts(language),
        *asyncio.run(_memory(settings, language)),
        *_channels(settings, language),
        _address(settings, language),
        _training(language),
    ]


def _judging(settings: Settings, language: Language) -> list[Check]:
    """Whether a picture really can be judged: load the model and ask it once."""
    grey = Picture(image=Image.new("RGB", (64, 64), (124, 117, 104)), width=64, height=64, format="PNG")
    engine = settings.engine.value
    started = time.perf_counter()
    try:
        with load_classifier(settings) as classifier:
            ms = round(1000 * (time.perf_counter() - started))
            verdict = classifier.judge(grey)
    except EngineUnavailable:
        return [_check("engine", State.MISSING, text("cli.doctor.engine.mend", language, engine=engine), language)]
    except ModelError:
        return [_check("model", State.MISSING, text("cli.doctor.model.mend", language), language)]
    found = text("cli.doctor.model.ok", language, version=verdict.model, ms=ms)
    if settings.engine is EngineName.SCRIPTED:
        engine_check = _check("engine", State.OPTIONAL, text("cli.doctor.scripted", language), language)
    else:
        engine_check = _check(
            "engine", State.OK, text("cli.doctor.engine.ok", language, engine=verdict.engine), language
        )
    return [_check("model", State.OK, found, language), engine_check]


def _formats(language: Language) -> Check:
    missing = [form.value for form, codec in CODECS.items() if not features.check(codec)]
    if not _imports("pillow_heif"):
        missing.append(PhotoFormat.HEIF.value)
    if missing:
        mend = text("cli.doctor.photos.mend", language, formats=", ".join(missing))
        return _check("photos", State.MISSING, mend, language)
    formats = ", ".join(form.value for form in PhotoFormat)
    return _check("photos", State.OK, text("cli.doctor.photos.ok", language, formats=formats), language)


def _imports(module: str) -> bool:
    try:
        __import__(module)
    except ImportError:
        return False
    return True


def _fonts(language: Language) -> Check:
    font = _korean_font()
    if font is None:
        return _check("fonts", State.OPTIONAL, text("cli.doctor.fonts.mend", language), language)
    return _check("fonts", State.OK, text("cli.doctor.fonts.ok", language, font=font), language)


def _korean_font() -> str | None:
    for path in SYSTEM_FONTS:
        if path.exists():
            return path.stem
    if sys.platform == "win32" or not (command := shutil.which("fc-list")):
        return None
    listed = subprocess.run([command, ":lang=ko", "family"], capture_output=True, text=True, timeout=20, check=False)
    families = sorted(line.split(",")[0].strip() for line in listed.stdout.splitlines() if line.strip())
    return families[0] if families else None


async def _memory(settings: Settings, language: Language) -> list[Check]:
    """Whether Eva can remember. The embedded database is not started for this."""
    # Half a second of imports, and the terminal, which shows these checks, also shows `eva ask`'s answer.
    from sqlalchemy.engine import make_url  # noqa: PLC0415

    from core.db.engine import Database  # noqa: PLC0415
    from core.storage import Storage  # noqa: PLC0415

    if settings.database_url is None:
        database = _check("database", State.OK, text("cli.doctor.database.embedded", language), language)
    else:
        try:
            async with Database(settings.database_url.get_secret_value()) as given:
                await given.check()
        except MemoryFault:
            database = _check("database", State.MISSING, text("cli.doctor.database.mend", language), language)
        else:
            where = make_url(given.conninfo).host or "?"
            database = _check("database", State.OK, text("cli.doctor.database.ok", language, where=where), language)
    try:
        await Storage(settings.pictures_url).check()
    except MemoryFault:
        return [database, _check("storage", State.MISSING, text("cli.doctor.storage.mend", language), language)]
    return [database, _check("storage", State.OK, text("cli.doctor.storage.ok", language), language)]


def _address(settings: Settings, language: Language) -> Check:
    """Whether messengers can reach her."""
    if settings.public_url is None:
        return _check("url", State.OPTIONAL, text("cli.doctor.url.mend", language), language)
    return _check("url", State.OK, text("cli.doctor.url.ok", language, url=str(settings.public_url)), language)


def _channels(settings: Settings, language: Language) -> list[Check]:
    """Which messengers are on; one without its settings is off."""
    keys = {"telegram": settings.telegram_token, "kakao": settings.kakao_key}
    return [
        _check(channel, State.OK, text(f"cli.doctor.{channel}.ok", language), language)
        if key is not None
        else _check(channel, State.OPTIONAL, text(f"cli.doctor.{channel}.mend", language), language)
        for channel, key in keys.items()
    ]


def _training(language: Language) -> Check:
    if find_spec("tensorflow") is None:
        return _check("training", State.OPTIONAL, text("cli.doctor.training.mend", language), language)
    try:
        found = version("tensorflow")
    except PackageNotFoundError:
        found = "?"
    return _check("training", State.OK, text("cli.doctor.training.ok", language, version=found), language)


def _check(key: str, state: State, finding: str, language: Language) -> Check:
    return Check(name=text(f"cli.doctor.{key}", language), state=state, finding=finding)

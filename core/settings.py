"""Everything that can be set from outside, in one place: environment variables that begin with EVA_."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["EngineName", "Environment", "Settings"]


class EngineName(StrEnum):
    """What runs the network."""

    LITERT = "litert"
    TENSORFLOW = "tensorflow"
    SCRIPTED = "scripted"


class Environment(StrEnum):
    """Where Eva runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """Eva's settings; `Settings()` reads them from the environment, once, at the start.

    Raises:
        pydantic.ValidationError: a variable holds a value that is not one of its choices.
    """

    model_config = SettingsConfigDict(
        env_prefix="EVA_",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        frozen=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    engine: EngineName = EngineName.LITERT
    """What judges photos: `litert`, the model as it ships; `tensorflow`, the same in float32, to compare
    (needs the extra `train`); `scripted`, made-up verdicts for work on the site, which say so and are
    refused in production."""
    env: Environment = Environment.DEVELOPMENT
    """`development` or `production`."""
    model_dir: Path | None = None
    """Folder of the model and its `model.json`, if not the one that ships with Eva."""
    telegram_token: SecretStr | None = None
    """The token that @BotFather gave; without it Telegram is off."""
    telegram_secret: SecretStr | None = None
    """What Telegram must send in `X-Telegram-Bot-Api-Secret-Token`: 1 to 256 letters, digits, `_` or `-`."""
    telegram_api_url: str = "https://api.telegram.org"
    """Root of the Bot API, for a server of one's own or a fake."""
    kakao_key: SecretStr | None = None
    """What Kakao must send in `x-skill-key`; without it KakaoTalk is off."""
    kakao_bot_id: str | None = None
    """The only bot whose calls are answered, without the `!` of its development channel."""
    kakao_image_hosts: Annotated[tuple[str, ...], NoDecode] = (".kakaocdn.net", ".talk.kakao.com")
    """Hosts that photos are fetched from, with commas between; one that begins with a dot stands for all under it."""

    @field_validator("kakao_image_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(host for each in value.split(",") if (host := each.strip().lower()))

    @field_validator("telegram_secret")
    @classmethod
    def _as_telegram_allows(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("must be 1 to 256 letters, digits, _ or -")
        return value

    @field_validator("telegram_api_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

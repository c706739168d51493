"""Everything that can be set from outside, in one place: environment variables that begin with EVA_.

One does not begin so: DATABASE_URL, the name that hosts give it.
"""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class EngineName(StrEnum):
    """What runs the network."""

    LITERT = "litert"
    TENSORFLOW = "tensorflow"
    SCRIPTED = "scripted"


class Environment(StrEnum):
    """Where Eva runs."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class WorkerPlace(StrEnum):
    """Where the queue's jobs are done."""

    INLINE = "inline"
    """In the process that also serves the web."""
    OFF = "off"
    """Elsewhere: in processes of `eva worker`."""


class Settings(BaseSettings):
    """Eva's settings; `Settings()` reads them from the environment, once, at the start.

    Raises:
        pydantic.ValidationError: a variable holds a value that is not one of its choices or out of its range.
    """

    model_config = SettingsConfigDict(
        env_prefix="EVA_",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        frozen=True,
        populate_by_name=True,
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
    data_dir: Path = Path(".eva")
    """Folder for what Eva keeps on this machine: the embedded Postgres, pictures and the secret key, each only
    where its own setting names no other place."""
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """A Postgres, `postgresql://user:password@host/name`; `postgres://` is the same. Without it an embedded one
    runs."""
    storage_url: str | None = None
    """Where pictures lie: `file:///folder` or `s3://bucket/prefix` (the rest by AWS's own variables); without it
    `pictures` in the data folder."""
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    """Signs links, at least 32 characters. Required in production; in development one is made and kept in the
    data folder."""
    private_photo_ttl_hours: int = Field(default=24, ge=1)
    """Hours after which the pictures of a look that was not shared are deleted."""
    page_cache_seconds: float = Field(default=1.0, ge=0, le=60)
    """Seconds for which the board and its looks may be shown again, as they are, to people who have never done
    anything on the site; 0, each of them sees them anew."""
    photos_per_person_per_day: int = Field(default=60, ge=1)
    """Photos that one person may show in a day; days turn at midnight in Seoul."""
    photos_per_ip_per_day: int = Field(default=200, ge=1)
    """Photos that the site takes from one address in a day: people behind one router share it."""
    writes_per_minute: int = Field(default=60, ge=1)
    """Whatever changes something on the site, from one address and by one visitor; ten times as much in an hour."""
    new_visitors_per_ip_per_hour: int = Field(default=20, ge=1)
    """New visitors that one address may bring along in an hour, by hearts, photos and the like."""
    run_worker: WorkerPlace = WorkerPlace.INLINE
    """`inline`, the web process does the queue's jobs too; `off`, only `eva worker` does."""
    public_url: HttpUrl | None = None
    """The address at which others reach Eva, for links and pictures that she sends."""
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """Who may moderate: identities as `provider:subject`, e.g. `telegram:12345`, with commas between."""
    telegram_token: SecretStr | None = None
    """The token that @BotFather gave; without it Telegram is off."""
    telegram_webhook_secret: SecretStr | None = None
    """What Telegram must send in `X-Telegram-Bot-Api-Secret-Token`: 1 to 256 letters, digits, `_` or `-`."""
    telegram_api_url: str = "https://api.telegram.org"
    """Root of the Bot API, for a server of one's own or a fake."""
    telegram_messages_per_second: int = Field(default=30, ge=1, le=1000)
    """Messages a second to all chats together; more than Telegram's 30 only with its paid broadcasts."""
    kakao_skill_key: SecretStr | None = None
    """What Kakao must send in `x-skill-key`; without it KakaoTalk is off."""
    kakao_bot_id: str | None = None
    """The only bot whose calls are answered, without the `!` of its development channel."""
    kakao_image_hosts: Annotated[tuple[str, ...], NoDecode] = (".kakaocdn.net", ".talk.kakao.com")
    """Hosts that photos are fetched from, with commas between; one that begins with a dot stands for all under it."""
    kakao_js_key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{8,64}$")
    """The JavaScript key of Kakao's app, for the button that shares looks; without it there is no such button."""
    kakao_sdk_version: str = Field(default="2.8.3", pattern=r"^\d+\.\d+\.\d+$")
    """Of the script that Kakao's button needs; only together with its hash."""
    kakao_sdk_integrity: str = Field(
        default="sha384-oroumrnFVE0xtgqyDZJARgERibXg2C28380uaUZz2kHDS5CR7tu20eGiOU6GkTpy",
        pattern=r"^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}$",
    )
    """The hash of that script, as browsers check it (subresource integrity); only together with its version."""

    telegram_bot_username: str | None = Field(default=None, pattern="^[A-Za-z0-9_]{5,32}$")
    """The bot's name without its `@`; with it, and the token, the site has Telegram's older login, a button of
    Telegram's own."""
    telegram_client_id: str | None = None
    """The Client ID that @BotFather gives under Web Login; with its secret, people can log in with Telegram."""
    telegram_client_secret: SecretStr | None = None
    """The Client Secret of that."""
    telegram_login_issuer: str = "https://oauth.telegram.org"
    """Who signs Telegram's logins; its discovery document lies under it."""
    kakao_client_id: str | None = None
    """The REST API key of an app at Kakao Developers; with its secret, people can log in with Kakao."""
    kakao_client_secret: SecretStr | None = None
    """The client secret of that key."""
    kakao_admin_key: SecretStr | None = None
    """The admin key of that app, with which Kakao says that somebody disconnected it; without it nobody is heard."""
    kakao_login_issuer: str = "https://kauth.kakao.com"
    """Who signs Kakao's logins; its discovery document lies under it."""
    facebook_client_id: str | None = None
    """The id of an app at Meta for Developers; with its secret, people can log in with Facebook."""
    facebook_client_secret: SecretStr | None = None
    """The app secret."""
    facebook_version: str = Field(default="v26.0", pattern=r"^v[0-9]+\.[0-9]+$")
    """The version of the Graph API."""
    facebook_dialog_url: str = "https://www.facebook.com"
    """Root of Facebook's own pages, where people agree."""
    facebook_graph_url: str = "https://graph.facebook.com"
    """Root of the Graph API."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not be read by others."""
        given = (getattr(self, name) for name in type(self).model_fields)
        values = [each.get_secret_value() for each in given if isinstance(each, SecretStr)]
        return (*values, *self._database_password())

    def _database_password(self) -> tuple[str, ...]:
        """The database's, if its address can be read."""
        try:
            password = urlsplit(self.database_url.get_secret_value()).password if self.database_url else None
        except ValueError:
            return ()
        return (password,) if password else ()

    @property
    def is_https(self) -> bool:
        """Whether others reach Eva over https."""
        return self.public_url is not None and self.public_url.scheme == "https"

    @property
    def object_storage_url(self) -> str:
        """Where pictures lie, as a URL."""
        return self.storage_url or (self.data_dir.absolute() / "pictures").as_uri()

    @model_validator(mode="after")
    def _require_sdk_pair(self) -> Self:
        if len(self.model_fields_set & {"kakao_sdk_version", "kakao_sdk_integrity"}) == 1:
            raise ValueError("EVA_KAKAO_SDK_VERSION and EVA_KAKAO_SDK_INTEGRITY must be set together")
        return self

    @field_validator("admins", mode="before")
    @classmethod
    def _split_admins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(who for each in value.split(",") if (who := each.strip()))

    @field_validator("admins")
    @classmethod
    def _check_admins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[a-z_]+:\S+", each) for each in value):
            raise ValueError("must be provider:subject, with commas between")
        return value

    @field_validator("kakao_image_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(host for each in value.split(",") if (host := each.strip().lower()))

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _check_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("must be 1 to 256 letters, digits, _ or -")
        return value

    @model_validator(mode="after")
    def _require_client_pairs(self) -> Self:
        """A login that is half set up is a mistake, and not a login that is switched off."""
        for login in ("kakao", "facebook", "telegram"):
            if (getattr(self, f"{login}_client_id") is None) is not (getattr(self, f"{login}_client_secret") is None):
                raise ValueError(f"EVA_{login.upper()}_CLIENT_ID and EVA_{login.upper()}_CLIENT_SECRET belong together")
        return self

    @field_validator(
        "telegram_login_issuer", "telegram_api_url", "kakao_login_issuer", "facebook_dialog_url", "facebook_graph_url"
    )
    @classmethod
    def _strip_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

"""Configuration from environment variables: `EVA_<NAME OF THE FIELD>`, and DATABASE_URL, the name that hosts use.

`docs/configuration.md` is generated from the field descriptions.
"""

import os
import re
from enum import StrEnum
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, TypeAdapter, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "EVA_"
TEST_PREFIX = "EVA_TEST_"
"""Variables that only the test suite reads."""
ADMIN_PROVIDERS = ("telegram", "kakao", "kakao_login", "facebook", "web")
"""The values of `core.db.schema.IdentityProvider`, which takes long to import."""
_ADMIN_VALUES = {"providers": ", ".join(ADMIN_PROVIDERS)}
RDS_VARIABLES = ("RDS_HOSTNAME", "RDS_PORT", "RDS_DB_NAME", "RDS_USERNAME", "RDS_PASSWORD")
"""What AWS Elastic Beanstalk sets for an attached database; together they stand for DATABASE_URL."""
RENAMED = {
    "EVA_DAILY_PHOTOS": "EVA_PHOTOS_PER_PERSON_PER_DAY",
    "EVA_DAILY_PHOTOS_PER_ADDRESS": "EVA_PHOTOS_PER_IP_PER_DAY",
    "EVA_FACEBOOK_ID": "EVA_FACEBOOK_CLIENT_ID",
    "EVA_FACEBOOK_SECRET": "EVA_FACEBOOK_CLIENT_SECRET",
    "EVA_FACEBOOK_URL": "EVA_FACEBOOK_DIALOG_URL",
    "EVA_KAKAO_KEY": "EVA_KAKAO_SKILL_KEY",
    "EVA_KAKAO_LOGIN_ID": "EVA_KAKAO_CLIENT_ID",
    "EVA_KAKAO_LOGIN_SECRET": "EVA_KAKAO_CLIENT_SECRET",
    "EVA_KEEP_PAGES": "EVA_PAGE_CACHE_SECONDS",
    "EVA_KEEP_PRIVATE_HOURS": "EVA_PRIVATE_PHOTO_TTL_HOURS",
    "EVA_NEWCOMERS_PER_HOUR": "EVA_NEW_VISITORS_PER_IP_PER_HOUR",
    "EVA_TELEGRAM_LOGIN_ID": "EVA_TELEGRAM_CLIENT_ID",
    "EVA_TELEGRAM_LOGIN_SECRET": "EVA_TELEGRAM_CLIENT_SECRET",
    "EVA_TELEGRAM_NAME": "EVA_TELEGRAM_BOT_USERNAME",
    "EVA_TELEGRAM_RATE": "EVA_TELEGRAM_MESSAGES_PER_SECOND",
    "EVA_TELEGRAM_SECRET": "EVA_TELEGRAM_WEBHOOK_SECRET",
    "EVA_WORKER": "EVA_RUN_WORKER",
}
"""Former names of variables, for the error message."""


def _normalize_http_url(value: str) -> str:
    return str(TypeAdapter(HttpUrl).validate_python(value)).rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_normalize_http_url)]
"""An http or https URL without a trailing slash; its host is in punycode, as browsers send it."""


class EngineName(StrEnum):
    """Inference backends."""

    LITERT = "litert"
    SCRIPTED = "scripted"


class Environment(StrEnum):
    """Deployment environments."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _must_be_together(*names: str) -> PydanticCustomError:
    return PydanticCustomError("together", "{names} must be set together", {"names": ", ".join(names)})


def _passwords(url: str) -> tuple[str, ...]:
    """The password in a URL, as it is and as it stands there, if the URL can be parsed and has one."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return ()
    return (password, unquote(password)) if password else ()


class LimitStorageName(StrEnum):
    """Where counters of rate limits are."""

    DATABASE = "database"
    MEMORY = "memory"


class Settings(BaseSettings):
    """All settings; `Settings()` reads them from the environment once, when the process starts.

    Raises:
        pydantic.ValidationError: a value is invalid, settings contradict each other, or there is an unknown variable
            with the prefix EVA_. `eva` says each of them in the language of the terminal (`eva.cli_errors`).
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        frozen=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    engine: EngineName = EngineName.LITERT
    """Where verdicts come from: `litert`, the model; `scripted`, made up for development, marked as such and refused in
    production."""
    env: Environment = Environment.DEVELOPMENT
    """`development` or `production`."""
    model_dir: Path | None = None
    """Directory of the model and its `model.json`, instead of the bundled one."""
    data_dir: Path = Path(".eva")
    """Directory for local data: the embedded PostgreSQL, images and the secret key, each unless another setting names
    another place."""
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """PostgreSQL URL, `postgresql://user:password@host/name` (or `postgres://`). Default: an embedded PostgreSQL,
    or the one that `RDS_HOSTNAME` and the other variables of AWS Elastic Beanstalk name."""
    queue_database_url: SecretStr | None = None
    """The same database without PgBouncer, for what needs a connection of its own: workers and the live board, which
    wait for notifications, and backups. Default: `DATABASE_URL`."""
    database_pool_size: int = Field(default=7, ge=2, le=200)
    """Connections of a process to the database at most; a worker has three more for the queue."""
    storage_url: str | None = None
    """Where images are stored: `file:///directory` or `s3://bucket/prefix` (credentials in the AWS variables).
    Default: `pictures` in the data directory."""
    secret_key: SecretStr | None = Field(default=None, min_length=32)
    """Signs image URLs and sessions; at least 32 characters. Required in production; in development one is generated in
    the data directory."""
    old_secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Former values of EVA_SECRET_KEY, separated by commas: sessions and image URLs that they signed stay valid."""
    private_photo_ttl_hours: int = Field(default=24, ge=1)
    """Hours after which the images of a look that is not shared are deleted."""
    page_cache_seconds: float = Field(default=1.0, ge=0, le=60)
    """Seconds for which public pages are served from memory to visitors without a session; `0` disables the cache."""
    photos_per_person_per_day: int = Field(default=60, ge=1)
    """Photos that are judged for one person a day; days start at midnight in Seoul."""
    photos_per_ip_per_day: int = Field(default=2000, ge=1)
    """Photos that the site accepts from one IP address a day; a school class or the customers of a carrier share it."""
    writes_per_minute: int = Field(default=60, ge=1)
    """Requests of one visitor a minute that change data; ten times as many an hour, and ten times as many from one IP
    address."""
    new_visitors_per_ip_per_hour: int = Field(default=500, ge=1)
    """New anonymous visitors from one IP address an hour; a visitor is created by the first heart, photo or similar."""
    rate_limits: LimitStorageName = LimitStorageName.DATABASE
    """Where requests are counted for these limits: `database`, for all processes together, or `memory`, for each
    process by itself and without a statement for each request."""
    metrics_token: SecretStr | None = Field(default=None, min_length=16)
    """Token of operators, at least 16 characters, sent in `Authorization: Bearer`, for `/metrics` and `/statusz`;
    without this setting they do not exist."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Further port of a web process or worker, on all IPv4 addresses, with `/healthz`, `/readyz`, `/statusz` and
    `/metrics` alone; for a network that the internet does not reach. Each process of a machine needs another one.
    Default: none."""
    run_worker: bool = True
    """`true`: the web process also runs queued jobs; `false`: only `eva worker` does."""
    drain_seconds: float = Field(default=3.0, ge=0, le=300)
    """Seconds for which a web process still serves after SIGTERM while `/readyz` responds 503, so that load balancers
    notice; more than the interval of their checks. After it, open requests get five more."""
    public_url: BaseUrl | None = None
    """The public base URL, for links and images in messages. The site answers only under its host and on this machine;
    with https, cookies are `Secure` and browsers are told to use nothing else."""
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Addresses and networks of proxies, separated by commas, whose `X-Forwarded-For` and `X-Forwarded-Proto` are
    believed, e.g. `127.0.0.1, 10.0.0.0/8`."""
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """Moderators: identities as `provider:subject`, e.g. `telegram:12345`, separated by commas."""
    telegram_token: SecretStr | None = None
    """Bot token from @BotFather; Telegram is off without it."""
    telegram_webhook_secret: SecretStr | None = None
    """Secret that Telegram sends in `X-Telegram-Bot-Api-Secret-Token`: 1 to 256 letters, digits, `_` or `-`."""
    telegram_api_url: BaseUrl = "https://api.telegram.org"
    """Base URL of the Bot API, for a local server or a fake."""
    telegram_messages_per_second: int = Field(default=30, ge=1, le=1000)
    """Messages a second to all chats together; more than Telegram's 30 only with paid broadcasts."""
    kakao_skill_key: SecretStr | None = None
    """Secret that Kakao sends in `x-skill-key`; KakaoTalk is off without it."""
    kakao_bot_id: str | None = None
    """The only bot whose calls are answered, without the `!` of its development channel."""
    kakao_image_hosts: Annotated[tuple[str, ...], NoDecode] = (".kakaocdn.net", ".talk.kakao.com")
    """Hosts from which photos are downloaded, separated by commas; a leading dot allows all subdomains."""
    kakao_js_key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{8,64}$")
    """JavaScript key of the Kakao app, for the share button; no button without it."""
    kakao_sdk_version: str = Field(default="2.8.3", pattern=r"^\d+\.\d+\.\d+$")
    """Version of the Kakao SDK script that the share button loads; set it together with its hash."""
    kakao_sdk_integrity: str = Field(
        default="sha384-oroumrnFVE0xtgqyDZJARgERibXg2C28380uaUZz2kHDS5CR7tu20eGiOU6GkTpy",
        pattern=r"^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}$",
    )
    """Subresource integrity hash of that script; set it together with its version."""

    telegram_bot_username: str | None = Field(default=None, pattern="^[A-Za-z0-9_]{5,32}$")
    """The bot's username without `@`; with it and the token, the site offers Telegram's login widget."""
    telegram_client_id: str | None = None
    """Client ID from @BotFather's Web Login; with its secret, the site offers login with Telegram."""
    telegram_client_secret: SecretStr | None = None
    """Client secret of Telegram's Web Login."""
    telegram_login_issuer: BaseUrl = "https://oauth.telegram.org"
    """Issuer of Telegram's ID tokens; its discovery document is below it."""
    kakao_client_id: str | None = None
    """REST API key of an app at Kakao Developers; with its secret, the site offers login with Kakao."""
    kakao_client_secret: SecretStr | None = None
    """Client secret of that key."""
    kakao_admin_key: SecretStr | None = None
    """Admin key of that app, which authenticates Kakao's unlink callback; the callback is refused without it."""
    kakao_login_issuer: BaseUrl = "https://kauth.kakao.com"
    """Issuer of Kakao's ID tokens; its discovery document is below it."""
    facebook_client_id: str | None = None
    """Id of an app at Meta for Developers; with its secret, the site offers login with Facebook."""
    facebook_client_secret: SecretStr | None = None
    """App secret of that app."""
    facebook_version: str = Field(default="v26.0", pattern=r"^v[0-9]+\.[0-9]+$")
    """Version of the Graph API."""
    facebook_dialog_url: BaseUrl = "https://www.facebook.com"
    """Base URL of Facebook's login dialog."""
    facebook_graph_url: BaseUrl = "https://graph.facebook.com"
    """Base URL of the Graph API."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret value, for redaction."""
        values = (getattr(self, name) for name in type(self).model_fields)
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        secrets += [value.get_secret_value() for value in self.old_secret_keys]
        urls = (self.database_url, self.queue_database_url)
        return (*secrets, *(password for url in urls if url for password in _passwords(url.get_secret_value())))

    @cached_property
    def is_https(self) -> bool:
        """Whether the public URL uses https."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def object_storage_url(self) -> str:
        """Where images are stored, as a URL."""
        return self.storage_url or (self.data_dir.absolute() / "pictures").as_uri()

    @field_validator("admins", "kakao_image_hosts", "old_secret_keys", "trusted_proxies", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(item for part in value.split(",") if (item := part.strip()))

    @field_validator("admins")
    @classmethod
    def _check_admins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[a-z_]+:\S+", identity) for identity in value):
            raise PydanticCustomError("admins", "must be provider:subject, separated by commas", _ADMIN_VALUES)
        if unknown := {identity.partition(":")[0] for identity in value} - set(ADMIN_PROVIDERS):
            values = {"unknown": ", ".join(sorted(unknown)), **_ADMIN_VALUES}
            raise PydanticCustomError("admins", "{unknown} is none of {providers}", values)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_trusted_proxies(
        cls, value: tuple[IPv4Network | IPv6Network, ...]
    ) -> tuple[IPv4Network | IPv6Network, ...]:
        if any(network.prefixlen == 0 for network in value):
            raise PydanticCustomError("everyone", "must not be the whole internet")
        return value

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, value: str | None) -> str | None:
        if value is not None and any(urlsplit(value)[2:]):
            raise PydanticCustomError("path", "must have no path: the site is at the root of its host")
        return value

    @field_validator("kakao_image_hosts")
    @classmethod
    def _lower_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.lower() for host in value)

    @field_validator("telegram_webhook_secret")
    @classmethod
    def _check_webhook_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise PydanticCustomError("webhook_secret", "must be 1 to 256 letters, digits, _ or -")
        return value

    @model_validator(mode="before")
    @classmethod
    def _read_rds_variables(cls, values: Any) -> Any:
        """Take the database that AWS Elastic Beanstalk attached, unless DATABASE_URL names one."""
        if "RDS_HOSTNAME" not in os.environ or {"DATABASE_URL", "database_url"} & values.keys():
            return values
        missing = [name for name in RDS_VARIABLES if not os.environ.get(name)]
        if missing:
            raise PydanticCustomError("rds", "RDS_HOSTNAME is set, but not {names}", {"names": ", ".join(missing)})
        host, port, name, user, password = (quote(os.environ[variable], safe="") for variable in RDS_VARIABLES)
        return values | {"DATABASE_URL": f"postgresql://{user}:{password}@{host}:{port}/{name}"}

    @model_validator(mode="after")
    def _require_pairs(self) -> Self:
        """Refuse a login that is configured by half, and an SDK version without its hash."""
        for login in ("kakao", "facebook", "telegram"):
            if (getattr(self, f"{login}_client_id") is None) is not (getattr(self, f"{login}_client_secret") is None):
                raise _must_be_together(f"EVA_{login.upper()}_CLIENT_ID", f"EVA_{login.upper()}_CLIENT_SECRET")
        if len(self.model_fields_set & {"kakao_sdk_version", "kakao_sdk_integrity"}) == 1:
            raise _must_be_together("EVA_KAKAO_SDK_VERSION", "EVA_KAKAO_SDK_INTEGRITY")
        return self

    @model_validator(mode="after")
    def _reject_unknown_variables(self) -> Self:
        known = {f"{PREFIX}{name.upper()}" for name in type(self).model_fields}
        for name in sorted(os.environ):
            variable = name.upper()
            if variable.startswith(PREFIX) and variable not in known and not variable.startswith(TEST_PREFIX):
                if replacement := RENAMED.get(variable):
                    values = {"names": name, "replacement": replacement}
                    raise PydanticCustomError("renamed", "{names} is now called {replacement}", values)
                raise PydanticCustomError("unknown", "{names} is not a setting", {"names": name})
        return self

"""DATABASE_URL: parsed once by the rules of libpq; each driver gets the parameters that it knows."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from core.errors import UnsupportedDatabaseUrlError

SCHEMES = frozenset({"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"})
STATEMENT_CACHE = "prepared_statement_cache_size"
"""A parameter of SQLAlchemy; 0 is for PgBouncer, whose connections do not remember statements."""
SHARED_PARAMETERS = frozenset(
    {"host", "port", "dbname", "user", "password", "passfile", "target_session_attrs", "krbsrvname", "gsslib"}
    | {"sslmode", "sslnegotiation", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl"}
    | {"ssl_min_protocol_version", "ssl_max_protocol_version"}
)
"""Both drivers know them by the same name."""
SERVER_PARAMETERS = frozenset({"application_name", "options"})
"""Both drivers send them to the server."""
LIBPQ_PARAMETERS = frozenset(
    {"channel_binding", "gssencmode", "sslcompression", "sslsni", "keepalives", "keepalives_idle"}
    | {"keepalives_interval", "keepalives_count", "tcp_user_timeout"}
)
"""Only libpq knows them; asyncpg connects without them."""
SUPPORTED = SHARED_PARAMETERS | SERVER_PARAMETERS | LIBPQ_PARAMETERS | {"connect_timeout", STATEMENT_CACHE}
FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DatabaseUrl:
    """A PostgreSQL database, its credentials, and how to connect to it."""

    parameters: dict[str, str]
    """By libpq's names."""
    statement_cache_size: int | None = None
    """Number of prepared statements per connection; None: the drivers' default."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Parse a URL as libpq does; spaces need not be encoded.

        Args:
            url: `postgresql://user:password@host:port,host:port/name?parameter=value`, or with one of SCHEMES.

        Raises:
            UnsupportedDatabaseUrlError: it is malformed, has a parameter that Eva does not support, or names a file
                that does not exist. The error holds no part of the URL except names of parameters.
        """
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in SCHEMES:
            raise UnsupportedDatabaseUrlError
        address, _, query = rest.partition("?")
        pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
        for name, _ in pairs:
            if name not in SUPPORTED:
                shown = name if re.fullmatch("[a-z_]{2,32}", name) else "one"
                raise UnsupportedDatabaseUrlError(f"Eva does not support the parameter {shown}")
        own = {name: unquote(value) for name, value in pairs if name == STATEMENT_CACHE}
        known = "&".join(f"{name}={value}" for name, value in pairs if name != STATEMENT_CACHE)
        try:
            # Its text quotes the URL with the password, so it is not chained.
            found = conninfo_to_dict(f"postgresql://{address}?{known}".replace(" ", "%20"))
        except psycopg.ProgrammingError:
            raise UnsupportedDatabaseUrlError("it is malformed") from None
        parameters = {name: str(value) for name, value in found.items() if value is not None}
        _check_files(parameters)
        _check_numbers(parameters | own)
        size = own.get(STATEMENT_CACHE)
        return cls(parameters=parameters, statement_cache_size=None if size is None else int(size))

    @property
    def host(self) -> str:
        """The host, or several separated by commas; the folder of a Unix socket."""
        return self.parameters.get("host", "localhost")

    @property
    def is_for_pgbouncer(self) -> bool:
        """Whether no connection may be expected to remember anything from one transaction to the next."""
        return self.statement_cache_size == 0

    def libpq(self, application_name: str) -> str:
        """The URL for libpq, with the password.

        Args:
            application_name: shown in `pg_stat_activity`, unless the URL has one.
        """
        return _encode({"application_name": application_name} | self.parameters)

    def asyncpg(self, application_name: str) -> dict[str, Any]:
        """Keyword arguments of `asyncpg.connect`.

        Args:
            application_name: shown in `pg_stat_activity`, unless the URL has one.
        """
        shared = {name: value for name, value in self.parameters.items() if name in SHARED_PARAMETERS}
        server = {name: value for name, value in self.parameters.items() if name in SERVER_PARAMETERS}
        arguments: dict[str, Any] = {
            "dsn": _encode(shared),
            "server_settings": {"application_name": application_name} | server,
        }
        if int(self.parameters.get("connect_timeout", "0")) > 0:
            arguments["timeout"] = float(self.parameters["connect_timeout"])
        if self.statement_cache_size is not None:
            arguments["statement_cache_size"] = self.statement_cache_size
        return arguments


def _encode(parameters: dict[str, str]) -> str:
    """A URL with everything in its query, which both drivers take."""
    return f"postgresql://?{urlencode(parameters, quote_via=quote)}"


def _check_files(parameters: dict[str, str]) -> None:
    for name in FILES:
        if name in parameters and not Path(parameters[name]).is_file():
            raise UnsupportedDatabaseUrlError(f"the file of {name} does not exist")


def _check_numbers(parameters: dict[str, str]) -> None:
    for name in ("connect_timeout", STATEMENT_CACHE):
        if name in parameters and not re.fullmatch(r"\d{1,6}", parameters[name]):
            raise UnsupportedDatabaseUrlError(f"{name} must be a number")
    if not re.fullmatch(r"[\d,]*", parameters.get("port", "")):
        raise UnsupportedDatabaseUrlError("port must be a number")

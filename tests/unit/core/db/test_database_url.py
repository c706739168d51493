from pathlib import Path
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from core.db.database_url import DatabaseUrl
from core.errors import UnsupportedDatabaseUrlError

KEEPALIVES = "keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=9000"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg"])
def test_all_postgresql_schemes_are_supported(scheme: str) -> None:
    url = DatabaseUrl.parse(f"{scheme}://eva:p%40ss@host:5433/name?sslmode=require")
    assert url.host == "host"
    expected = {"user": "eva", "password": "p@ss", "host": "host", "port": "5433", "dbname": "name"}
    assert conninfo_to_dict(url.libpq("eva serve")) == expected | {
        "sslmode": "require",
        "application_name": "eva serve",
    }
    assert conninfo_to_dict(url.asyncpg("eva serve")["dsn"]) == expected | {"sslmode": "require"}


def test_each_driver_gets_what_it_knows(tmp_path: Path) -> None:
    certificate = tmp_path / "RDS 인증서.pem"
    certificate.touch()
    url = DatabaseUrl.parse(
        f"postgresql://eva:x@a:5432,b:5433/name?sslmode=verify-full&sslrootcert={certificate}&connect_timeout=7"
        f"&application_name=mine&options=-c%20statement_timeout%3D5s&channel_binding=prefer&{KEEPALIVES}"
        "&target_session_attrs=read-write&prepared_statement_cache_size=0"
    )
    libpq = conninfo_to_dict(url.libpq("eva serve"))
    assert libpq["sslrootcert"] == str(certificate)
    assert (libpq["host"], libpq["port"], libpq["keepalives_idle"]) == ("a,b", "5432,5433", "30")
    assert (libpq["application_name"], libpq["connect_timeout"]) == ("mine", "7")
    asyncpg = url.asyncpg("eva serve")
    assert (asyncpg["timeout"], asyncpg["statement_cache_size"]) == (7.0, 0)
    assert asyncpg["server_settings"] == {"application_name": "mine", "options": "-c statement_timeout=5s"}
    assert quote(certificate.name) in asyncpg["dsn"]
    assert "keepalives" not in asyncpg["dsn"]
    assert "channel_binding" not in asyncpg["dsn"]


@pytest.mark.parametrize("encode", [str, quote])
def test_a_socket_may_have_spaces_and_hangul_in_its_path(encode: type[str]) -> None:
    url = DatabaseUrl.parse(f"postgresql://eva@/eva?host={encode('/tmp/내 폴더/eva')}")
    assert url.host == "/tmp/내 폴더/eva"


@pytest.mark.parametrize("url", ["mysql://eva:hidden@host/name", "sqlite://", "eva:hidden@host", ""])
def test_other_databases_are_refused_without_the_password(url: str) -> None:
    with pytest.raises(UnsupportedDatabaseUrlError) as caught:
        DatabaseUrl.parse(url)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        ("host/name?load_balance_hosts=random", "does not support the parameter load_balance_hosts"),
        ("host/name?pool=hidden", "does not support the parameter pool"),
        ("host?hidden@name/x", "does not support the parameter one"),
        ("[/name", "it is malformed"),
        ("host:hidden/name", "port must be a number"),
        ("host/name?connect_timeout=hidden", "connect_timeout must be a number"),
        ("host/name?prepared_statement_cache_size=hidden", "prepared_statement_cache_size must be a number"),
        ("host/name?sslrootcert=/hidden/file.pem", "the file of sslrootcert does not exist"),
    ],
)
def test_what_no_driver_could_use_is_refused_with_a_sentence(rest: str, sentence: str) -> None:
    with pytest.raises(UnsupportedDatabaseUrlError, match=sentence) as caught:
        DatabaseUrl.parse(f"postgresql://eva:hidden@{rest}")
    assert "hidden" not in str(caught.value)

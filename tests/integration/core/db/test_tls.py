"""An encrypted connection whose certificate is verified, as to Amazon RDS, by both drivers."""

import os
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import text

from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.postgres_system import ServerUser
from core.errors import DatabaseUnavailableError
from tests.integration.core.db.test_postgres_versions import find_programs

IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
NETWORK = f"127.{50 + secrets.randbelow(200)}.{secrets.randbelow(250)}"
NAMED, UNNAMED = f"{NETWORK}.1", f"{NETWORK}.2"
"""An address that the certificate names, and one that it does not name: for this test alone, at the usual port."""


@pytest.fixture
def certificate(public: Path) -> Iterator[Path]:
    """The certificate of a running server, in a folder as people name theirs; the wheel's servers know no TLS."""
    programs = next(filter(None, map(find_programs, ("15", "17"))), None)
    if programs is None:
        pytest.skip("Debian's PostgreSQL is not installed")
    folder = public / "내 인증서"
    folder.mkdir()
    key, certificate = folder / "server.key", folder / "server.pem"
    request = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    names = ("-subj", "/CN=eva", "-addext", f"subjectAltName=IP:{NAMED}")
    subprocess.run(["openssl", *request, *names, "-keyout", key, "-out", certificate], capture_output=True, check=True)
    ServerUser.choose().take(folder)
    settings = ("ssl=on", f"ssl_cert_file={certificate}", f"ssl_key_file={key}")
    options = ("fsync=off", f"listen_addresses={NAMED},{UNNAMED}", *settings)
    server = EmbeddedPostgres(public / "postgres", options=options, programs=programs)
    with server:
        rules = server.data_folder / "pg_hba.conf"
        rules.write_text(f"hostssl eva eva 127.0.0.0/8 trust\n{rules.read_text('utf-8')}", "utf-8")
        os.kill(int((server.data_folder / "postmaster.pid").read_text().split()[0]), signal.SIGHUP)
        yield certificate


async def test_both_drivers_verify_the_certificate_of_the_server(certificate: Path) -> None:
    def url(host: str) -> str:
        return f"postgresql://eva@{host}/eva?sslmode=verify-full&sslrootcert={quote(str(certificate))}"

    async with Database(url(NAMED)) as database:
        async with database.connection() as connection:
            assert (await connection.execute(text(IS_ENCRYPTED))).scalar_one()
        async with await psycopg.AsyncConnection.connect(database.conninfo) as queue:
            assert await (await queue.execute(IS_ENCRYPTED)).fetchone() == (True,)
    with pytest.raises(DatabaseUnavailableError):
        async with Database(url(UNNAMED)) as database, database.connection():
            pass
    async with Database(url(NAMED)) as database:
        with pytest.raises(psycopg.OperationalError, match="does not match host"):
            await psycopg.AsyncConnection.connect(database.conninfo.replace(NAMED, UNNAMED))

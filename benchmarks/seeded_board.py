"""A database with a given number of looks, and `eva serve` processes on it."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.board_contents import seed_database
from benchmarks.processes import eva_command, running
from core.db.database import Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.migrate import migrate_up
from core.signing import VisitorTokenSigner
from tests.processes import free_port

READERS = 20
FAST_LOAD = ("fsync=off", "full_page_writes=off", "max_wal_size=8GB", "wal_level=minimal", "max_wal_senders=0")
"""Server options for seeding; afterward the server is started as Eva starts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededBoard:
    """A database of one size and the processes that serve it."""

    looks: int
    folder: Path
    database_url: str
    port: int
    """`eva serve` without a page cache."""
    process: int
    cached_port: int
    """`eva serve` with the page cache."""
    cached_process: int
    visitors: tuple[str, ...]
    """Cookies of people with reactions; the first one follows 200 people."""


@contextmanager
def seeded_board(looks: int, console: Console) -> Iterator[SeededBoard]:
    """Seed a database with this many looks and serve it."""
    with tempfile.TemporaryDirectory(prefix="eva-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)
        data, secret = folder / "eva", secrets.token_hex(32)
        signer = VisitorTokenSigner(secret.encode())
        tokens = [signer.issue() for _ in range(READERS)]
        started = time.perf_counter()
        with EmbeddedPostgres(data / "postgres", options=FAST_LOAD) as server:
            asyncio.run(migrate_database(server.url))
            seed_database(server.admin_url("eva"), looks, [signer.verify(token) or "" for token in tokens])
        console.print(f"{looks:,} looks seeded in {time.perf_counter() - started:.0f} s")
        variables = {"EVA_DATA_DIR": str(data), "EVA_SECRET_KEY": secret}
        served = []
        for seconds in ("0", "1"):
            port = free_port()
            process = stack.enter_context(
                running(
                    eva_command("serve", "--port", str(port)),
                    folder,
                    variables | {"EVA_PAGE_CACHE_SECONDS": seconds},
                    ready_url=f"http://127.0.0.1:{port}/readyz",
                )
            )
            served.append((port, process))
        (port, process), (cached_port, cached_process) = served
        # Joined here, too, so that the server stops at the end even if a process of Eva's was killed.
        server = stack.enter_context(EmbeddedPostgres(data / "postgres"))
        yield SeededBoard(
            looks=looks,
            folder=folder,
            database_url=server.url,
            port=port,
            process=process,
            cached_port=cached_port,
            cached_process=cached_process,
            visitors=tuple(f"visitor={token}" for token in tokens),
        )


async def migrate_database(url: str) -> None:
    """Create the tables in an empty database."""
    async with Database(url) as database:
        await migrate_up(database)

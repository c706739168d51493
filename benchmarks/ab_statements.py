"""A/B of `core.db.database`: processor time of a statement with it and through SQLAlchemy.

    python -m benchmarks.ab_statements [--rounds 5] [--repeat 400]

Both variants use the same AUTOCOMMIT connections, statements and data, in interleaved rounds; the figures are the
medians of the rounds. Server processes are not counted.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import inbox, leaderboard, looks, people
from core.db.database import CompiledStatement, Database
from core.db.embedded_postgres import EmbeddedPostgres
from core.db.identities import list_identities
from core.db.migrate import migrate_up
from core.db.schema import Channel
from tests.factories import create_look, create_person

Case = tuple[CompiledStatement, dict[str, Any]]


async def through_sqlalchemy(statement: CompiledStatement, connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Execute a statement as SQLAlchemy does."""
    (await connection.execute(statement.statement, values)).all()


async def compiled(statement: CompiledStatement, connection: AsyncConnection, values: dict[str, Any]) -> None:
    """Execute a statement as the repositories do."""
    await statement.fetch(connection, **values)


async def prepare(database: Database) -> dict[str, Case]:
    """Insert 24 shared looks and an update; the statements that photos and pages execute most."""
    await migrate_up(database)
    async with database.transaction() as connection:
        person = await create_person(connection)
        shown = [await create_look(connection, person.id) for _ in range(24)]
        for look in shown:
            await looks.share(connection, look.id)
        inbox_id = await inbox.insert(connection, Channel.TELEGRAM, "1", external_sender_id="1", payload={"a": 1})
        identity = (await list_identities(connection, person.id))[0]
    key = {"provider": identity.provider, "subject": identity.subject}
    page = leaderboard._select_page(by_style=False, period=leaderboard.Period.ALL, things=(), has_cursor=False)
    return {
        "update by id": (inbox.SELECT_BY_ID, {"inbox_id": inbox_id}),
        "mark updates processed": (inbox.MARK_PROCESSED, {"inbox_ids": [inbox_id]}),
        "person by identity": (people.SELECT_BY_IDENTITY, key),
        "look by id": (looks.SELECT_BY_ID, {"look_id": shown[0].id}),
        "leaderboard page of 24": (page, {"limit": 24, "viewer_key": ""}),
    }


async def measure(database: Database, cases: dict[str, Case], *, rounds: int, repeat: int) -> None:
    """Print a table in Markdown: milliseconds of this process per statement, connection included.

    Args:
        database: with rows that the statements find.
        cases: statement and parameters by name.
        rounds: number of interleaved rounds, of which the median is printed.
        repeat: number of executions in a round.
    """
    print("| statement | SQLAlchemy ms | compiled ms | ratio |\n|---|---|---|---|")
    for name, (statement, values) in cases.items():
        times: dict[Any, list[float]] = {through_sqlalchemy: [], compiled: []}
        for _ in range(rounds):
            for execute, measured in times.items():
                start = time.process_time()
                for _ in range(repeat):
                    async with database.connection() as connection:
                        await execute(statement, connection, values)
                measured.append((time.process_time() - start) / repeat * 1000)
        plain, short = (statistics.median(times[execute]) for execute in (through_sqlalchemy, compiled))
        print(f"| {name} | {plain:.3f} | {short:.3f} | {plain / short:.1f} |")


async def run(url: str, *, rounds: int, repeat: int) -> None:
    """Measure all statements on an empty database."""
    async with Database(url) as database:
        await measure(database, await prepare(database), rounds=rounds, repeat=repeat)


def main() -> None:
    """Parse the arguments and run on an embedded PostgreSQL of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        asyncio.run(run(server.url, rounds=options.rounds, repeat=options.repeat))


if __name__ == "__main__":
    main()

"""A rolling release: this version keeps serving and working while the next one has migrated the database.

The next release is simulated by a revision that adds to the schema and changes nothing else: a column to every table,
an index on it, a table, and its name in `alembic_version`. A process that starts then needs the next release to say
that this one runs on its schema.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import schema
from core.db.installation import get_server_info
from core.db.migrate import RUNS_WITH, check_schema, find_schema_difference, migrate_up
from core.errors import SchemaOutdatedError, SchemaTooNewError
from core.resources import Resources
from leaderboard_web.app import create_app
from tests.factories import make_classifier, make_photo
from tests.harness import make_application, serve_on_free_port
from tests.integration.bot.telegram.conftest import (
    TelegramHarness,
    harness,  # noqa: F401 (a fixture)
    response_seconds,  # noqa: F401 (a fixture)
    settings,  # noqa: F401 (a fixture)
    telegram,  # noqa: F401 (a fixture)
)
from tests.routes import ROUTES

NEXT_REVISION = "next release"


async def add_to_schema(connection: AsyncConnection) -> None:
    """Migrate as the next release might."""
    for table in schema.metadata.sorted_tables:
        await connection.execute(text(f"ALTER TABLE \"{table.name}\" ADD COLUMN added text NOT NULL DEFAULT 'new'"))
        await connection.execute(text(f'CREATE INDEX ON "{table.name}" (added)'))
    await connection.execute(text("CREATE TABLE added (id bigint PRIMARY KEY)"))
    await connection.execute(text("UPDATE alembic_version SET version_num = :next"), {"next": NEXT_REVISION})


@pytest.fixture
async def client(harness: TelegramHarness, samples: Path) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    """A visitor of the site of the same process as the worker."""
    classifier = make_classifier()
    application = make_application(harness.resources, classifier, writes_per_minute=10_000)
    async with (
        serve_on_free_port(create_app(application, samples=samples)) as url,
        httpx.AsyncClient(base_url=url, headers={"Accept-Language": "en"}, timeout=30) as client,
    ):
        yield client


async def use_telegram(harness: TelegramHarness, seed: int) -> int:  # noqa: F811
    """Send a photo and words; returns how many photos the worker has answered."""
    verdicts = len(harness.photo_messages())
    await harness.send_updates(harness.updates.photo(make_photo(seed)), harness.updates.text("hello"))
    assert await harness.count_unprocessed() == 0
    return len(harness.photo_messages()) - verdicts


async def use_site(client: httpx.AsyncClient, seed: int) -> dict[str, int]:
    """Send a photo, press its buttons and open every page; returns the status of each page."""
    sent = await client.post("/try", files={"photo": ("a.jpg", make_photo(seed))})
    assert sent.status_code == 303, sent.text
    look_id = httpx.URL(sent.headers["location"]).params["look"]
    for action in ("share", "take"):
        done = await client.post("/try/act", data={"do": action, "look": look_id})
        assert done.status_code == 303, done.text
    for operation in ("heart", "scrap", "unheart"):
        assert (await client.post(f"/looks/{look_id}/{operation}")).status_code == 303, operation
    paths = {
        route.path: route.fill({"look_id": look_id, "style": "street"}) for route in ROUTES if route.method == "GET"
    }
    return {name: (await client.get(path)).status_code for name, path in paths.items()}


async def test_running_processes_serve_a_database_of_the_next_release(
    client: httpx.AsyncClient,
    harness: TelegramHarness,  # noqa: F811
    resources: Resources,
) -> None:
    await use_telegram(harness, seed=0)  # statements are prepared now
    await use_site(client, seed=1)
    async with resources.database.transaction() as connection:
        await add_to_schema(connection)
    assert await use_telegram(harness, seed=10) == 1, "the worker answers"
    statuses = await use_site(client, seed=11)
    assert {page: status for page, status in statuses.items() if status >= 500} == {}
    assert statuses["/looks/{look_id}"] == 200


async def test_a_process_that_starts_uses_a_database_of_the_next_release_that_allows_it(resources: Resources) -> None:
    """After a rollback, or a crash during a rolling release."""
    await check_schema(resources.database)
    async with resources.database.transaction() as connection:
        revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        await add_to_schema(connection)
    for start in (check_schema, migrate_up):
        with pytest.raises(SchemaTooNewError, match=NEXT_REVISION):
            await start(resources.database)
    assert NEXT_REVISION in (await find_schema_difference(resources.database) or "")
    async with resources.database.transaction() as connection:
        await connection.execute(text(f"COMMENT ON TABLE alembic_version IS '{RUNS_WITH}{NEXT_REVISION}, {revision}'"))
    await check_schema(resources.database)
    await migrate_up(resources.database)
    assert await find_schema_difference(resources.database) is None
    async with resources.database.connection() as connection:
        assert (await get_server_info(connection)).is_current, "eva doctor finds no fault"


async def test_a_process_that_starts_refuses_a_database_of_the_release_before(resources: Resources) -> None:
    async with resources.database.connection() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(SchemaOutdatedError, match="eva migrate"):
        await check_schema(resources.database)

"""A name that a person types is stored as their name, and nowhere else."""

from sqlalchemy import text
from structlog.testing import capture_logs

from core.db import looks, people
from core.db.schema import IdentityProvider
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness

NAME = "Zebulonquux"
ALLOWED = {"people", "inbox"}
"""The name itself, and the message as it arrived, which is deleted with the inbox."""


async def tables_with(harness: TelegramHarness, word: str) -> set[str]:
    """The tables with a row that contains a word."""
    listed = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    async with harness.resources.database.transaction() as connection:
        names = list((await connection.execute(text(listed))).scalars())
        return {
            name
            for name in names
            if (
                await connection.execute(
                    text(f'SELECT count(*) FROM "{name}" AS t WHERE CAST(t.* AS text) ILIKE :pattern'),
                    {"pattern": f"%{word}%"},
                )
            ).scalar_one()
        }


async def test_a_typed_name_stands_in_no_checkpoint_job_or_log(harness: TelegramHarness) -> None:
    with capture_logs() as logs:
        await harness.send_updates(harness.updates.photo(make_photo(0)))
        await harness.send_updates(harness.press(harness.photo_messages()[-1], "share"))
        await harness.send_updates(harness.updates.text(NAME))
        found = await tables_with(harness, NAME)
        # Where the name is shown for confirmation, the first button confirms it.
        buttons = harness.buttons(harness.last_message())
        if buttons and buttons[0] != "unshare":
            await harness.send_updates(harness.press(harness.last_message(), buttons[0]))
        found |= await tables_with(harness, NAME)
    async with harness.resources.database.transaction() as connection:
        person = await people.get_by_identity(connection, IdentityProvider.TELEGRAM, str(USER_ID))
        assert person is not None
        assert person.name == NAME
        (look,) = await looks.list_for_person(connection, person.id, limit=2)
    assert look.is_public
    assert "people" in found
    assert found <= ALLOWED
    assert NAME.lower() not in str(logs).lower()

"""Guesses of visitors: which look they are offered."""

from core.db import looks, reactions, relations
from core.db.database import Database
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.styles import Style
from tests.factories import create_look, create_person

KEY = "session"


async def test_a_visitor_is_offered_no_look_that_they_may_not_guess(database: Database) -> None:
    """Not their own, none that is private or guessed, and none of a person whom they do not see."""
    async with database.transaction() as connection:
        mina, jun, blocked = [(await create_person(connection)).id for _ in range(3)]
        await create_identity(connection, mina, IdentityProvider.WEB, KEY)
        private, *shared = [await create_look(connection, owner) for owner in (jun, mina, jun, blocked)]
        for look in shared:
            assert await looks.share(connection, look.id)
        assert await relations.create_block(connection, blocked, mina)
        assert await reactions.find_look_to_guess(connection, KEY) == shared[1].id
        assert not await reactions.create_guess(connection, private.id, mina, Style.MODE)
        assert await reactions.create_guess(connection, shared[1].id, mina, Style.MODE)
        assert await reactions.find_look_to_guess(connection, KEY) is None
        assert await reactions.find_look_to_guess(connection, "") is not None

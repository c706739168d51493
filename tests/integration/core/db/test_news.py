"""Who gets the daily message about news."""

from datetime import date, timedelta

from core.db import news
from core.db.database import Database
from core.db.identities import list_identities, mark_blocked, mark_unblocked
from core.db.schema import IdentityProvider
from tests.factories import create_person

DAY = date(2026, 11, 30)


async def test_each_person_is_claimed_once_a_day_unless_released(database: Database) -> None:
    async with database.transaction() as connection:
        first, second, third = sorted([(await create_person(connection)).id for _ in range(3)])
        await create_person(connection)
        for person_id in (first, second, third):
            await news.update_daily_news(connection, person_id, is_wanted=True)
        claimed = [await news.claim_next_recipient(connection, DAY, after=first, until=second) for _ in range(2)]
        assert [recipient and recipient.person_id for recipient in claimed] == [second, None]
        await news.release_recipient(connection, second)
        claimed = [await news.claim_next_recipient(connection, DAY) for _ in range(4)]
        assert [recipient and recipient.person_id for recipient in claimed] == [first, second, third, None]
        tomorrow = await news.claim_next_recipient(connection, DAY + timedelta(days=1))
    assert tomorrow is not None
    assert tomorrow.person_id == first


async def test_nothing_is_sent_to_a_chat_that_blocked_the_bot(database: Database) -> None:
    async with database.transaction() as connection:
        person = (await create_person(connection)).id
        await news.update_daily_news(connection, person, is_wanted=True)
        (chat,) = [identity.subject for identity in await list_identities(connection, person)]
        for mark, expected in ((mark_blocked, None), (mark_unblocked, chat)):
            await mark(connection, IdentityProvider.TELEGRAM, chat)
            recipient = await news.claim_next_recipient(connection, DAY)
            assert recipient is not None
            assert recipient.telegram_id == expected
            await news.release_recipient(connection, person)

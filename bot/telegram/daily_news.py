"""News on Telegram: after the first message of a visit, and once a day for those who switched that on."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from procrastinate import App
from telegram import InlineKeyboardMarkup

from bot.telegram.client import TelegramClient
from bot.telegram.delivery import UpdateDelivery
from bot.telegram.ingest import TELEGRAM_QUEUE
from bot.telegram.keyboards import Keyboards
from bot.telegram.outgoing_messages import OutgoingMessage, text_messages
from core.conversation.news_visits import find_unseen_news, mark_news_seen, news_sentences
from core.db import news
from core.db.identities import mark_blocked
from core.db.news import Recipient, get_news
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.errors import ChatUnavailableError, DeliveryError, FloodWaitError, MessageRejectedError
from core.resources import Resources
from core.seoul_time import SEOUL

NEWS_TASK = "telegram.news"
EVERY_TEN_MINUTES = "*/10 * * * *"
SEND_HOURS = range(18, 21)
"""Hours of the day in Seoul in which the daily message is sent."""
MAX_FAILURES = 3
"""Messages that may fail one after another in a run: a single chat may have a fault of its own."""
LATE_AFTER = timedelta(hours=27)
"""From here on news are not of the last day: a day, and the hours in which the message may be sent."""

log = structlog.get_logger()


async def send_news(delivery: UpdateDelivery, person: Person) -> None:
    """Tell the news of a visit in a private chat, with a button that asks for them every day; else nothing.

    Raises:
        EvaError: see `UpdateDelivery.send_all`.
    """
    if not delivery.is_private:
        return
    found = await find_unseen_news(delivery.resources.database, person)
    if found is None:
        return
    keyboard = None if person.daily_news else delivery.keyboards.daily_news(is_on=False)
    await delivery.send_all("news", _news_messages(news_sentences(found, delivery.language), keyboard))
    await mark_news_seen(delivery.resources.database, person.id)


class DailyNews:
    """Sends the daily message; every worker has one, and each person is served by one of them."""

    def __init__(self, resources: Resources, client: TelegramClient) -> None:
        self._resources, self._client = resources, client
        self._failed_id: UUID | None = None
        """The person whose message failed last; the next run begins behind them."""

    def register_tasks(self, app: App) -> None:
        """Register `telegram.news`, every ten minutes."""
        task = app.task(name=NEWS_TASK, queue=TELEGRAM_QUEUE)(self.send_if_time)
        app.periodic(cron=EVERY_TEN_MINUTES)(task)

    async def send_if_time(self, timestamp: int) -> None:
        """Send what is due; `timestamp` is the Unix time of the run."""
        now = datetime.fromtimestamp(timestamp, UTC).astimezone(SEOUL)
        if now.hour in SEND_HOURS:
            await self.send_due(now)

    async def send_due(self, now: datetime) -> None:
        """Send the messages of the day to all who have not got theirs; a day without news has no message.

        While Telegram is away or demands a pause, the run ends. The next one goes on behind the last person who was
        tried, so that chats whose messages fail again and again hold up no others.

        Raises:
            DatabaseUnavailableError: the database cannot be reached.
        """
        start, failures = self._failed_id, 0
        # Behind the one whose message failed last, and then all others up to them.
        for after, until in ((start, None), (None, start)) if start else ((None, None),):
            last_id: UUID | None = after
            while failures < MAX_FAILURES:
                async with self._resources.database.transaction() as connection:
                    recipient = await news.claim_next_recipient(connection, now.date(), after=last_id, until=until)
                if recipient is None:
                    break
                last_id = recipient.person_id
                if recipient.telegram_id is None:
                    continue
                try:
                    if await self._send(recipient, recipient.telegram_id, now):
                        failures = 0
                except DeliveryError as error:
                    log.info("daily_news_delayed", reason=type(error).__name__)
                    self._failed_id = recipient.person_id
                    failures += MAX_FAILURES if isinstance(error, FloodWaitError) else 1
                    # At once, since a worker that is killed releases no one.
                    async with self._resources.database.transaction() as connection:
                        await news.release_recipient(connection, recipient.person_id)

    async def _send(self, recipient: Recipient, telegram_id: str, now: datetime) -> bool:
        """Tell what the person was not told yet, in a chat or on the site; it stays unseen if it cannot be sent.

        Returns:
            Whether Telegram was asked to send something.

        Raises:
            DeliveryError: Telegram could not be reached or demands a pause.
        """
        chat_id, since = int(telegram_id), recipient.news_seen_at
        async with self._resources.database.connection() as connection:
            found = await get_news(connection, recipient.person_id, since)
        if not found:
            return False
        sentences = news_sentences(found, recipient.language, is_daily=now - since < LATE_AFTER)
        keyboards = Keyboards(
            owner_id=chat_id,
            language=recipient.language,
            is_private=True,
            bot_username=self._client.bot_username,
        )
        (message,) = _news_messages(sentences, keyboards.daily_news(is_on=True))
        try:
            await self._client.send_message(chat_id, message)
        except ChatUnavailableError:
            async with self._resources.database.connection() as connection:
                await mark_blocked(connection, IdentityProvider.TELEGRAM, telegram_id)
        except MessageRejectedError as error:
            log.info("daily_news_not_sent", reason=type(error).__name__)
        else:
            await mark_news_seen(self._resources.database, recipient.person_id)
        return True


def _news_messages(sentences: Sequence[str], keyboard: InlineKeyboardMarkup | None) -> Sequence[OutgoingMessage]:
    return text_messages("\n".join(sentences), keyboard=keyboard)

"""Messages keep the limits of Telegram: for each chat, for each group, and for all of them together."""

import asyncio

from telegram.constants import ChatAction, FloodLimit
from telegram.ext import ExtBot

from bot.telegram.client import MAX_TRACKED_LIMITS, MessageRateLimiter, TelegramClient
from bot.telegram.outgoing_messages import OutgoingMessage
from bot.testing.telegram import FakeTelegram
from tests.unit.bot.telegram.conftest import no_sleep

HELLO = OutgoingMessage(text="안녕하세요")


class Clock:
    """A clock that is set by hand, or by sleeps, which it records."""

    def __init__(self, *, is_frozen: bool = True) -> None:
        self.now, self.is_frozen = 0.0, is_frozen
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(round(seconds, 6))
        if not self.is_frozen:
            self.now += seconds
        await asyncio.sleep(0)


async def test_one_message_a_second_in_each_chat() -> None:
    clock = Clock()
    limiter = MessageRateLimiter(clock=clock, sleep=clock.sleep)
    await asyncio.gather(*(limiter.wait(chat_id) for chat_id in (1, 1, 2, 1, 3)))

    assert clock.sleeps == [1.0, 2.0]


async def test_no_wait_after_a_second_without_messages() -> None:
    clock = Clock()
    limiter = MessageRateLimiter(clock=clock, sleep=clock.sleep)
    await limiter.wait(1)
    clock.now = 0.4
    await limiter.wait(1)
    clock.now = 3.0
    await limiter.wait(1)

    assert clock.sleeps == [0.6]


async def test_a_group_gets_twenty_messages_and_then_one_each_three_seconds() -> None:
    """A private chat gets one each second."""
    for chat_id, seconds_of_50 in ((-5, 3.0 * (50 - 20)), (5, 49.0)):
        clock = Clock(is_frozen=False)
        limiter = MessageRateLimiter(clock=clock, sleep=clock.sleep)
        for _ in range(50):
            await limiter.wait(chat_id)
        assert round(clock.now, 6) == seconds_of_50


async def test_so_many_messages_a_second_in_all_chats_together() -> None:
    clock = Clock(is_frozen=False)
    limiter = MessageRateLimiter(4, clock=clock, sleep=clock.sleep)
    for chat_id in range(10):
        await limiter.wait(chat_id)

    assert clock.sleeps == [0.25] * 6


async def test_limits_that_are_not_used_are_dropped() -> None:
    clock = Clock()
    limiter = MessageRateLimiter(clock=clock, sleep=clock.sleep)
    for chat_id in range(3 * MAX_TRACKED_LIMITS):
        clock.now = float(2 * chat_id)
        await limiter.wait(chat_id)

    assert len(limiter._due_at) <= MAX_TRACKED_LIMITS
    assert clock.sleeps == []


async def test_only_messages_count_against_the_limits(telegram: FakeTelegram, bot: ExtBot[None]) -> None:
    """A photo in a group has several chat actions; Telegram limits the messages there."""
    limited: list[float] = []

    async def sleep(seconds: float) -> None:
        limited.append(seconds)

    client = TelegramClient(bot, MessageRateLimiter(clock=lambda: 0.0, sleep=sleep), chat_action_interval=0.0)
    message_id = await client.send_message(-5, HELLO)
    assert message_id is not None
    for _ in range(FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP):
        await client.show_chat_action(-5, ChatAction.TYPING)
        await client.edit_keyboard(-5, message_id, None)
    assert len(telegram.calls_to("sendChatAction")) == FloodLimit.MESSAGES_PER_MINUTE_PER_GROUP
    assert limited == []
    await client.send_message(-5, HELLO)
    assert limited == [1.0]


async def test_repeated_attempts_count_as_well(telegram: FakeTelegram, bot: ExtBot[None]) -> None:
    """Or all messages that Telegram refused for a while would be sent at once after it."""
    limited: list[float] = []

    async def sleep(seconds: float) -> None:
        limited.append(seconds)

    client = TelegramClient(bot, MessageRateLimiter(clock=lambda: 0.0, sleep=sleep), sleep=no_sleep)
    telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 7", count=2, retry_after=7)
    await client.send_message(5, HELLO)
    assert limited == [1.0, 2.0]


async def test_chat_actions_stop_while_telegram_demands_it(telegram: FakeTelegram, bot: ExtBot[None]) -> None:
    client = TelegramClient(bot, MessageRateLimiter(), chat_action_interval=0.0)
    telegram.fail_next("sendChatAction", 400, "Bad Request")
    for _ in range(2):
        await client.show_chat_action(1, ChatAction.TYPING)
    telegram.fail_next("sendChatAction", 429, "Too Many Requests: retry after 60", retry_after=60)
    await client.show_chat_action(1, ChatAction.TYPING)
    await client.send_message(1, HELLO)
    for chat_id in (1, 2):
        await client.show_chat_action(chat_id, ChatAction.TYPING)
    calls = telegram.calls_to("sendChatAction")
    assert [(call.fields["chat_id"], call.status) for call in calls] == [("1", 400), ("1", 200), ("1", 429), ("2", 200)]


async def test_chat_actions_that_ended_are_forgotten(bot: ExtBot[None]) -> None:
    """Another worker may answer the chat, so that no message ends the action here."""
    client = TelegramClient(bot, MessageRateLimiter(), chat_action_interval=0.0)
    for chat_id in (1, 2, 3):
        await client.show_chat_action(chat_id, ChatAction.TYPING)
    assert set(client._action_ends_at) == {3}

import asyncio

from bot.telegram.client import MAX_TRACKED_CHATS, ChatRateLimiter


class Clock:
    """A clock that is set by hand and records sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(0)


async def test_one_message_a_second_in_each_chat() -> None:
    clock = Clock()
    limiter = ChatRateLimiter(clock=clock, sleep=clock.sleep)
    await asyncio.gather(*(limiter.wait(chat_id) for chat_id in (1, 1, 2, 1, 3)))

    assert clock.sleeps == [1.0, 2.0]


async def test_no_wait_after_a_second_without_messages() -> None:
    clock = Clock()
    limiter = ChatRateLimiter(clock=clock, sleep=clock.sleep)
    await limiter.wait(1)
    clock.now = 0.4
    await limiter.wait(1)
    clock.now = 3.0
    await limiter.wait(1)

    assert clock.sleeps == [0.6]


async def test_chats_without_a_limit_are_dropped() -> None:
    clock = Clock()
    limiter = ChatRateLimiter(clock=clock, sleep=clock.sleep)
    for chat_id in range(3 * MAX_TRACKED_CHATS):
        clock.now = float(2 * chat_id)
        await limiter.wait(chat_id)

    assert len(limiter._next_send_at) <= MAX_TRACKED_CHATS
    assert clock.sleeps == []

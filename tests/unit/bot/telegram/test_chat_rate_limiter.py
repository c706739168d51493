import asyncio

from bot.telegram.client import MAX_TRACKED_CHATS, ChatRateLimiter


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


async def test_one_message_a_second_in_a_chat_any_number_in_others() -> None:
    clock = Clock()
    pace = ChatRateLimiter(clock=clock, sleep=clock.sleep)
    await asyncio.gather(*(pace.wait(chat) for chat in (1, 1, 2, 1, 3)))

    assert clock.slept == [1.0, 2.0]


async def test_who_was_silent_for_a_second_does_not_wait() -> None:
    clock = Clock()
    pace = ChatRateLimiter(clock=clock, sleep=clock.sleep)
    await pace.wait(1)
    clock.now = 0.4
    await pace.wait(1)
    clock.now = 3.0
    await pace.wait(1)

    assert clock.slept == [0.6]


async def test_chats_that_may_speak_again_are_forgotten() -> None:
    clock = Clock()
    pace = ChatRateLimiter(clock=clock, sleep=clock.sleep)
    for chat in range(3 * MAX_TRACKED_CHATS):
        clock.now = float(2 * chat)
        await pace.wait(chat)

    assert len(pace._next_send_at) <= MAX_TRACKED_CHATS
    assert clock.slept == []

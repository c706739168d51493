"""A Bot API server."""

from collections.abc import Iterator

import pytest

from bot.testing.telegram import FakeTelegram


@pytest.fixture
def telegram() -> Iterator[FakeTelegram]:
    """The server, without updates."""
    with FakeTelegram() as telegram:
        yield telegram

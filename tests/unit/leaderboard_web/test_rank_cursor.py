import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db.leaderboard import LeaderboardCursor
from core.ids import uuid7
from leaderboard_web.pagination import RankCursor


@given(st.integers(0, 10**9 - 1), st.integers(0, 10**9 - 1), st.uuids())
def test_a_cursor_comes_back_as_it_was(shown: int, hearts: int, look_id: UUID) -> None:
    cursor = RankCursor(offset=shown, position=LeaderboardCursor(hearts=hearts, look_id=look_id))
    assert RankCursor.decode(cursor.encode()) == cursor


def encoded(plain: str) -> str:
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "한글",
        encoded("1.2"),
        encoded(f"-1.2.{uuid7().hex}"),
        encoded(f"1.2.{uuid7().hex}0"),
        encoded(f"1.{10**10}.{uuid7().hex}"),
        encoded(f"١.2.{uuid7().hex}"),
        encoded(f"1.2.{uuid7().hex}\n"),
    ],
)
def test_other_cursors_are_refused(text: str) -> None:
    assert RankCursor.decode(text) is None


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    cursor = RankCursor.decode(text)
    assert cursor is None or RankCursor.decode(cursor.encode()) == cursor

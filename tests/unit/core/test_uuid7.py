import time
from uuid import RFC_4122

from core.uuid7 import uuid7


def test_they_are_of_version_7_and_say_when_they_were_made() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_they_do_not_repeat() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000

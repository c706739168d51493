import time
from uuid import RFC_4122

from core.uuid7 import uuid7


def test_version_and_timestamp() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_uuids_are_unique() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000

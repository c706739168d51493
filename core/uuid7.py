"""UUID version 7 (RFC 9562): identifiers that sort by their time of creation."""

import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """Create an identifier: 48 bits of milliseconds since 1970, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | secrets.randbits(80)
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)

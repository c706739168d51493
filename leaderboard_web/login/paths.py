"""Addresses that a login leads on to: only pages of our own, whatever an address asks for."""

from __future__ import annotations

import re

__all__ = ["HOME", "own_path"]

HOME = "/me"
"""Where a login leads that nothing else was asked for."""
LONGEST = 500
OWN = re.compile(r"/(?![/\\])[A-Za-z0-9\-._~!$&'()*+,;=:@%/?]*")
"""A path and a query in the letters that an address has. Two slashes would begin the name of another host, and so
would a backslash, which browsers take for a slash."""


def own_path(wish: str | None, default: str = HOME) -> str:
    """The page of ours that is wished for, if it is one."""
    if not wish or len(wish) > LONGEST or "\\" in wish or not OWN.fullmatch(wish):
        return default
    return wish

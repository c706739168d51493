"""When two names are the same one: a person's name on the board is theirs alone."""

from __future__ import annotations

import unicodedata

__all__ = ["name_key"]


def name_key(name: str) -> str:
    """What all names that read as this one share: no case, no spaces, Unicode composed."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())

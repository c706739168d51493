"""Which addresses may hold a photo: none but those on the list of EVA_KAKAO_IMAGE_HOSTS."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from urllib.parse import SplitResult

__all__ = ["split_allowed"]


def split_allowed(url: str, hosts: Sequence[str]) -> SplitResult | None:
    """The parts of an address on the list, or None for every other address.

    Only http and https, without a user name; the host is compared after parsing, never by searching in the text.

    Args:
        url: any text.
        hosts: host names in lower case; `.example.com` stands for every host under it, `example.com` for itself.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or "@" in parts.netloc or "\\" in parts.netloc:
        return None
    on_list = any(host.endswith(each) if each.startswith(".") else host == each for each in hosts)
    return parts if on_list else None

"""Which Eva this is."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "eva-stylist"


@cache
def get_version() -> str:
    """The installed version; `0` in a checkout that was not installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"

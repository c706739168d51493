"""Which Eva this is."""

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DISTRIBUTION = "eva-stylist"
PROJECT_FILE = Path(__file__).parents[1] / "pyproject.toml"


@cache
def get_version() -> str:
    """The version, e.g. `0.1.0`, also in a folder that was not installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return str(tomllib.loads(PROJECT_FILE.read_text("utf-8"))["project"]["version"])

"""Folders for Eva's processes."""

from pathlib import Path

import pytest


@pytest.fixture
def tmp_path(public: Path) -> Path:
    """An empty folder. Every user may enter it, so that the database of root is created in it and removed with it."""
    return public

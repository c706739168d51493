"""Eva's secret key: given, or in development made once and kept."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from core.errors import SecretMissing
from core.settings import Environment

if TYPE_CHECKING:
    from pathlib import Path

    from core.settings import Settings

__all__ = ["secret_key"]


def secret_key(settings: Settings) -> bytes:
    """The key that signs links.

    Raises:
        SecretMissing: none is given, and this is production.
    """
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    if settings.env is Environment.PRODUCTION:
        raise SecretMissing
    return _kept_key(settings.data_dir / "secret.key")


def _kept_key(path: Path) -> bytes:
    """The key in this file, which only its owner can read; of several that make one at once, one wins."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()

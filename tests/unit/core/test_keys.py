from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from core.errors import SecretMissing
from core.keys import secret_key
from core.settings import Environment, Settings

GIVEN = "0123456789abcdef0123456789abcdef"


def test_a_key_that_is_given_is_taken(tmp_path: Path) -> None:
    settings = Settings(secret_key=SecretStr(GIVEN), data_dir=tmp_path, env=Environment.PRODUCTION)
    assert secret_key(settings) == GIVEN.encode()
    assert list(tmp_path.iterdir()) == []


def test_production_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing):
        secret_key(Settings(data_dir=tmp_path, env=Environment.PRODUCTION))
    assert list(tmp_path.iterdir()) == []


def test_development_makes_one_and_keeps_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", env=Environment.DEVELOPMENT)
    key = secret_key(settings)
    assert len(key) >= 32
    assert secret_key(settings) == key
    (file,) = (tmp_path / "data").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret_key(Settings(data_dir=tmp_path / "other", env=Environment.DEVELOPMENT)) != key

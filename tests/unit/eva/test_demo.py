"""`eva demo` keeps its data apart."""

from pathlib import Path

import pytest

from core.settings import Environment, Settings
from core.styles import STYLES
from eva.demo import MODERATOR, SHARED, demo_settings
from eva.serve import SAMPLES


def test_demo_uses_no_database_storage_or_messenger_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://db.example/eva",
        "EVA_STORAGE_URL": "s3://photos",
        "EVA_PUBLIC_URL": "https://eva.example",
        "EVA_ENV": "production",
        "EVA_SECRET_KEY": "s" * 32,
        "EVA_TELEGRAM_TOKEN": "1:token",
        "EVA_KAKAO_SKILL_KEY": "key",
        "EVA_ADMINS": "telegram:1",
        "EVA_DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    settings = demo_settings(Settings())
    assert settings.env is Environment.DEVELOPMENT
    assert settings.data_dir == tmp_path / "demo"
    assert settings.object_storage_url == (tmp_path / "demo" / "pictures").as_uri()
    assert settings.admins == (f"telegram:{MODERATOR}",)
    for name in ("database_url", "storage_url", "public_url", "secret_key", "telegram_token", "kakao_skill_key"):
        assert getattr(settings, name) is None, name


def test_demo_shares_the_sample_of_every_style() -> None:
    samples = [sample for _, _, sample, _ in SHARED]
    assert sorted(samples) == sorted(STYLES)
    assert all((SAMPLES / f"{sample}.jpg").is_file() for sample in samples)

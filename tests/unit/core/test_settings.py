from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import EngineName, Environment, Settings


def test_default_is_the_shipped_model_on_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVA_ENGINE", "EVA_ENV", "EVA_MODEL_DIR"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings()
    assert (settings.engine, settings.env, settings.model_dir) == (
        EngineName.LITERT,
        Environment.DEVELOPMENT,
        None,
    )


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVA_ENGINE", "scripted")
    monkeypatch.setenv("EVA_ENV", "production")
    monkeypatch.setenv("EVA_MODEL_DIR", str(tmp_path))
    settings = Settings()
    assert (settings.engine, settings.env, settings.model_dir) == (
        EngineName.SCRIPTED,
        Environment.PRODUCTION,
        tmp_path,
    )


def test_empty_variable_is_as_if_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_ENGINE", "")
    assert Settings().engine is EngineName.LITERT


def test_unknown_engine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_ENGINE", "random")
    with pytest.raises(ValidationError, match="litert"):
        Settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().engine = EngineName.SCRIPTED


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []

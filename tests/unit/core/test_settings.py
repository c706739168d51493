from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

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


def test_the_database_has_the_name_that_hosts_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://eva:hidden@host/eva")
    settings = Settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgres://eva:hidden@host/eva"
    assert "hidden" not in repr(settings)


def test_pictures_lie_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path / "a b").object_storage_url == f"file://{tmp_path}/a%20b/pictures"
    assert Settings(storage_url="s3://bucket").object_storage_url == "s3://bucket"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVA_SECRET_KEY", "short"),
        ("EVA_PRIVATE_PHOTO_TTL_HOURS", "0"),
        ("EVA_RUN_WORKER", "on"),
        ("EVA_PUBLIC_URL", "eva"),
    ],
)
def test_values_out_of_range_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_channels_are_off_and_speak_to_the_real_messengers_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TELEGRAM_TOKEN",
        "TELEGRAM_SECRET",
        "TELEGRAM_API_URL",
        "KAKAO_KEY",
        "KAKAO_BOT_ID",
        "KAKAO_IMAGE_HOSTS",
    ):
        monkeypatch.delenv(f"EVA_{name}", raising=False)
    settings = Settings()
    assert (settings.telegram_token, settings.telegram_webhook_secret, settings.kakao_skill_key) == (None, None, None)
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.kakao_image_hosts == (".kakaocdn.net", ".talk.kakao.com")


def test_hosts_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_KAKAO_IMAGE_HOSTS", " .KakaoCDN.net, 127.0.0.1 ,")
    assert Settings().kakao_image_hosts == (".kakaocdn.net", "127.0.0.1")


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TELEGRAM_TOKEN", "TELEGRAM_SECRET", "KAKAO_KEY"):
        monkeypatch.setenv(f"EVA_{name}", "hush-hush")
    settings = Settings()
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == "hush-hush"
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize("secret", ["with spaces", "한글", "x" * 257])
def test_secret_that_telegram_would_not_take_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("EVA_TELEGRAM_WEBHOOK_SECRET", secret)
    with pytest.raises(ValidationError, match="256 letters") as refused:
        Settings()
    assert secret not in str(refused.value)


def test_every_secret_is_known_as_one() -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://eva:pass-word@host/eva"),
        telegram_token=SecretStr("1:token"),
        telegram_webhook_secret=SecretStr("telegram"),
        kakao_skill_key=SecretStr("kakao"),
        secret_key=SecretStr("s" * 32),
    )
    assert {"1:token", "telegram", "kakao", "s" * 32, "pass-word"} <= set(settings.secrets)


@pytest.mark.parametrize("login", ["KAKAO_LOGIN", "FACEBOOK", "TELEGRAM_LOGIN"])
@pytest.mark.parametrize("half", ["ID", "SECRET"])
def test_half_a_login_is_a_mistake(monkeypatch: pytest.MonkeyPatch, login: str, half: str) -> None:
    monkeypatch.setenv(f"EVA_{login}_{half}", "x")
    with pytest.raises(ValidationError, match="belong together"):
        Settings()
    monkeypatch.setenv(f"EVA_{login}_ID", "x")
    monkeypatch.setenv(f"EVA_{login}_SECRET", "a secret of its own")
    assert "a secret of its own" in Settings().secrets

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy.engine import make_url

from core.db.schema import IdentityProvider
from core.jobs.worker import MAX_CONNECTIONS
from core.settings import ADMIN_PROVIDERS, RENAMED, EngineName, Environment, Settings


def test_default_is_the_bundled_model_on_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVA_ENGINE", "EVA_ENV", "EVA_MODEL_DIR"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings()
    assert (settings.engine, settings.env, settings.model_dir) == (
        EngineName.LITERT,
        Environment.DEVELOPMENT,
        None,
    )


def test_environment_variables_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVA_ENGINE", "scripted")
    monkeypatch.setenv("EVA_ENV", "production")
    monkeypatch.setenv("EVA_MODEL_DIR", str(tmp_path))
    settings = Settings()
    assert (settings.engine, settings.env, settings.model_dir) == (
        EngineName.SCRIPTED,
        Environment.PRODUCTION,
        tmp_path,
    )


def test_empty_variable_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_ENGINE", "")
    assert Settings().engine is EngineName.LITERT


def test_unknown_engine_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_ENGINE", "random")
    with pytest.raises(ValidationError, match="litert"):
        Settings()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().engine = EngineName.SCRIPTED


def test_database_url_is_read_from_the_conventional_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://eva:hidden@host/eva")
    settings = Settings()
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgres://eva:hidden@host/eva"
    assert "hidden" not in repr(settings)


def test_default_object_storage_is_in_the_data_directory(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path / "a b").object_storage_url == f"file://{tmp_path}/a%20b/pictures"
    assert Settings(storage_url="s3://bucket").object_storage_url == "s3://bucket"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EVA_SECRET_KEY", "short"),
        ("EVA_PRIVATE_PHOTO_TTL_HOURS", "0"),
        ("EVA_RUN_WORKER", "inline"),
        ("EVA_PUBLIC_URL", "eva"),
        ("EVA_TRUSTED_PROXIES", "proxy.example"),
        ("EVA_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("EVA_TRUSTED_PROXIES", "127.0.0.1, 0.0.0.0/0"),
        ("EVA_TRUSTED_PROXIES", "*"),
    ],
)
def test_invalid_values_are_rejected(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_channels_are_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TELEGRAM_TOKEN",
        "TELEGRAM_WEBHOOK_SECRET",
        "TELEGRAM_API_URL",
        "KAKAO_SKILL_KEY",
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


def test_trusted_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8 ,fd00::/8,")
    assert [str(network) for network in Settings().trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TELEGRAM_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "KAKAO_SKILL_KEY"):
        monkeypatch.setenv(f"EVA_{name}", "hush-hush")
    settings = Settings()
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == "hush-hush"
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize("secret", ["with spaces", "한글", "x" * 257])
def test_invalid_webhook_secret_is_rejected_and_not_shown(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("EVA_TELEGRAM_WEBHOOK_SECRET", secret)
    with pytest.raises(ValidationError, match="256 letters") as caught:
        Settings()
    assert secret not in str(caught.value)


RDS = {
    "RDS_HOSTNAME": "eva.abc.eu-central-1.rds.amazonaws.com",
    "RDS_PORT": "5432",
    "RDS_DB_NAME": "ebdb",
    "RDS_USERNAME": "eva",
    "RDS_PASSWORD": "p@ss/word%",
}


def test_an_attached_rds_database_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in RDS.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.database_url is not None
    url = make_url(settings.database_url.get_secret_value())
    assert (url.host, url.port, url.database) == (RDS["RDS_HOSTNAME"], 5432, "ebdb")
    assert (url.username, url.password) == ("eva", RDS["RDS_PASSWORD"])
    assert {RDS["RDS_PASSWORD"], "p%40ss%2Fword%25"} <= set(settings.secrets)
    monkeypatch.setenv("DATABASE_URL", "postgresql://other/eva")
    assert Settings().database_url == SecretStr("postgresql://other/eva")


def test_two_web_processes_and_two_workers_need_fewer_than_forty_connections() -> None:
    pool, live_board = Settings().database_pool_size, 1
    assert 2 * (pool + live_board) + 2 * (pool + MAX_CONNECTIONS) < 40


def test_half_of_an_rds_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("RDS_HOSTNAME", "eva.example")
    with pytest.raises(ValidationError, match="RDS_HOSTNAME is set, but not RDS_PORT, RDS_DB_NAME"):
        Settings()


def test_secrets_include_every_secret_value() -> None:
    settings = Settings(
        database_url=SecretStr("postgresql://eva:pass-word@host/eva"),
        telegram_token=SecretStr("1:token"),
        telegram_webhook_secret=SecretStr("telegram"),
        kakao_skill_key=SecretStr("kakao"),
        secret_key=SecretStr("s" * 32),
    )
    assert {"1:token", "telegram", "kakao", "s" * 32, "pass-word"} <= set(settings.secrets)


@pytest.mark.parametrize("login", ["KAKAO", "FACEBOOK", "TELEGRAM"])
@pytest.mark.parametrize("half", ["CLIENT_ID", "CLIENT_SECRET"])
def test_login_needs_id_and_secret(monkeypatch: pytest.MonkeyPatch, login: str, half: str) -> None:
    monkeypatch.setenv(f"EVA_{login}_{half}", "x")
    with pytest.raises(ValidationError, match="must be set together"):
        Settings()
    monkeypatch.setenv(f"EVA_{login}_CLIENT_ID", "x")
    monkeypatch.setenv(f"EVA_{login}_CLIENT_SECRET", "other-secret")
    assert "other-secret" in Settings().secrets


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_former_name_of_a_setting_is_an_error_with_the_new_name(
    monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    assert new.removeprefix("EVA_").lower() in Settings.model_fields
    monkeypatch.setenv(old, "1")
    with pytest.raises(ValidationError, match=f"{old} is now called {new}"):
        Settings()


def test_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVA_PUBLIC_URI", "https://eva.example")
    with pytest.raises(ValidationError, match="EVA_PUBLIC_URI is not a setting"):
        Settings()


def test_variables_of_the_test_suite_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Settings()
    monkeypatch.setenv("EVA_TEST_ANYTHING", "1")
    assert Settings() == expected


def test_public_url_has_no_trailing_slash() -> None:
    assert Settings(public_url="https://eva.example/").public_url == "https://eva.example"
    assert Settings(public_url="https://에바.한국").public_url == "https://xn--9g3b11p.xn--3e0b707e"


def test_a_moderator_of_an_unknown_provider_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error would lock the operator out of `/admin` without a word."""
    assert tuple(IdentityProvider) == ADMIN_PROVIDERS
    monkeypatch.setenv("EVA_ADMINS", "telegram:1, kakao_login:abc")
    assert Settings().admins == ("telegram:1", "kakao_login:abc")
    monkeypatch.setenv("EVA_ADMINS", "telegram:1, telgram:2")
    with pytest.raises(ValidationError, match="telgram is none of telegram, kakao"):
        Settings()

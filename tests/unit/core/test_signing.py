import time
from datetime import timedelta
from errno import EACCES, ENOSPC, EROFS
from os import strerror
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from core.errors import DataFolderError, InvalidSignatureError, MissingSecretKeyError, WeakSecretKeyError
from core.object_storage import generate_key
from core.settings import Environment, Settings
from core.signing import UrlSigner, VisitorTokenSigner, load_old_keys, load_secret_key
from leaderboard_web.urls import URL_LIFETIME

HOUR = timedelta(hours=1)


def test_token_is_valid_for_its_image_only() -> None:
    signer, key, other_key = UrlSigner(b"secret"), generate_key(), generate_key()
    token = signer.sign(key, HOUR)
    signer.verify(key, token)
    with pytest.raises(InvalidSignatureError):
        signer.verify(other_key, token)


def test_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    signer, key = UrlSigner(b"secret"), generate_key()
    token = signer.sign(key, HOUR)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3590)
    signer.verify(key, token)
    monkeypatch.setattr(time, "time", lambda: now + 3610)
    with pytest.raises(InvalidSignatureError, match="expired"):
        signer.verify(key, token)


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_images_of_pages_open_although_the_clock_was_set(jump: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a page of another process, whose clock differs."""
    signer, key, now = UrlSigner(b"secret"), generate_key(), time.time()
    token = signer.sign(key, URL_LIFETIME, round_to=URL_LIFETIME)
    monkeypatch.setattr(time, "time", lambda: now + jump.total_seconds())
    signer.verify(key, token)  # raises nothing
    signer.verify(key, signer.sign(key, URL_LIFETIME, round_to=URL_LIFETIME))
    monkeypatch.setattr(time, "time", lambda: now + 2 * URL_LIFETIME.total_seconds() + 1)
    with pytest.raises(InvalidSignatureError, match="expired"):
        signer.verify(key, token)


def test_an_encrypted_id_is_read_by_its_key_alone() -> None:
    signer, value = UrlSigner(b"secret"), uuid4()
    encrypted, again = signer.encrypt_id(value), signer.encrypt_id(value)
    assert (signer.decrypt_id(encrypted), signer.decrypt_id(again)) == (value, value)
    assert encrypted != again, "two cards of a person cannot be connected"
    assert str(value) not in encrypted
    assert UrlSigner(b"next", old=[b"secret"]).decrypt_id(encrypted) == value
    for forged in (UrlSigner(b"another").encrypt_id(value), encrypted[:-2], str(value), "", "é"):
        with pytest.raises(InvalidSignatureError):
            signer.decrypt_id(forged)


def test_forged_tokens_are_rejected() -> None:
    signer, key = UrlSigner(b"secret"), generate_key()
    end, _, signature = signer.sign(key, HOUR).partition(".")
    forged = [
        UrlSigner(b"another").sign(key, HOUR),
        f"{int(end, 16) + 3600:x}.{signature}",
        f"{end}.{signature[:-1]}",
        f"{end}.",
        "",
        ".",
        "zz.é",
    ]
    for token in forged:
        with pytest.raises(InvalidSignatureError):
            signer.verify(key, token)


def test_tokens_of_one_period_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    signer, key = UrlSigner(b"secret"), generate_key()
    now = 3600.0 * 480_000
    tokens = []
    for timestamp in (now + 1, now + 3599, now + 3601):
        monkeypatch.setattr(time, "time", lambda timestamp=timestamp: timestamp)
        tokens.append(signer.sign(key, HOUR, round_to=HOUR))
        assert int(tokens[-1].partition(".")[0], 16) >= timestamp + 3600
    assert tokens[0] == tokens[1] != tokens[2]


VISITORS = VisitorTokenSigner(b"secret")


def test_visitor_token_identifies_one_session() -> None:
    token = VISITORS.issue()
    key = VISITORS.verify(token)
    assert key is not None
    assert key == VisitorTokenSigner(b"secret").verify(token)
    assert key != VISITORS.verify(VISITORS.issue())


@pytest.mark.parametrize("change", [str.swapcase, lambda token: token[1:], lambda token: token + "=", lambda _: ""])
def test_changed_visitor_token_is_rejected(change: object) -> None:
    assert VISITORS.verify(change(VISITORS.issue())) is None  # type: ignore[operator]


@pytest.mark.parametrize("token", [None, "", ".", "한글.서명", f"{'a' * 22}.{'b' * 43}", f"{'a' * 22}.{'b' * 43}\n"])
def test_malformed_visitor_token_is_rejected(token: str | None) -> None:
    assert VISITORS.verify(token) is None


def test_signatures_of_other_secrets_and_salts_are_rejected() -> None:
    token = VISITORS.issue()
    assert VisitorTokenSigner(b"another").verify(token) is None
    key = token.partition(".")[0]
    signature = UrlSigner(b"secret").sign(key, HOUR).partition(".")[2]
    assert VISITORS.verify(f"{key}.{signature}") is None


SECRET_KEY = "0123456789abcdef0123456789abcdef"


def test_configured_key_is_used(tmp_path: Path) -> None:
    settings = Settings(secret_key=SecretStr(SECRET_KEY), data_dir=tmp_path, env=Environment.PRODUCTION)
    assert load_secret_key(settings) == SECRET_KEY.encode()
    assert list(tmp_path.iterdir()) == []


def test_production_requires_a_key(tmp_path: Path) -> None:
    with pytest.raises(MissingSecretKeyError):
        load_secret_key(Settings(data_dir=tmp_path, env=Environment.PRODUCTION))
    assert list(tmp_path.iterdir()) == []


def test_development_generates_a_key_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", env=Environment.DEVELOPMENT)
    key = load_secret_key(settings)
    assert len(key) >= 32
    assert load_secret_key(settings) == key
    (file,) = (tmp_path / "data").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert load_secret_key(Settings(data_dir=tmp_path / "other", env=Environment.DEVELOPMENT)) != key


WEAK_KEYS = ("", "\n", "s" * 31, " " * 40, "s" * 31 + "\n" * 9)


@pytest.mark.parametrize("content", WEAK_KEYS)
def test_an_empty_or_short_key_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret.key").write_text(content)
    with pytest.raises(WeakSecretKeyError, match="must hold 32 characters"):
        load_secret_key(Settings(data_dir=tmp_path, env=Environment.DEVELOPMENT))
    assert (tmp_path / "secret.key").read_text() == content, "it is not replaced: that would end all sessions"


def test_a_configured_key_of_white_space_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeakSecretKeyError, match="EVA_SECRET_KEY"):
        load_secret_key(Settings(secret_key=SecretStr(" " * 40), data_dir=tmp_path))


def test_what_an_old_key_signed_stays_valid() -> None:
    settings = Settings.model_validate({"secret_key": "n" * 32, "old_secret_keys": f"{'o' * 32}, {'p' * 32}"})
    old = load_old_keys(settings)
    key = generate_key()
    assert old == [b"o" * 32, b"p" * 32]
    for secret in (*old, load_secret_key(settings)):
        UrlSigner(b"n" * 32, old=old).verify(key, UrlSigner(secret).sign(key, HOUR))
        assert VisitorTokenSigner(b"n" * 32, old=old).verify(VisitorTokenSigner(secret).issue()) is not None
    UrlSigner(b"n" * 32).verify(key, UrlSigner(b"n" * 32, old=old).sign(key, HOUR))
    assert {"o" * 32, "p" * 32} <= set(settings.secrets), "old keys are redacted in logs"


def test_a_short_old_key_is_refused() -> None:
    with pytest.raises(WeakSecretKeyError):
        load_old_keys(Settings.model_validate({"old_secret_keys": "short"}))


@pytest.mark.parametrize("errno", [EROFS, EACCES, ENOSPC])
def test_a_data_folder_that_cannot_be_written_to_is_explained(
    errno: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno, strerror(errno))

    monkeypatch.setattr(Path, "mkdir", fail)
    with pytest.raises(DataFolderError, match=strerror(errno)) as caught:
        load_secret_key(Settings(data_dir=tmp_path / "eva"))
    assert "EVA_DATA_DIR" in str(caught.value)

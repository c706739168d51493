"""Telegram's signatures: the vectors of the wire specification, and what is rejected."""

import hashlib
import hmac
import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LoginRejectedError
from leaderboard_web.auth.telegram_signature import (
    MAX_AGE,
    MAX_CLOCK_SKEW,
    MAX_INIT_DATA_LENGTH,
    TelegramLogin,
    verify_init_data,
    verify_login_widget,
)

TOKEN = "123456:TEST-TOKEN-for-unit-tests"
THEN = 1767225600
LOGIN = {
    "auth_date": "1767225600",
    "first_name": "Mina",
    "id": "42",
    "username": "mina_k",
    "hash": "00888d1cab6ac9f58e60866169fe9e6ddd3f89f91ead26ce067a532db445d98f",
}
INIT_DATA = (
    "auth_date=1767225600&query_id=AATestQueryId&signature=c2lnbmF0dXJl&user=%7B%22id%22%3A42%2C%22first_name%22%3A%22"
    "Mina%22%2C%22username%22%3A%22mina_k%22%2C%22language_code%22%3A%22ko%22%7D"
    "&hash=4c3e9c81ad3ab1dcd4ada69e6d4e1e7545f277c17b26e7392779b58a6cbf269b"
)
APP_KEY = hmac.digest(b"WebAppData", TOKEN.encode(), "sha256")
LOGIN_KEY = hashlib.sha256(TOKEN.encode()).digest()


def signed(key: bytes, **fields: str) -> dict[str, str]:
    text = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    return {**fields, "hash": hmac.new(key, text.encode(), "sha256").hexdigest()}


def test_vectors_of_the_specification_are_accepted() -> None:
    login = verify_login_widget(LOGIN.items(), TOKEN, now=THEN)
    assert login == TelegramLogin(user_id="42", language=None, signature=LOGIN["hash"])
    app = verify_init_data(INIT_DATA, TOKEN, now=THEN)
    assert (app.user_id, app.language) == ("42", "ko")


@pytest.mark.parametrize("field", ["auth_date", "first_name", "id", "username", "hash"])
def test_changed_missing_or_added_field_is_rejected(field: str) -> None:
    without = {name: value for name, value in LOGIN.items() if name != field}
    for malformed in ({**LOGIN, field: LOGIN[field] + "1"}, without, {**LOGIN, "state": "x"}):
        with pytest.raises(LoginRejectedError):
            verify_login_widget(malformed.items(), TOKEN, now=THEN)


def test_repeated_field_is_rejected() -> None:
    for twice in ([*LOGIN.items(), ("id", "43")], [("id", "43"), *LOGIN.items()]):
        with pytest.raises(LoginRejectedError):
            verify_login_widget(twice, TOKEN, now=THEN)
    with pytest.raises(LoginRejectedError):
        verify_init_data(INIT_DATA + "&auth_date=1767225600", TOKEN, now=THEN)


def test_widget_and_init_data_signatures_are_not_interchangeable() -> None:
    """The two formats have different keys."""
    with pytest.raises(LoginRejectedError):
        verify_init_data(urlencode(LOGIN), TOKEN, now=THEN)
    with pytest.raises(LoginRejectedError):
        verify_login_widget(parse_qsl(INIT_DATA), TOKEN, now=THEN)


def test_signature_of_another_bot_is_rejected() -> None:
    for token in ("123456:ANOTHER", ""):
        with pytest.raises(LoginRejectedError):
            verify_login_widget(LOGIN.items(), token, now=THEN)
        with pytest.raises(LoginRejectedError):
            verify_init_data(INIT_DATA, token, now=THEN)


@pytest.mark.parametrize("late", [MAX_AGE.total_seconds() + 1, 86_400, -MAX_CLOCK_SKEW.total_seconds() - 1])
def test_old_or_future_signature_is_rejected(late: float) -> None:
    with pytest.raises(LoginRejectedError):
        verify_login_widget(LOGIN.items(), TOKEN, now=THEN + late)
    with pytest.raises(LoginRejectedError):
        verify_init_data(INIT_DATA, TOKEN, now=THEN + late)


@pytest.mark.parametrize("near", [MAX_AGE.total_seconds(), -MAX_CLOCK_SKEW.total_seconds()])
def test_recent_signature_is_accepted(near: float) -> None:
    assert verify_login_widget(LOGIN.items(), TOKEN, now=THEN + near).user_id == "42"


@pytest.mark.parametrize("when", ["", "soon", "1767225600.5", "١٧٦٧٢٢٥٦٠٠", "-1", "1" * 13])
def test_malformed_auth_date_is_rejected(when: str) -> None:
    with pytest.raises(LoginRejectedError):
        verify_login_widget(signed(LOGIN_KEY, id="42", auth_date=when).items(), TOKEN, now=THEN)


USERS = ["", "null", "42", "[]", "{}", '{"id": "42"}', '{"id": -4}', '{"id": 0}', '{"id": true}', '{"id": 1.5}', "["]


@pytest.mark.parametrize("user", [*USERS, '{"id": 99999999999999999}', "[" * 5000])
def test_signed_data_without_user_is_rejected(user: str) -> None:
    fields = signed(APP_KEY, auth_date=str(THEN), user=user)
    with pytest.raises(LoginRejectedError):
        verify_init_data(urlencode(fields), TOKEN, now=THEN)


def test_names_in_any_script_are_verified_as_sent() -> None:
    user = json.dumps({"id": 7, "first_name": "민아 & 친구=😀", "language_code": 5}, ensure_ascii=False)
    result = verify_init_data(urlencode(signed(APP_KEY, auth_date=str(THEN), user=user)), TOKEN, now=THEN)
    assert (result.user_id, result.language) == ("7", None)


def test_an_empty_field_is_part_of_what_is_signed() -> None:
    fields = signed(APP_KEY, auth_date=str(THEN), start_param="", user='{"id": 7}')
    assert verify_init_data(urlencode(fields), TOKEN, now=THEN).user_id == "7"


def test_data_that_are_too_long_are_rejected() -> None:
    fields = signed(APP_KEY, auth_date=str(THEN), user='{"id": 7}', start_param="x" * MAX_INIT_DATA_LENGTH)
    with pytest.raises(LoginRejectedError, match="too long"):
        verify_init_data(urlencode(fields), TOKEN, now=THEN)


@given(st.text(max_size=200))
def test_arbitrary_init_data_is_rejected_without_crash(text: str) -> None:
    with pytest.raises(LoginRejectedError):
        verify_init_data(text, TOKEN, now=THEN)
    with pytest.raises(LoginRejectedError):
        verify_login_widget([("hash", text), ("id", text)], TOKEN, now=THEN)

"""Calls of the skill, as they were captured and as nobody would send them."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.kakao.payload import SkillRequest, parse_request
from core.errors import InvalidPayloadError
from core.i18n.translations import Language

FIXTURES = Path(__file__).parents[3] / "fixtures" / "kakao"
HOSTS = (".kakaocdn.net", ".talk.kakao.com")
USER = "b9440f1e2d3c4b5a69780f1e2d3c4b5a69780f1e2d3c4b5a69788796a5b4c3d2"
TALK = "https://talk.kakaocdn.net/dna/aaa/bbb/ccc/i_0123456789ab.jpg?credential=X&expires=1790000000&signature=Y"
SECURE = tuple(
    f"http://secure.kakaocdn.net/dna/{path}/XXX/img_org.jpg?credential=X&expires=1790000000&allow_ip=&allow_referer="
    f"&signature={signature}"
    for path, signature in (("aaa/bbb", "Y"), ("ccc/ddd", "Z"))
)


def call_of(payload: object) -> SkillRequest:
    return parse_request(json.dumps(payload).encode(), HOSTS)


def captured(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return payload


def test_photo_sent_straight_into_the_chat() -> None:
    call = call_of(captured("direct_photo"))

    assert call.photo_urls == (TALK,)
    assert call.media_type == "image"
    assert not call.has_consent
    assert (call.user_id, call.app_user_id, call.language) == (USER, "1234567890", "ko")
    assert call.bot_id == "65a0000000000000000000aa"
    assert call.callback_url == "https://bot-api.kakao.com/v1/callback/0123456789"
    assert not call.is_tester
    assert "kakaocdn.net" not in repr(call)
    assert "callback/" not in repr(call)
    assert USER not in repr(call)


def test_photos_of_the_secure_plugin_come_with_their_consent() -> None:
    call = call_of(captured("secure_plugin"))

    assert call.photo_urls == SECURE
    assert call.has_consent


def test_photos_of_the_secure_plugin_in_the_details_alone() -> None:
    call = call_of(captured("secure_plugin_in_details"))

    assert call.photo_urls == SECURE
    assert not call.has_consent


def test_skill_tester() -> None:
    call = call_of(captured("skill_tester"))

    assert call.is_tester
    assert call.bot_id == "65a0000000000000000000aa"
    assert (call.user_id, call.utterance, call.language, call.callback_url) == (
        "871630",
        "발화 내용",
        Language.KO,
        None,
    )
    assert (call.photo_urls, dict(call.client_extra)) == ((), {})


def test_old_capture_with_a_plain_address() -> None:
    call = call_of(captured("old_capture"))

    assert call.photo_urls == ("http://dn-m.talk.kakao.com/talkm/bl2EwYRs3sS/aaaaaaaaaaaaaaaa/i_c1f8b1a2d3e4.jpg",)
    assert call.language is Language.KO


def test_video_is_no_photo_although_its_address_is_the_utterance() -> None:
    call = call_of(captured("video"))

    assert (call.media_type, call.photo_urls) == ("video", ())


def test_button_carries_its_extra() -> None:
    call = call_of(captured("button_press"))

    assert dict(call.client_extra) == {"do": "share", "look": "019a5f00-0000-7000-8000-000000000001"}
    assert call.utterance == "보드에 올리기"


def test_utterance_is_a_photo_only_on_kakaos_hosts() -> None:
    payload = captured("typed_address")
    assert call_of(payload).photo_urls == (TALK,)

    for elsewhere in (
        "https://talk.kakaocdn.net.evil.example/i.jpg",
        "https://evil.example/?talk.kakaocdn.net",
        "https://kakaocdn.net@evil.example/i.jpg",
        "https://evil.example\\@talk.kakaocdn.net/i.jpg",
        "https://notkakaocdn.net/i.jpg",
        "ftp://talk.kakaocdn.net/i.jpg",
        "file:///etc/passwd",
        "https://[talk.kakaocdn.net/i.jpg",
        "https://talk.kakaocdn.net:port/i.jpg",
        f"이거 봐 {TALK}",
    ):
        payload["userRequest"]["utterance"] = elsewhere
        assert call_of(payload).photo_urls == (), elsewhere


@pytest.mark.parametrize("separator", [", ", ",", ",   "])
def test_plugin_list_with_and_without_spaces(separator: str) -> None:
    commas = "http://secure.kakaocdn.net/a,b/img.jpg?x=1,2"
    secure = json.dumps({"secureUrls": f"List({separator.join([commas, *SECURE])})", "privacyAgreement": "N"})

    call = call_of({"action": {"params": {"photo": secure}}})

    assert call.photo_urls == (commas, *SECURE)
    assert not call.has_consent


def test_plugin_photos_are_named_once_and_at_most_ten() -> None:
    urls = [f"http://secure.kakaocdn.net/{number}.jpg" for number in range(12)]
    secure = json.dumps({"secureUrls": f"List({', '.join([urls[0], *urls])})"})

    assert call_of({"action": {"params": {"photo": secure}}}).photo_urls == tuple(urls[:10])


def test_plugin_answer_may_be_unpacked_already() -> None:
    secure = {"secureUrls": list(SECURE), "privacyAgreement": "Y"}
    call = call_of({"action": {"params": {"photo": secure}}})

    assert (call.photo_urls, call.has_consent) == (SECURE, True)


@pytest.mark.parametrize(
    ("lang", "language"), [("ko", "ko"), ("kr", "ko"), (None, "ko"), ("en", "en"), ("en-US", "en"), (7, "ko")]
)
def test_language_is_korean_unless_kakao_says_english(lang: object, language: str) -> None:
    assert call_of({"userRequest": {"lang": lang}}).language == language


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_anything_but_an_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidPayloadError):
        parse_request(body, HOSTS)


def test_empty_object_says_nothing() -> None:
    call = call_of({})

    assert (call.user_id, call.bot_id, call.utterance, call.photo_urls, call.callback_url) == ("", "", "", (), None)


def test_texts_can_be_stored_anywhere() -> None:
    call = parse_request(b'{"userRequest": {"utterance": " a\\u0000b\\ud800c ", "user": {"id": 42}}}', HOSTS)

    assert (call.utterance, call.user_id) == ("abc", "42")


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["{", "{}", "List(", "List()"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
PLACES = [
    ("userRequest",),
    ("userRequest", "params"),
    ("userRequest", "params", "media"),
    ("userRequest", "params", "media", "url"),
    ("userRequest", "user"),
    ("userRequest", "user", "id"),
    ("userRequest", "utterance"),
    ("userRequest", "callbackUrl"),
    ("bot",),
    ("bot", "id"),
    ("action",),
    ("action", "params"),
    ("action", "params", "secureimage"),
    ("action", "detailParams"),
    ("action", "detailParams", "secureimage"),
    ("action", "detailParams", "secureimage", "value"),
    ("action", "clientExtra"),
]


@settings(max_examples=200, deadline=None)
@given(place=st.sampled_from(PLACES), odd=ODD)
def test_nothing_odd_within_an_object_raises(place: tuple[str, ...], odd: object) -> None:
    payload = captured("secure_plugin")
    parent = payload
    for key in place[:-1]:
        parent = parent.setdefault(key, {})
    parent[place[-1]] = odd

    call = call_of(payload)

    assert all(isinstance(photo, str) and photo.startswith("http") for photo in call.photo_urls)
    assert all(isinstance(value, str) for value in call.client_extra.values())
    call.user_id.encode()
    call.utterance.encode()

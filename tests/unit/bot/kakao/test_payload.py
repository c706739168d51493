"""Captured skill requests, and invalid ones."""

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


def parse(payload: object) -> SkillRequest:
    return parse_request(json.dumps(payload).encode(), HOSTS)


def load_fixture(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return payload


def test_photo_sent_in_the_chat() -> None:
    request = parse(load_fixture("direct_photo"))

    assert request.photo_urls == (TALK,)
    assert request.media_type == "image"
    assert not request.has_consent
    assert (request.user_id, request.app_user_id, request.language) == (USER, "1234567890", "ko")
    assert request.bot_id == "65a0000000000000000000aa"
    assert request.callback_url == "https://bot-api.kakao.com/v1/callback/0123456789"
    assert not request.is_tester
    assert "kakaocdn.net" not in repr(request)
    assert "callback/" not in repr(request)
    assert USER not in repr(request)


def test_photos_of_the_secure_plugin_include_consent() -> None:
    request = parse(load_fixture("secure_plugin"))

    assert request.photo_urls == SECURE
    assert request.has_consent


def test_photos_of_the_secure_plugin_in_the_details_only() -> None:
    request = parse(load_fixture("secure_plugin_in_details"))

    assert request.photo_urls == SECURE
    assert not request.has_consent


def test_skill_tester() -> None:
    request = parse(load_fixture("skill_tester"))

    assert request.is_tester
    assert request.bot_id == "65a0000000000000000000aa"
    assert (request.user_id, request.utterance, request.language, request.callback_url) == (
        "871630",
        "발화 내용",
        Language.KO,
        None,
    )
    assert (request.photo_urls, dict(request.client_extra)) == ((), {})


def test_old_capture_with_a_plain_url() -> None:
    request = parse(load_fixture("old_capture"))

    assert request.photo_urls == ("http://dn-m.talk.kakao.com/talkm/bl2EwYRs3sS/aaaaaaaaaaaaaaaa/i_c1f8b1a2d3e4.jpg",)
    assert request.language is Language.KO


def test_video_is_not_a_photo_although_its_url_is_the_utterance() -> None:
    request = parse(load_fixture("video"))

    assert (request.media_type, request.photo_urls) == ("video", ())


def test_extra_of_a_button_is_parsed() -> None:
    request = parse(load_fixture("button_press"))

    assert dict(request.client_extra) == {"do": "share", "look": "019a5f00-0000-7000-8000-000000000001"}
    assert request.utterance == "보드에 올리기"


def test_utterance_is_a_photo_on_image_hosts_only() -> None:
    payload = load_fixture("typed_address")
    assert parse(payload).photo_urls == (TALK,)

    for other_url in (
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
        payload["userRequest"]["utterance"] = other_url
        assert parse(payload).photo_urls == (), other_url


@pytest.mark.parametrize("separator", [", ", ",", ",   "])
def test_plugin_list_with_and_without_spaces(separator: str) -> None:
    url_with_comma = "http://secure.kakaocdn.net/a,b/img.jpg?x=1,2"
    secure = json.dumps({"secureUrls": f"List({separator.join([url_with_comma, *SECURE])})", "privacyAgreement": "N"})

    request = parse({"action": {"params": {"photo": secure}}})

    assert request.photo_urls == (url_with_comma, *SECURE)
    assert not request.has_consent


def test_plugin_photos_keep_their_places() -> None:
    urls = [f"http://secure.kakaocdn.net/{number}.jpg" for number in range(12)]
    secure = json.dumps({"secureUrls": f"List({', '.join([urls[0], *urls])})"})

    assert parse({"action": {"params": {"photo": secure}}}).photo_urls == (urls[0], *urls)


def test_plugin_value_may_be_an_object() -> None:
    secure = {"secureUrls": list(SECURE), "privacyAgreement": "Y"}
    request = parse({"action": {"params": {"photo": secure}}})

    assert (request.photo_urls, request.has_consent) == (SECURE, True)


@pytest.mark.parametrize(
    ("lang", "language"), [("ko", "ko"), ("kr", "ko"), (None, "ko"), ("en", "en"), ("en-US", "en"), (7, "ko")]
)
def test_language_is_korean_unless_kakao_says_english(lang: object, language: str) -> None:
    assert parse({"userRequest": {"lang": lang}}).language == language


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"{", b"\xff\xfe", b"[" * 100_000, b"1" * 5000])
def test_body_without_an_object_is_rejected(body: bytes) -> None:
    with pytest.raises(InvalidPayloadError):
        parse_request(body, HOSTS)


def test_empty_object_gives_empty_fields() -> None:
    request = parse({})

    assert (request.user_id, request.bot_id, request.utterance, request.photo_urls, request.callback_url) == (
        "",
        "",
        "",
        (),
        None,
    )


@pytest.mark.parametrize("field", ["userRequest", "action", "bot"])
def test_nested_json_in_a_string_is_no_object(field: str) -> None:
    assert parse({field: '{"a":' * 50_000}) == parse({})


def test_texts_can_be_stored_in_the_database() -> None:
    request = parse_request(b'{"userRequest": {"utterance": " a\\u0000b\\ud800c ", "user": {"id": 42}}}', HOSTS)

    assert (request.utterance, request.user_id) == ("abc", "42")


ANY_VALUE = st.recursive(
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
@given(place=st.sampled_from(PLACES), value=ANY_VALUE)
def test_no_value_within_an_object_raises(place: tuple[str, ...], value: object) -> None:
    payload = load_fixture("secure_plugin")
    parent = payload
    for key in place[:-1]:
        parent = parent.setdefault(key, {})
    parent[place[-1]] = value

    request = parse(payload)

    assert all(isinstance(url, str) and url.startswith("http") for url in request.photo_urls)
    assert all(isinstance(value, str) for value in request.client_extra.values())
    request.user_id.encode()
    request.utterance.encode()

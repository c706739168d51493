"""The validator reports a violation of each rule."""

from copy import deepcopy
from typing import Any

import pytest

from bot.kakao.reply_rules import find_violations, validate_reply
from core.errors import InvalidReplyError

CARD = {
    "title": "스트리트 70%",
    "description": "근거",
    "thumbnail": {"imageUrl": "https://eva.example/1.jpg", "fixedRatio": True},
    "buttons": [{"label": "자세히", "action": "webLink", "webLinkUrl": "https://eva.example"}],
}
GOOD = {
    "version": "2.0",
    "template": {
        "outputs": [{"basicCard": CARD}, {"simpleText": {"text": "안녕하세요"}}, {"textCard": {"title": "제목"}}],
        "quickReplies": [{"label": "다른 사진", "action": "message", "messageText": "다른 사진"}],
    },
}


def broken(path: tuple[str | int, ...], value: object) -> Any:
    reply: Any = deepcopy(GOOD)
    parent = reply
    for step in path[:-1]:
        parent = parent[step]
    if value is None:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return reply


OUTPUTS = ("template", "outputs")
THE_CARD = (*OUTPUTS, 0, "basicCard")
BUTTON = {"label": "공유", "action": "share"}


def test_good_reply_passes() -> None:
    validate_reply(GOOD)
    assert find_violations(GOOD) == []


@pytest.mark.parametrize(
    ("path", "value", "violation"),
    [
        (("version",), None, "version"),
        (("version",), "1.0", "version"),
        (("template",), None, "template: missing"),
        (("surprise",), 1, "unknown key surprise"),
        (("useCallback",), True, "not allowed with useCallback"),
        (OUTPUTS, [], "not 1 to 3"),
        (OUTPUTS, [{"simpleText": {"text": "1"}}] * 4, "not 1 to 3"),
        ((*OUTPUTS, 1), {"fancyCard": {}}, "unknown type"),
        ((*OUTPUTS, 1), {"simpleText": {"text": "1"}, "textCard": {"title": "2"}}, "not a single bubble"),
        ((*OUTPUTS, 1, "simpleText", "text"), "가" * 1001, "over 1000"),
        ((*OUTPUTS, 1, "simpleText", "text"), "🙂" * 501, "over 1000"),
        ((*OUTPUTS, 1, "simpleText", "text"), "  ", "empty"),
        ((*OUTPUTS, 2, "textCard"), {"buttons": []}, "neither title nor description"),
        ((*OUTPUTS, 2, "textCard", "description"), "가" * 399, "over 400"),
        ((*THE_CARD, "title"), "가" * 51, "over 50"),
        ((*THE_CARD, "description"), "가" * 231, "over 230"),
        ((*THE_CARD, "thumbnail"), None, "thumbnail: missing"),
        ((*THE_CARD, "thumbnail", "imageUrl"), "heat.jpg", "not an http URL"),
        ((*THE_CARD, "thumbnail", "imageUrl"), "https://eva.example/" + "x" * 31_000, "bytes"),
        ((*THE_CARD, "thumbnail", "altText"), "가" * 51, "over 50"),
        ((*THE_CARD, "buttons"), [BUTTON] * 3, "more than 2"),
        ((*THE_CARD, "buttons"), [BUTTON, {**BUTTON, "label": "아홉 글자가 넘는"}], "over 8"),
        ((*THE_CARD, "buttons", 0, "label"), "열다섯 글자가 넘는 이름이에요", "over 14"),
        ((*THE_CARD, "buttons", 0, "action"), "dance", "unknown"),
        ((*THE_CARD, "buttons", 0, "webLinkUrl"), None, "not an http URL"),
        ((*THE_CARD, "buttonLayout"), "diagonal", "neither"),
        (("template", "quickReplies"), GOOD["template"]["quickReplies"] * 11, "more than 10"),  # type: ignore[index]
        (("template", "quickReplies", 0, "messageText"), None, "messageText: missing"),
        (("template", "quickReplies", 0, "action"), "webLink", "unknown"),
        (("template", "quickReplies", 0, "action"), "block", "blockId: missing"),
        (("template", "quickReplies", 0, "extra"), "look", "not an object"),
    ],
)
def test_violation_is_named(path: tuple[str | int, ...], value: object, violation: str) -> None:
    violations = find_violations(broken(path, value))

    assert any(violation in message for message in violations), violations
    with pytest.raises(InvalidReplyError, match="violates a rule"):
        validate_reply(broken(path, value))


def test_upright_buttons_may_be_three_and_longer() -> None:
    buttons = [{**BUTTON, "label": "아홉 글자가 넘는"}] * 3
    reply = broken((*THE_CARD, "buttons"), buttons)
    reply["template"]["outputs"][0]["basicCard"]["buttonLayout"] = "vertical"

    assert find_violations(reply) == []


@pytest.mark.parametrize("reply", [None, [], "안녕", {}])
def test_anything_but_a_reply_is_refused(reply: object) -> None:
    assert find_violations(reply)

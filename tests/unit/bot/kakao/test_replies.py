"""Every reply is valid for KakaoTalk."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from bot.kakao.replies import (
    SkillResponse,
    callback_promise,
    consent_reply,
    pending_reply,
    prompt_reply,
    text_reply,
    verdict_reply,
)
from bot.kakao.reply_rules import find_violations
from core.conversation.actions import Action, ActionType
from core.conversation.narration import ERROR_TEXT_KEYS, MessageSlot, error_message, verdict_messages
from core.conversation.smalltalk import UnsupportedMedia, unsupported_media_reply
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from core.vision.verdict import ConfidenceBand, HorizontalPart, Verdict, VerticalPart
from tests.factories import make_look, make_verdict

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")
HEATMAP_URL = "https://eva.example/heat/" + "x" * 300 + ".jpg"
PAGE_URL = "https://eva.example/looks/019a5f00"
LANGUAGES = list(Language)
PROMPTS = {
    ActionType.GUESS: "talk.guess.ask",
    ActionType.CORRECT: "talk.correct.ask",
    ActionType.SET_LANGUAGE: "talk.language.ask",
    ActionType.ASK_ERASE: "talk.forget.ask",
}


def build_reply(
    verdict: Verdict, language: Language, seed: str = "a", *, is_shared: bool = False, **options: Any
) -> SkillResponse:
    options = {"heatmap_url": HEATMAP_URL} | options
    look = replace(make_look(LOOK, verdict), shared_at=datetime.now(UTC) if is_shared else None)
    messages = verdict_messages(verdict, seed=seed, language=language)
    return verdict_reply(messages, look, language=language, **options)


def outputs(reply: SkillResponse) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = reply["template"]["outputs"]
    return result


def all_text(reply: SkillResponse) -> str:
    """All texts of a reply, in order."""
    texts = []
    for output in outputs(reply):
        for bubble in output.values():
            texts += [bubble.get(key, "") for key in ("title", "text", "description")]
    return "\n".join(filter(None, texts))


def verdicts() -> Iterator[Verdict]:
    for band, style, second in product(ConfidenceBand, STYLES, STYLES):
        if style is not second:
            yield make_verdict(band, style, second, first=0.5, runner_up=0.4)
    for height, side in product(VerticalPart, HorizontalPart):
        yield make_verdict(height=height, side=side)
    yield make_verdict(first=0.95, runner_up=0.02)
    yield make_verdict(concentration=0.95)
    yield make_verdict(cold=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_is_valid(language: Language) -> None:
    note = translate("talk.album", language, count=10, number=10)
    for number, verdict in enumerate(verdicts()):
        for draw in range(6):
            seed = sha256(f"{number} {draw}".encode()).hexdigest()
            plain = build_reply(verdict, language, seed, heatmap_url=None)
            full = build_reply(
                verdict, language, seed, page_url=PAGE_URL, is_shared=True, guesses_first=True, note=note
            )
            assert (find_violations(plain), find_violations(full)) == ([], [])
            for message in verdict_messages(verdict, seed=seed, language=language):
                assert (message.text in all_text(plain)) is not message.needs_picture
                assert (message.text in all_text(full)) is (message.slot is not MessageSlot.OPENING), "replaced"


def test_long_note_does_not_cut_off_the_verdict() -> None:
    verdict, note = make_verdict(), "\n".join(f"{number}: {'why ' * 30}" for number in range(8))
    plain = build_reply(verdict, Language.EN, "a", heatmap_url=None)
    noted = build_reply(verdict, Language.EN, "a", heatmap_url=None, note=note)
    assert find_violations(noted) == []
    first, last = (noted["template"]["outputs"][at]["simpleText"]["text"] for at in (0, -1))
    assert first.splitlines()[-1] == plain["template"]["outputs"][0]["simpleText"]["text"].splitlines()[-1]
    assert note[:700] in last


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_other_reply_is_valid(language: Language) -> None:
    sentences = [error_message(kind(), language) for kind in ERROR_TEXT_KEYS]
    sentences += [unsupported_media_reply(media, language) for media in UnsupportedMedia]
    sentences += [translate("kakao.hello", language), translate("talk.limit", language, count=20)]
    replies = [text_reply(sentence, language=language) for sentence in sentences]
    replies += [
        prompt_reply(prompt, translate(key, language), look_id=LOOK, language=language)
        for prompt, key in PROMPTS.items()
    ]
    replies += [
        prompt_reply(
            ActionType.ACCEPT_NAME,
            translate("talk.name.ask", language, name="조용한 단추 42"),
            look_id=LOOK,
            language=language,
        )
    ]
    replies += [
        text_reply(translate("talk.shared", language, name="조용한 단추 42"), language=language, page_url=PAGE_URL)
    ]
    replies += [consent_reply(language, hours=24, privacy_url=url) for url in (None, "https://eva.example/privacy")]
    replies += [pending_reply(language, photo_id=LOOK), callback_promise(language)]
    replies += [
        text_reply("…", language=language, buttons=[Action(type=action_type, look_id=LOOK)])
        for action_type in ActionType
    ]

    assert [find_violations(reply) for reply in replies] == [[]] * len(replies)


def test_verdict_is_merged_into_three_bubbles() -> None:
    reply = build_reply(make_verdict(), Language.KO, page_url=PAGE_URL)

    first, card, rest = outputs(reply)
    assert first["simpleText"]["text"].count("\n") == 1
    assert card["basicCard"]["title"] == "스트리트 70%"
    assert card["basicCard"]["thumbnail"]["imageUrl"] == HEATMAP_URL
    assert card["basicCard"]["thumbnail"]["fixedRatio"] is True
    assert [button["action"] for button in card["basicCard"]["buttons"]] == ["webLink", "share"]
    assert rest["simpleText"]["text"].count("\n") == 2


def test_ambiguous_verdict_has_both_styles_in_its_title() -> None:
    reply = build_reply(make_verdict(ConfidenceBand.AMBIGUOUS, first=0.41, runner_up=0.38), Language.EN)

    assert outputs(reply)[1]["basicCard"]["title"] == "Street 41% · Casual 38%"


def test_verdict_without_outfit_has_no_card_and_no_share_button() -> None:
    reply = build_reply(make_verdict(ConfidenceBand.NOT_AN_OUTFIT), Language.KO)

    assert [list(output) for output in outputs(reply)] == [["simpleText"], ["simpleText"]]
    assert [quick_reply["extra"]["do"] for quick_reply in reply["template"]["quickReplies"]] == ["another"]


def test_note_is_the_first_text() -> None:
    reply = build_reply(make_verdict(), Language.KO, note="전에 봤어요.")

    assert outputs(reply)[0]["simpleText"]["text"].startswith("전에 봤어요.\n")


@pytest.mark.parametrize(("is_shared", "actions"), [(False, ["share", "keep"]), (True, ["unshare"])])
def test_sharing_buttons_depend_on_sharing(is_shared: bool, actions: list[str]) -> None:
    quick_replies = build_reply(make_verdict(), Language.KO, is_shared=is_shared)["template"]["quickReplies"]

    assert [quick_reply["extra"]["do"] for quick_reply in quick_replies] == [
        *actions,
        "correct",
        "similar",
        "another",
        "guess",
    ]
    assert [quick_reply["extra"].get("look") for quick_reply in quick_replies] == [
        *len(quick_replies[:-2]) * [str(LOOK)],
        None,
        None,
    ]


def test_guess_mode_can_be_disabled() -> None:
    quick_replies = build_reply(make_verdict(), Language.KO, guesses_first=True)["template"]["quickReplies"]

    assert quick_replies[-1]["extra"] == {"do": "tell"}


def test_correction_offers_eight_styles() -> None:
    quick_replies = prompt_reply(ActionType.CORRECT, "?", look_id=LOOK, language=Language.EN)["template"][
        "quickReplies"
    ]

    assert [Style(quick_reply["extra"]["style"]) for quick_reply in quick_replies] == list(STYLES)


def test_guess_prompt_offers_the_verdict() -> None:
    *styles, last = prompt_reply(ActionType.GUESS, "?", look_id=LOOK, language=Language.EN)["template"]["quickReplies"]

    assert [Style(quick_reply["extra"]["style"]) for quick_reply in styles] == list(STYLES)
    assert last["extra"] == {"do": "result", "look": str(LOOK)}


def test_promise_has_no_template() -> None:
    assert callback_promise(Language.KO).keys() == {"version", "useCallback", "data"}

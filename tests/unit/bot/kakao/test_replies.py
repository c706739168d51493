"""Every reply that Eva can give on KakaoTalk is one that KakaoTalk shows."""

from collections.abc import Iterator
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
from core.vision.cam import HorizontalPart, VerticalPart
from core.vision.verdict import ConfidenceBand, Verdict
from tests.factories import make_verdict

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")
HEAT = "https://eva.example/heat/" + "x" * 300 + ".jpg"
PAGE = "https://eva.example/looks/019a5f00"
LANGUAGES = list(Language)
ASKED = {
    ActionType.GUESS: "talk.guess.ask",
    ActionType.CORRECT: "talk.correct.ask",
    ActionType.SET_LANGUAGE: "talk.language.ask",
    ActionType.ASK_ERASE: "talk.forget.ask",
}


def shown(verdict: Verdict, language: Language, photo: str = "a", **options: Any) -> SkillResponse:
    options = {"heat_url": HEAT} | options
    bubbles = verdict_messages(verdict, seed=photo, language=language)
    return verdict_reply(bubbles, verdict, look_id=LOOK, language=language, **options)


def outputs(reply: SkillResponse) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reply["template"]["outputs"]
    return found


def words(reply: SkillResponse) -> str:
    """Everything that is read in a reply, in order."""
    read = []
    for output in outputs(reply):
        for bubble in output.values():
            read += [bubble.get(key, "") for key in ("title", "text", "description")]
    return "\n".join(filter(None, read))


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
def test_every_verdict_is_shown(language: Language) -> None:
    note = translate("talk.album", language, count=10, number=10)
    for number, verdict in enumerate(verdicts()):
        for draw in range(6):
            photo = sha256(f"{number} {draw}".encode()).hexdigest()
            plain = shown(verdict, language, photo, heat_url=None)
            full = shown(verdict, language, photo, page_url=PAGE, shared=True, guesses_first=True, note=note)
            assert (find_violations(plain), find_violations(full)) == ([], [])
            for bubble in verdict_messages(verdict, seed=photo, language=language):
                assert bubble.text in words(plain)
                assert (bubble.text in words(full)) is (bubble.slot is not MessageSlot.OPENING), "the note opens"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_else_is_shown(language: Language) -> None:
    sentences = [error_message(kind(), language) for kind in ERROR_TEXT_KEYS]
    sentences += [unsupported_media_reply(oddity, language) for oddity in UnsupportedMedia]
    sentences += [translate("kakao.hello", language), translate("talk.limit", language, count=20)]
    replies = [text_reply(sentence, language=language) for sentence in sentences]
    replies += [
        prompt_reply(verb, translate(key, language), look_id=LOOK, language=language) for verb, key in ASKED.items()
    ]
    replies += [
        prompt_reply(
            ActionType.ACCEPT_NAME,
            translate("talk.name.ask", language, name="조용한 단추 42"),
            look_id=LOOK,
            language=language,
        )
    ]
    replies += [text_reply(translate("talk.shared", language, name="조용한 단추 42"), language=language, page_url=PAGE)]
    replies += [consent_reply(language, hours=24, privacy_url=url) for url in (None, "https://eva.example/privacy")]
    replies += [pending_reply(language, photo_id=LOOK), callback_promise(language)]
    replies += [text_reply("…", language=language, buttons=[Action(type=verb, look_id=LOOK)]) for verb in ActionType]

    assert [find_violations(reply) for reply in replies] == [[]] * len(replies)


def test_verdict_reads_like_a_chat_around_its_picture() -> None:
    reply = shown(make_verdict(), Language.KO, page_url=PAGE)

    first, card, rest = outputs(reply)
    assert first["simpleText"]["text"].count("\n") == 1
    assert card["basicCard"]["title"] == "스트리트 70%"
    assert card["basicCard"]["thumbnail"]["imageUrl"] == HEAT
    assert card["basicCard"]["thumbnail"]["fixedRatio"] is True
    assert [button["action"] for button in card["basicCard"]["buttons"]] == ["webLink", "share"]
    assert rest["simpleText"]["text"].count("\n") == 2


def test_torn_verdict_has_both_styles_in_its_title() -> None:
    reply = shown(make_verdict(ConfidenceBand.AMBIGUOUS, first=0.41, runner_up=0.38), Language.EN)

    assert outputs(reply)[1]["basicCard"]["title"] == "Street 41% · Casual 38%"


def test_no_outfit_has_no_card_and_nothing_to_share() -> None:
    reply = shown(make_verdict(ConfidenceBand.NOT_AN_OUTFIT), Language.KO)

    assert [list(output) for output in outputs(reply)] == [["simpleText"], ["simpleText"]]
    assert [quick["extra"]["do"] for quick in reply["template"]["quickReplies"]] == ["another"]


def test_note_comes_first() -> None:
    reply = shown(make_verdict(), Language.KO, note="전에 봤어요.")

    assert outputs(reply)[0]["simpleText"]["text"].startswith("전에 봤어요.\n")


@pytest.mark.parametrize(("shared", "verbs"), [(False, ["share", "keep"]), (True, ["unshare"])])
def test_board_buttons_follow_whether_it_is_shared(shared: bool, verbs: list[str]) -> None:
    quick = shown(make_verdict(), Language.KO, shared=shared)["template"]["quickReplies"]

    assert [each["extra"]["do"] for each in quick] == [*verbs, "correct", "another", "guess"]
    assert [each["extra"].get("look") for each in quick] == [*len(quick[:-2]) * [str(LOOK)], None, None]


def test_who_guesses_first_may_let_eva_go_first_again() -> None:
    quick = shown(make_verdict(), Language.KO, guesses_first=True)["template"]["quickReplies"]

    assert quick[-1]["extra"] == {"do": "tell"}


def test_eight_styles_to_choose_from() -> None:
    quick = prompt_reply(ActionType.CORRECT, "?", look_id=LOOK, language=Language.EN)["template"]["quickReplies"]

    assert [Style(each["extra"]["style"]) for each in quick] == list(STYLES)


def test_who_will_not_guess_gets_the_verdict() -> None:
    *styles, last = prompt_reply(ActionType.GUESS, "?", look_id=LOOK, language=Language.EN)["template"]["quickReplies"]

    assert [Style(each["extra"]["style"]) for each in styles] == list(STYLES)
    assert last["extra"] == {"do": "result", "look": str(LOOK)}


def test_promise_has_no_template() -> None:
    assert callback_promise(Language.KO).keys() == {"version", "useCallback", "data"}

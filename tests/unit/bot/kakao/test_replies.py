"""Every reply that Eva can give on KakaoTalk is one that KakaoTalk shows."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from bot.actions import Action, Verb
from bot.kakao.replies import (
    Reply,
    ask,
    ask_consent,
    promise,
    say,
    show_verdict,
    still_looking,
)
from bot.kakao.validator import breaches
from bot.talk import Oddity, receive
from bot.texts import Language, text
from bot.voice import APOLOGIES, Slot, apologise, speak
from core.styles import STYLES, Style
from core.vision.region import Height, Side
from core.vision.verdict import Band, Verdict
from tests.verdicts import verdict_of

LOOK = UUID("019a5f00-0000-7000-8000-000000000001")
HEAT = "https://eva.example/heat/" + "x" * 300 + ".jpg"
PAGE = "https://eva.example/looks/019a5f00"
LANGUAGES = list(Language)
ASKED = {
    Verb.GUESS: "talk.guess.ask",
    Verb.CORRECT: "talk.correct.ask",
    Verb.SPEAK: "talk.language.ask",
    Verb.FORGET: "talk.forget.ask",
}


def shown(verdict: Verdict, language: Language, photo: str = "a", **options: Any) -> Reply:
    options = {"heat_url": HEAT} | options
    bubbles = speak(verdict, photo=photo, language=language)
    return show_verdict(bubbles, verdict, look=LOOK, language=language, **options)


def outputs(reply: Reply) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reply["template"]["outputs"]
    return found


def words(reply: Reply) -> str:
    """Everything that is read in a reply, in order."""
    read = []
    for output in outputs(reply):
        for bubble in output.values():
            read += [bubble.get(key, "") for key in ("title", "text", "description")]
    return "\n".join(filter(None, read))


def verdicts() -> Iterator[Verdict]:
    for band, style, second in product(Band, STYLES, STYLES):
        if style is not second:
            yield verdict_of(band, style, second, first=0.5, runner_up=0.4)
    for height, side in product(Height, Side):
        yield verdict_of(height=height, side=side)
    yield verdict_of(first=0.95, runner_up=0.02)
    yield verdict_of(concentration=0.95)
    yield verdict_of(cold=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_is_shown(language: Language) -> None:
    note = text("talk.album", language, count=10, number=10)
    for number, verdict in enumerate(verdicts()):
        for draw in range(6):
            photo = sha256(f"{number} {draw}".encode()).hexdigest()
            plain = shown(verdict, language, photo, heat_url=None)
            full = shown(verdict, language, photo, page_url=PAGE, shared=True, guesses_first=True, note=note)
            assert (breaches(plain), breaches(full)) == ([], [])
            for bubble in speak(verdict, photo=photo, language=language):
                assert bubble.text in words(plain)
                assert (bubble.text in words(full)) is (bubble.slot is not Slot.OPENING), "the note opens"


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_else_is_shown(language: Language) -> None:
    sentences = [apologise(kind(), language) for kind in APOLOGIES]
    sentences += [receive(oddity, language) for oddity in Oddity]
    sentences += [text("kakao.hello", language), text("talk.limit", language, count=20)]
    replies = [say(sentence, language=language) for sentence in sentences]
    replies += [ask(verb, text(key, language), look=LOOK, language=language) for verb, key in ASKED.items()]
    replies += [ask(Verb.TAKE, text("talk.name.ask", language, name="조용한 단추 42"), look=LOOK, language=language)]
    replies += [say(text("talk.shared", language, name="조용한 단추 42"), language=language, page_url=PAGE)]
    replies += [ask_consent(language, hours=24, privacy_url=url) for url in (None, "https://eva.example/privacy")]
    replies += [still_looking(language, photo=LOOK), promise(language)]
    replies += [say("…", language=language, buttons=[Action(verb=verb, look=LOOK)]) for verb in Verb]

    assert [breaches(reply) for reply in replies] == [[]] * len(replies)


def test_verdict_reads_like_a_chat_around_its_picture() -> None:
    reply = shown(verdict_of(), Language.KO, page_url=PAGE)

    first, card, rest = outputs(reply)
    assert first["simpleText"]["text"].count("\n") == 1
    assert card["basicCard"]["title"] == "스트리트 70%"
    assert card["basicCard"]["thumbnail"]["imageUrl"] == HEAT
    assert card["basicCard"]["thumbnail"]["fixedRatio"] is True
    assert [button["action"] for button in card["basicCard"]["buttons"]] == ["webLink", "share"]
    assert rest["simpleText"]["text"].count("\n") == 2


def test_torn_verdict_has_both_styles_in_its_title() -> None:
    reply = shown(verdict_of(Band.TORN, first=0.41, runner_up=0.38), Language.EN)

    assert outputs(reply)[1]["basicCard"]["title"] == "Street 41% · Casual 38%"


def test_no_outfit_has_no_card_and_nothing_to_share() -> None:
    reply = shown(verdict_of(Band.NOT_AN_OUTFIT), Language.KO)

    assert [list(output) for output in outputs(reply)] == [["simpleText"], ["simpleText"]]
    assert [quick["extra"]["do"] for quick in reply["template"]["quickReplies"]] == ["another"]


def test_note_comes_first() -> None:
    reply = shown(verdict_of(), Language.KO, note="전에 봤어요.")

    assert outputs(reply)[0]["simpleText"]["text"].startswith("전에 봤어요.\n")


@pytest.mark.parametrize(("shared", "verbs"), [(False, ["share", "keep"]), (True, ["unshare"])])
def test_board_buttons_follow_whether_it_is_shared(shared: bool, verbs: list[str]) -> None:
    quick = shown(verdict_of(), Language.KO, shared=shared)["template"]["quickReplies"]

    assert [each["extra"]["do"] for each in quick] == [*verbs, "correct", "another", "guess"]
    assert [each["extra"].get("look") for each in quick] == [*len(quick[:-2]) * [str(LOOK)], None, None]


def test_who_guesses_first_may_let_eva_go_first_again() -> None:
    quick = shown(verdict_of(), Language.KO, guesses_first=True)["template"]["quickReplies"]

    assert quick[-1]["extra"] == {"do": "tell"}


def test_eight_styles_to_choose_from() -> None:
    quick = ask(Verb.CORRECT, "?", look=LOOK, language=Language.EN)["template"]["quickReplies"]

    assert [Style(each["extra"]["style"]) for each in quick] == list(STYLES)


def test_who_will_not_guess_gets_the_verdict() -> None:
    *styles, last = ask(Verb.GUESS, "?", look=LOOK, language=Language.EN)["template"]["quickReplies"]

    assert [Style(each["extra"]["style"]) for each in styles] == list(STYLES)
    assert last["extra"] == {"do": "result", "look": str(LOOK)}


def test_promise_has_no_template() -> None:
    assert promise(Language.KO).keys() == {"version", "useCallback", "data"}

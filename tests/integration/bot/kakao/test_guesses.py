"""Guesses and corrections of the style of a look, on KakaoTalk."""

from core.conversation.listings import own_look_line
from core.conversation.narration import style_description, style_name
from core.db import looks
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from tests.factories import make_photo
from tests.integration.bot.kakao.conftest import (
    KakaoHarness,
    button_actions,
    buttons,
    get_only_look,
    get_person,
    is_verdict,
)
from tests.texts import variants

KO = Language.KO


async def test_correction_is_stored(harness: KakaoHarness) -> None:
    await harness.give_consent()
    prompt = await harness.press_button(await harness.send_photo(make_photo()), "correct")
    assert [button["extra"]["style"] for button in buttons(prompt.reply)] == list(STYLES)
    judged = (await get_only_look(harness)).verdict.style
    other = next(style for style in STYLES if style is not judged)
    thanks = await harness.press_button(prompt, "correct", style=other)
    sentences = [translate("talk.correct.thanks", KO, style=translate(f"style.{other}.name", KO))]
    assert thanks.text.split("\n") == [*sentences, translate("talk.learning.ask", KO)]
    assert button_actions(thanks.reply) == ["learn", "nolearn"]
    assert (await harness.press_button(thanks, "nolearn")).text == translate("talk.learning.no", KO)
    assert button_actions((await harness.send_text("개인정보")).reply) == ["another", "learn"]
    await harness.press_button(thanks, "learn")
    assert button_actions((await harness.send_text("개인정보")).reply) == ["another", "nolearn"]
    assert (await get_only_look(harness)).corrected_style is other


async def test_guess_before_the_verdict(harness: KakaoHarness) -> None:
    await harness.give_consent()
    hello = await harness.send_text("도움말")
    assert (await harness.press_button(hello, "guess")).text == translate("talk.guess.on", KO)
    prompt = await harness.send_photo(make_photo())
    assert (prompt.text, button_actions(prompt.reply)) == (translate("talk.guess.ask", KO), ["guess"] * 8 + ["result"])
    complaint = await harness.send_text("별로야")
    assert button_actions(complaint.reply) == ["guess"] * 8 + ["result", "another"]
    assert (await get_only_look(harness)).guessed_style is None
    right = (await get_only_look(harness)).verdict.style
    verdict = await harness.press_button(prompt, "guess", style=right)
    comments = {translate(f"talk.guess.right.{n}", KO, style=translate(f"style.{right}.name", KO)) for n in (1, 2, 3)}
    assert verdict.text.split("\n")[0] in {comment.replace("{guess}", "") for comment in comments}
    assert is_verdict(verdict.reply)
    assert (await get_only_look(harness)).guessed_style is right
    repeated = await harness.press_button(prompt, "guess", style=right)
    assert (repeated.text, is_verdict(repeated.reply)) == (verdict.text, True), "the answer may have been lost"
    assert (await harness.press_button(prompt, "guess", style=Style.RETRO)).text == translate("talk.guess.late", KO)
    assert (await harness.press_button(verdict, "tell")).text == translate("talk.guess.off", KO)
    assert is_verdict((await harness.send_photo(make_photo(1))).reply)


async def test_typed_style_answers_a_pending_question_or_is_small_talk(harness: KakaoHarness) -> None:
    retro = translate("style.retro.name", KO)
    about = f"{retro}: {style_description(Style.RETRO, KO)}"
    await harness.give_consent()
    await harness.send_text("먼저 맞혀 볼래요")
    await harness.send_photo(make_photo())
    assert is_verdict((await harness.send_text("음, 레트로!")).reply)
    assert (await get_only_look(harness)).guessed_style is Style.RETRO
    verdict = await harness.press_button(await harness.send_photo(make_photo(1)), "result")
    await harness.press_button(verdict, "correct")
    thanks = await harness.send_text(retro)
    assert thanks.text.split("\n")[0] == translate("talk.correct.thanks", KO, style=retro)
    assert (await harness.send_text(retro)).text == about
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        look, _ = await looks.list_for_person(connection, person.id, limit=9)
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_verdict_can_be_requested_without_a_guess(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_text("먼저 맞혀 볼래요")
    prompt = await harness.send_photo(make_photo())
    assert is_verdict((await harness.press_button(prompt, "result")).reply)
    assert (await get_only_look(harness)).guessed_style is None


async def test_questions_about_a_look_are_answered_after_a_correction(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    await harness.send_text("레트로야")
    look = await get_only_look(harness)
    assert look.corrected_style is Style.RETRO
    for message, key, values in (
        ("진짜 바지야?", "worn.check.unknown", {}),
        ("뭘 바꾸면 달라져요?", "talk.swap.none", {"style": style_name(look.verdict.style, KO)}),
    ):
        assert (await harness.send_text(message)).text in variants(key, KO, **values)
    listing = await harness.send_text("내가 뭘 제일 많이 입어?")
    assert own_look_line(look, KO) in listing.text

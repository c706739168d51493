"""Guesses before the verdict, and corrections after it."""

from core.conversation.narration import style_description, style_name
from core.i18n.translations import Language, translate, variant_keys
from core.styles import Style
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import TelegramHarness, list_looks


async def test_guess_mode_prompts_before_the_verdict(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    assert harness.buttons(harness.last_with_buttons()) == ["tell"]
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    prompt = harness.last_message()
    assert prompt["text"] == translate("talk.guess.ask", Language.KO)
    assert harness.buttons(prompt) == ["guess"] * 8 + ["result"]
    before = len(harness.texts())
    await harness.send_updates(harness.press(prompt, "guess", Style.STREET))
    verdict = harness.texts()[before:]
    style = style_name(Style.STREET, Language.KO)

    assert verdict[0].partition("\n")[0] in {
        translate(key, Language.KO, guess=style, style=style) for key in variant_keys("talk.guess.right", Language.KO)
    }
    assert len(verdict) == 2
    assert harness.buttons(harness.last_with_buttons()) == [
        "share",
        "keep",
        "another",
        "tell",
        "more",
        "correct",
        "similar",
    ]
    assert (
        harness.buttons(
            next(message for message in harness.telegram.messages() if message["message_id"] == prompt["message_id"])
        )
        == []
    )
    assert (await list_looks(harness))[0].guessed_style is Style.STREET


async def test_guess_can_be_typed(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.text(style_name(Style.RETRO, Language.KO)))
    assert await list_looks(harness) == []
    await harness.send_updates(harness.updates.photo(make_photo()))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.updates.text("레트로는 어떤 스타일이에요?"))
    assert (await list_looks(harness))[0].guessed_style is None
    await harness.send_updates(harness.updates.text("음, 레트로 같아요"))
    assert (await list_looks(harness))[0].guessed_style is Style.RETRO
    assert len(harness.photo_messages()) == 2


async def test_typed_style_after_the_verdict_is_small_talk_unless_prompted(harness: TelegramHarness) -> None:
    retro = style_name(Style.RETRO, Language.KO)
    description = f"{retro}: {style_description(Style.RETRO, Language.KO)}"
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "result"))
    closing = harness.last_with_buttons()

    await harness.send_updates(harness.press(closing, "correct"))
    await harness.send_updates(harness.updates.text(retro))
    assert translate("talk.correct.thanks", Language.KO, style=retro) in harness.texts()
    await harness.send_updates(harness.updates.text(retro))
    assert harness.texts()[-1] == description
    look = (await list_looks(harness))[0]
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_pending_guess_is_hidden_from_lists_and_revealed_by_albums(
    harness: TelegramHarness,
) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    waiting = harness.last_message()
    before = len(harness.texts())
    await harness.send_updates(harness.updates.text("/me"))
    style, day = style_name(Style.STREET, Language.KO), translate("date.today", Language.KO)
    assert "\n".join(harness.texts()[before:]).count(day) == 2, "the first look, in the list and with its buttons"
    assert harness.texts()[before].startswith(translate("talk.me.count", Language.KO, count=2))
    assert translate("talk.me", Language.KO, count=2, style=style) not in harness.texts()[before]

    await harness.send_updates(harness.press(waiting, "result"))
    await harness.send_updates(harness.updates.text("/me"))
    assert translate("talk.me", Language.KO, count=2, style=style) in "\n".join(harness.texts()), "no guess is pending"

    await harness.send_updates(*(harness.updates.photo(make_photo(seed), media_group_id="1") for seed in (3, 4)))
    await harness.send_updates(harness.updates.text(style))
    assert [look.guessed_style for look in await list_looks(harness)] == [None] * 4


async def test_result_without_a_guess_and_guess_in_the_caption(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    before = len(harness.texts())
    await harness.send_updates(harness.press(harness.last_with_buttons(), "result"))
    assert len(harness.texts()) - before == 2
    await harness.send_updates(harness.updates.photo(make_photo(3), caption=f"{style_name(Style.RETRO, Language.KO)}!"))

    assert len(harness.texts()) - before == 4
    assert (await list_looks(harness))[0].guessed_style is Style.RETRO
    await harness.send_updates(harness.updates.photo(make_photo(4), caption="스트릿 아니야"))
    assert harness.texts()[-1] == translate("talk.guess.ask", Language.KO)
    assert (await list_looks(harness))[0].guessed_style is None


async def test_guess_survives_an_interrupted_reply(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    await harness.send_updates(harness.updates.photo(make_photo(2)))
    before = len(harness.texts())
    harness.telegram.fail_next("sendMessage", 500, count=4)
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess", Style.STREET))

    assert len(harness.texts()) - before == 2
    assert translate("talk.guess.late", Language.KO) not in harness.texts()


async def test_guess_in_a_caption_survives_an_interrupted_reply(harness: TelegramHarness) -> None:
    await harness.send_updates(harness.updates.photo(make_photo(1)))
    await harness.send_updates(harness.press(harness.last_with_buttons(), "guess"))
    before = len(harness.texts())
    for method in ("sendMessage", "sendPhoto"):
        harness.telegram.fail_next(method, 500, count=4)
    style = style_name(Style.STREET, Language.KO)
    await harness.send_updates(harness.updates.photo(make_photo(2), caption=f"{style}!"))

    replies = harness.texts()[before:]
    assert len(replies) == 2
    assert replies[0].partition("\n")[0] in {
        translate(key, Language.KO, guess=style, style=style) for key in variant_keys("talk.guess.right", Language.KO)
    }

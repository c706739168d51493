"""The weekly style card: by command, in words, by the button under the list of own looks, and by inline mode."""

from core.i18n.translations import Language, translate
from tests.integration.bot.telegram.conftest import USER_ID, Json, TelegramHarness
from tests.integration.bot.telegram.test_buttons import judge_photo
from tests.integration.bot.telegram.test_inline import hint_of, send_inline_query
from tests.integration.bot.telegram.test_login_link import set_site_url

KO = Language.KO
FRIEND = 77


def is_card(message: Json) -> bool:
    return "photo" in message and message["caption"] == translate("talk.week.ready", KO)


async def test_card_is_sent_from_three_looks_on(harness: TelegramHarness) -> None:
    await judge_photo(harness, 0)
    await harness.send_updates(harness.updates.text("/week"))
    assert harness.last_message()["text"] == translate("week.few.line", KO, count=2)
    await judge_photo(harness, 1)
    await harness.send_updates(harness.updates.text("이번 주"))
    assert harness.last_message()["text"] == translate("week.few.one", KO)
    await judge_photo(harness, 2)

    await harness.send_updates(harness.updates.text("my week"))
    assert is_card(harness.last_message())
    await harness.send_updates(harness.updates.text("이번 주 어땠어?"))
    assert is_card(harness.last_message())
    await harness.send_updates(harness.updates.text("이번 달 내 스타일 어때?"))
    assert any("week" in harness.buttons(message) for message in harness.telegram.messages(USER_ID)), "own looks"
    await harness.send_updates(harness.updates.text("how was my week?"))
    assert is_card(harness.last_message())
    assert "reply_markup" not in harness.last_message(), "no one could open the card"

    set_site_url(harness, "https://eva.example")
    await harness.send_updates(harness.updates.text("/me"))
    listing = next(message for message in harness.telegram.messages(USER_ID) if "week" in harness.buttons(message))
    await harness.send_updates(harness.press(listing, "week"))
    card = harness.last_message()
    assert is_card(card)
    chosen = card["reply_markup"]["inline_keyboard"][0][0]["switch_inline_query_chosen_chat"]
    assert chosen["query"] == "week"


async def test_inline_mode_offers_everybody_their_own_card(harness: TelegramHarness) -> None:
    set_site_url(harness, "https://eva.example")
    for number in range(3):
        await judge_photo(harness, number)
    (result,) = (await send_inline_query(harness, "week"))["results"]
    assert result["photo_url"].startswith("https://eva.example/cards/week/")

    await judge_photo(harness, 9, FRIEND)
    answer = await send_inline_query(harness, "week", user_id=FRIEND)
    assert hint_of(answer) == translate("telegram.inline.week", KO, count=2)

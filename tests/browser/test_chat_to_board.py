"""From a Telegram chat to the leaderboard and back."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, Page, expect

from bot.telegram.keyboards import decode_callback_data
from bot.testing.telegram import FakeTelegram
from core.conversation.actions import ActionType
from core.i18n.translations import Language, translate
from tests.browser.conftest import NewInstallation
from tests.conftest import ROOT

MINA = 42
SECRET = "knock"


def buttons(telegram: FakeTelegram, verb: ActionType) -> Iterator[tuple[dict[str, Any], str]]:
    """Messages with a button for this action, newest last, with the callback data."""
    for message in telegram.messages(MINA):
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                content = decode_callback_data(button.get("callback_data", ""))
                if content is not None and content.action.type is verb:
                    yield message, button["callback_data"]


def press(telegram: FakeTelegram, verb: ActionType) -> None:
    """Press the newest button for this action as soon as it exists."""
    message, data = telegram.wait(lambda: list(buttons(telegram, verb)))[-1]
    telegram.deliver_update(telegram.updates.button_press(message, data, user_id=MINA))


def wait_for_text(telegram: FakeTelegram, key: str, **words: object) -> None:
    """Wait until Eva sends this text."""
    telegram.wait(
        lambda: [
            message
            for message in telegram.messages(MINA)
            if message.get("text") == translate(key, Language.KO, **words)
        ]
    )


def test_look_shared_in_a_chat_is_public_until_unshared(chromium: Browser, new_installation: NewInstallation) -> None:
    with FakeTelegram() as telegram:
        settings = {
            "EVA_TELEGRAM_TOKEN": telegram.token,
            "EVA_TELEGRAM_WEBHOOK_SECRET": SECRET,
            "EVA_TELEGRAM_API_URL": telegram.url,
        }
        with new_installation().running_server(**settings) as address:
            telegram.api.webhook.update(url=f"{address}/telegram/webhook", secret_token=SECRET)
            page: Page = chromium.new_context(locale="ko-KR", viewport={"width": 390, "height": 780}).new_page()
            page.goto(address)
            expect(page.locator(".looks .look, .hero")).to_have_count(0)

            telegram.deliver_update(
                telegram.updates.photo((ROOT / "samples" / "ethnic.jpg").read_bytes(), user_id=MINA)
            )
            press(telegram, ActionType.SHARE)
            telegram.wait(lambda: list(buttons(telegram, ActionType.ACCEPT_NAME)))
            telegram.deliver_update(telegram.updates.text("미나리", user_id=MINA))
            press(telegram, ActionType.CONFIRM_NAME)
            wait_for_text(telegram, "talk.shared", name="미나리")

            page.goto(address)
            expect(page.locator(".hero")).to_contain_text("미나리")
            page.locator(".hero a.stretched-link").click()
            expect(page.locator(".verdict h1")).not_to_be_empty()
            look = page.url

            press(telegram, ActionType.UNSHARE)
            wait_for_text(telegram, "talk.unshared")
            reply = page.goto(look)
            assert reply is not None
            assert reply.status == 404
            page.context.close()

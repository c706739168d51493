"""From a chat on Telegram to the board in a browser, and off it again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Browser, Page, expect

from bot.actions import Verb
from bot.telegram.callbacks import decode
from bot.testing.telegram import FakeTelegram
from bot.texts import Language, text
from tests.browser.conftest import running
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

MINA = 42
SECRET = "knock"


def buttons(telegram: FakeTelegram, verb: Verb) -> Iterator[tuple[dict[str, Any], str]]:
    """The messages that have a button which does this, the newest last, with what it sends."""
    for message in telegram.sent(MINA):
        for row in message.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                action = decode(button.get("callback_data", ""))
                if action is not None and action.verb is verb:
                    yield message, button["callback_data"]


def press(telegram: FakeTelegram, verb: Verb) -> None:
    """Press the newest button that does this, as soon as there is one."""
    message, data = telegram.wait(lambda: list(buttons(telegram, verb)))[-1]
    telegram.push(telegram.updates.press(message, data, person=MINA))


def hear(telegram: FakeTelegram, key: str, **words: object) -> None:
    """Wait until Eva says this."""
    telegram.wait(lambda: [each for each in telegram.sent(MINA) if each.get("text") == text(key, Language.KO, **words)])


def test_what_is_shared_in_a_chat_is_on_the_board_until_it_is_taken_back(chromium: Browser, tmp_path: Path) -> None:
    with FakeTelegram() as telegram:
        settings = {
            "EVA_TELEGRAM_TOKEN": telegram.token,
            "EVA_TELEGRAM_SECRET": SECRET,
            "EVA_TELEGRAM_API_URL": telegram.url,
        }
        with running(tmp_path, **settings) as address:
            telegram.api.webhook.update(url=f"{address}/telegram/webhook", secret_token=SECRET)
            page: Page = chromium.new_context(locale="ko-KR", viewport={"width": 390, "height": 780}).new_page()
            page.goto(address)
            expect(page.locator(".looks .look, .hero")).to_have_count(0)

            telegram.push(telegram.updates.photo((ROOT / "samples" / "ethnic.jpg").read_bytes(), person=MINA))
            press(telegram, Verb.SHARE)
            telegram.wait(lambda: list(buttons(telegram, Verb.TAKE)))
            telegram.push(telegram.updates.text("미나리", person=MINA))
            hear(telegram, "talk.shared", name="미나리")

            page.goto(address)
            expect(page.locator(".hero")).to_contain_text("미나리")
            page.locator(".hero a.whole").click()
            expect(page.locator(".told h1")).not_to_be_empty()
            look = page.url

            press(telegram, Verb.UNSHARE)
            hear(telegram, "talk.unshared")
            reply = page.goto(look)
            assert reply is not None
            assert reply.status == 404
            page.context.close()

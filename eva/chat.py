"""`eva chat`: Telegram without an account, in a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from core.i18n.translations import translate
from eva.cli_errors import LanguageOption, chosen_language, exit_on_error
from eva.serve import bind_socket

if TYPE_CHECKING:
    from bot.app import BotApplication

app = typer.Typer()


@app.command()
def chat(lang: LanguageOption = None) -> None:
    """Talk to Eva as on Telegram, without an account: type, name a photo, press a button by its number."""
    import asyncio

    from pydantic import SecretStr

    from bot.app import open_application
    from bot.telegram.client import create_bot
    from bot.telegram.setup import set_webhook
    from bot.testing.telegram import FakeTelegram
    from bot.testing.terminal_chat import TerminalChat
    from core.runtime import run_event_loop as run_loop
    from core.runtime import run_until_signalled
    from core.settings import Settings
    from webhooks.app import create_webhook_app
    from webhooks.server import serve

    language, given = chosen_language(lang), Settings()
    console = Console(highlight=False)
    with exit_on_error(language), FakeTelegram() as messenger, bind_socket("127.0.0.1", 0, language) as door:
        # Its own memory: whoever tries Eva must not write into that of her people.
        settings = given.model_copy(
            update={
                "data_dir": given.data_dir / "chat",
                "database_url": None,
                "storage_url": None,
                "telegram_token": SecretStr(messenger.token),
                "telegram_webhook_secret": SecretStr("chat"),
                "telegram_api_url": messenger.url,
            }
        )
        talk = TerminalChat(messenger, console, folder=Path(), language=language)

        async def type_(service: BotApplication) -> None:
            async with create_bot(settings) as bot:
                await set_webhook(bot, f"http://127.0.0.1:{door.getsockname()[1]}/telegram/webhook", settings)
            console.print(translate("cli.chat", language), markup=False)
            line: str | None = "/start"
            while line is not None:
                if line.strip():
                    await asyncio.to_thread(talk.send, line.strip())
                while await service.has_pending_updates():
                    await asyncio.sleep(0.1)
                    talk.show()
                talk.show()
                line = await asyncio.to_thread(_read_line)

        async def work() -> None:
            async with open_application(settings, run_worker=True) as service:
                await run_until_signalled(
                    serve(create_webhook_app(service), door), *service.workers, lambda: type_(service)
                )

        run_loop(work())


def _read_line() -> str | None:
    """The next line that is typed; None at the end."""
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None

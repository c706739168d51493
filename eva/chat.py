"""`eva chat`: a simulated Telegram chat in the terminal."""

import logging
import sys
import time
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from core.i18n.translations import Language, translate
from core.settings import Settings
from eva.cli_errors import LanguageOption, chosen_language, exit_on_error, load_settings
from eva.judge import PANEL
from eva.serve import bind_socket

if TYPE_CHECKING:
    from bot.app import BotApplication
    from bot.testing.telegram import FakeTelegram
    from bot.testing.terminal_chat import TerminalChat

TENTH_OF_A_SECOND = 10**8
"""In nanoseconds; a chat takes fewer ids than tenths of a second."""

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def chat(lang: LanguageOption = None) -> None:
    """Talk to Eva as on Telegram, without an account: type text, the path of a photo, or the number of a button."""
    from bot.app import open_application
    from bot.telegram.bot import create_bot
    from bot.telegram.setup import set_webhook
    from bot.testing.telegram import FakeTelegram
    from bot.testing.terminal_chat import TerminalChat
    from core.runtime import run_event_loop, run_until_signalled
    from webhooks.app import create_webhook_app
    from webhooks.server import serve

    language, base_settings = chosen_language(lang), load_settings()
    # Between the messages stands only what is wrong.
    logging.getLogger().setLevel(logging.WARNING)
    console = Console(highlight=False)
    # The database of earlier chats stays; ids that it knows would be repetitions.
    first_id = time.time_ns() // TENTH_OF_A_SECOND
    with (
        exit_on_error(language),
        FakeTelegram(first_id=first_id) as telegram,
        bind_socket("127.0.0.1", 0, language) as listener,
    ):
        settings = _chat_settings(base_settings, telegram)
        terminal = TerminalChat(telegram, console, folder=Path(), language=language)

        async def talk(application: "BotApplication") -> None:
            async with create_bot(settings) as bot:
                await set_webhook(bot, f"http://127.0.0.1:{listener.getsockname()[1]}/telegram/webhook", settings)
            if lang is not None:
                # The person of an earlier chat has a language; the option is a newer choice.
                await _set_language(application, language)
            console.print(translate("cli.chat", language), markup=False)
            await _send_lines(application, terminal)

        async def run_chat() -> None:
            async with open_application(settings) as application:
                await run_until_signalled(
                    serve(create_webhook_app(application), listener),
                    application.run_worker,
                    lambda: talk(application),
                )

        run_event_loop(run_chat())


def _chat_settings(settings: Settings, telegram: "FakeTelegram") -> Settings:
    """Settings with a database and storage of the chat, so that a trial does not write into those of real people."""
    from pydantic import SecretStr

    return settings.model_copy(
        update={
            "data_dir": settings.data_dir / "chat",
            "database_url": None,
            "storage_url": None,
            "telegram_token": SecretStr(telegram.token),
            "telegram_webhook_secret": SecretStr("chat"),
            "telegram_api_url": telegram.url,
        }
    )


async def _set_language(application: "BotApplication", language: Language) -> None:
    from bot.testing.terminal_chat import USER_ID
    from core.db import people
    from core.db.schema import IdentityProvider

    person = await application.conversation.get_or_create_person(IdentityProvider.TELEGRAM, str(USER_ID), language)
    async with application.resources.database.connection() as connection:
        await people.update_language(connection, person.id, language)


async def _send_lines(application: "BotApplication", terminal: "TerminalChat") -> None:
    """Start the chat, and send the lines of the input until it ends."""
    import asyncio

    line: str | None = "/start"
    while line is not None:
        if line.strip():
            await asyncio.to_thread(terminal.send, line.strip())
        while await application.has_pending_updates():
            await asyncio.sleep(0.1)
            terminal.show()
        terminal.show()
        line = await asyncio.to_thread(_read_line)


def _read_line() -> str | None:
    """Read the next line of the input; None at its end, or if it is closed."""
    if sys.stdin is None:
        return None
    # Telegram's messages are UTF-8, what a terminal sends need not be.
    if isinstance(sys.stdin, TextIOWrapper) and sys.stdin.errors != "replace":
        sys.stdin.reconfigure(errors="replace")
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None

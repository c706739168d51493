"""`eva chat`: Telegram without an account, in a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from bot.texts import text
from eva.serving import open_door
from eva.terminal import Lang, kindly, language_of

if TYPE_CHECKING:
    from bot.service import Service

app = typer.Typer()


@app.command()
def chat(lang: Lang = None) -> None:
    """Talk to Eva as on Telegram, without an account: type, name a photo, press a button by its number."""
    import asyncio  # noqa: PLC0415

    from pydantic import SecretStr  # noqa: PLC0415

    from bot.service import open_service  # noqa: PLC0415
    from bot.telegram.sender import make_bot  # noqa: PLC0415
    from bot.telegram.setup import set_webhook  # noqa: PLC0415
    from bot.testing.chat import Chat  # noqa: PLC0415
    from bot.testing.telegram import FakeTelegram  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.process import until_stopped  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415
    from webhooks.doors import with_doors  # noqa: PLC0415
    from webhooks.server import serve_app  # noqa: PLC0415

    language, given = language_of(lang), Settings()
    console = Console(highlight=False)
    with kindly(language), FakeTelegram() as messenger, open_door("127.0.0.1", 0, language) as door:
        # Its own memory: whoever tries Eva must not write into that of her people.
        settings = given.model_copy(
            update={
                "data_dir": given.data_dir / "chat",
                "database_url": None,
                "storage_url": None,
                "telegram_token": SecretStr(messenger.token),
                "telegram_secret": SecretStr("chat"),
                "telegram_api_url": messenger.url,
            }
        )
        talk = Chat(messenger, console, folder=Path(), language=language)

        async def type_(service: Service) -> None:
            async with make_bot(settings) as bot:
                await set_webhook(bot, f"http://127.0.0.1:{door.getsockname()[1]}/telegram/webhook", settings)
            console.print(text("cli.chat", language), markup=False)
            line: str | None = "/start"
            while line is not None:
                if line.strip():
                    await asyncio.to_thread(talk.send, line.strip())
                while await service.busy():
                    await asyncio.sleep(0.1)
                    talk.show()
                talk.show()
                line = await asyncio.to_thread(_typed)

        async def work() -> None:
            async with open_service(settings, works=True) as service:
                await until_stopped(serve_app(with_doors(service), door), *service.work, lambda: type_(service))

        run_loop(work())


def _typed() -> str | None:
    """The next line that is typed; None at the end."""
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None

"""`eva run`, `eva serve`, `eva worker`: Eva at work."""

import errno
import socket
from pathlib import Path
from typing import Annotated

import typer

from core.i18n.translations import Language, translate
from eva.cli_errors import exit_on_error, fail, terminal_language

SAMPLES = Path(__file__).parents[1] / "samples"

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]

app = typer.Typer()


@app.command()
def run(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    polling: Annotated[
        bool, typer.Option("--polling", help="Fetch Telegram's updates, where it cannot reach this machine.")
    ] = False,
) -> None:
    """Start all of Eva in one process: page, doors and worker."""
    _serve(host, port, run_worker=True, polling=polling)


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Start the page and the doors alone; `eva worker` does the work."""
    _serve(host, port, run_worker=False, polling=False)


@app.command()
def worker() -> None:
    """Do the queue's work; start as many as you like."""
    from bot.app import open_application
    from core.logging import configure_logging
    from core.runtime import run_event_loop as run_loop
    from core.runtime import run_until_signalled
    from core.settings import Settings

    language, settings = terminal_language(), Settings()
    configure_logging(settings.env, secrets=settings.secrets)

    async def work() -> None:
        async with open_application(settings, run_worker=True) as service:
            await run_until_signalled(
                *service.workers, on_started=lambda: typer.echo(translate("cli.working", language))
            )

    with exit_on_error(language):
        run_loop(work())


def bind_socket(host: str, port: int, language: Language) -> socket.socket:
    """The socket to listen on."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(translate("cli.port_taken", language, port=port))
        raise typer.BadParameter(f"{host}:{port}: {error.strerror}") from error


def _serve(host: str, port: int, *, run_worker: bool, polling: bool) -> None:
    """Serve the page and the doors; `inline`, do the queue's work beside it unless EVA_RUN_WORKER=false."""
    from bot.app import open_application
    from core.logging import configure_logging
    from core.runtime import run_event_loop as run_loop
    from core.runtime import run_until_signalled
    from core.settings import Settings, WorkerPlace
    from leaderboard_web.app import create_app
    from leaderboard_web.chat_controller import CHAT_PATH
    from webhooks.app import create_webhook_app
    from webhooks.server import serve

    language, settings = terminal_language(), Settings()
    configure_logging(settings.env, secrets=settings.secrets)
    with exit_on_error(language), bind_socket(host, port, language) as door:

        async def work() -> None:
            works = run_worker and settings.run_worker is WorkerPlace.INLINE
            async with open_application(settings, run_worker=works) as service:
                site = create_webhook_app(service, create_app(service, samples=SAMPLES))
                beside = [*service.workers, *([service.run_polling] if polling else [])]
                named = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)
                address = translate("cli.serving", language, url=f"http://{named}:{door.getsockname()[1]}{CHAT_PATH}")
                await run_until_signalled(serve(site, door), *beside, on_started=lambda: typer.echo(address))

        run_loop(work())

"""`eva run`, `eva serve`, `eva worker`: Eva at work."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.texts import text
from eva.terminal import kindly, spoken, stop

if TYPE_CHECKING:
    from bot.texts import Language

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
    _serve(host, port, inline=True, polling=polling)


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Start the page and the doors alone; `eva worker` does the work."""
    _serve(host, port, inline=False, polling=False)


@app.command()
def worker() -> None:
    """Do the queue's work; start as many as you like."""
    from bot.service import open_service  # noqa: PLC0415
    from core.logs import set_up_logs  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.process import until_stopped  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    language, settings = spoken(), Settings()
    set_up_logs(settings.env, secrets=settings.secrets)

    async def work() -> None:
        async with open_service(settings, works=True) as service:
            await until_stopped(*service.work, begin=lambda: typer.echo(text("cli.working", language)))

    with kindly(language):
        run_loop(work())


def open_door(host: str, port: int, language: Language) -> socket.socket:
    """The socket to listen on."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            stop(text("cli.port_taken", language, port=port))
        raise typer.BadParameter(f"{host}:{port}: {error.strerror}") from error


def _serve(host: str, port: int, *, inline: bool, polling: bool) -> None:
    """Serve the page and the doors; `inline`, do the queue's work beside it unless EVA_WORKER=off."""
    from bot.service import open_service  # noqa: PLC0415
    from core.logs import set_up_logs  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.process import until_stopped  # noqa: PLC0415
    from core.settings import Settings, WorkerPlace  # noqa: PLC0415
    from leaderboard_web.app import create_app  # noqa: PLC0415
    from leaderboard_web.room import TRY  # noqa: PLC0415
    from webhooks.doors import with_doors  # noqa: PLC0415
    from webhooks.server import serve_app  # noqa: PLC0415

    language, settings = spoken(), Settings()
    set_up_logs(settings.env, secrets=settings.secrets)
    with kindly(language), open_door(host, port, language) as door:

        async def work() -> None:
            works = inline and settings.worker is WorkerPlace.INLINE
            async with open_service(settings, works=works) as service:
                site = with_doors(service, create_app(service, samples=SAMPLES))
                beside = [*service.work, *([service.poll] if polling else [])]
                named = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)
                address = text("cli.serving", language, url=f"http://{named}:{door.getsockname()[1]}{TRY}")
                await until_stopped(serve_app(site, door), *beside, begin=lambda: typer.echo(address))

        run_loop(work())

"""Server commands: `eva run`, `eva serve`, `eva worker`."""

import errno
import gc
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.i18n.translations import Language, translate
from core.settings import Settings
from eva.cli_errors import exit_on_error, fail, load_settings, terminal_language

if TYPE_CHECKING:
    from bot.app import BotApplication
    from core.runtime import GracefulShutdown

SAMPLES = Path(__file__).parents[1] / "samples"

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]

WORKER_NICENESS = 10
"""Lowers the priority of workers, so that `eva serve` on the same machine answers messengers in time."""

PANEL = "Servers"
app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def run(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    polling: Annotated[
        bool, typer.Option("--polling", help="Poll Telegram for updates; needs no public address.")
    ] = False,
) -> None:
    """Start the site, the webhooks and a worker in one process."""
    settings = load_settings()
    if polling and settings.telegram_token is None:
        fail(translate("cli.polling_without_token", terminal_language()))
    serve_site(settings, host, port, run_worker=True, polling=polling)


@app.command(rich_help_panel=PANEL)
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Start the site and the webhooks without a worker."""
    serve_site(load_settings(), host, port, run_worker=False)


@app.command(rich_help_panel=PANEL)
def worker() -> None:
    """Start a worker; any number may run."""
    begin_start()
    from bot.app import open_application
    from core.runtime import GracefulShutdown, ProcessKind, run_event_loop, run_until_signalled
    from core.tracing import tracing

    language, settings = terminal_language(), load_settings()
    shutdown = GracefulShutdown(has_exit_limit=True)

    async def work() -> None:
        async with open_application(settings, ProcessKind.WORKER) as application:
            _warn_about_secret_key(application, language)
            health = serve_health(application, metrics_listener, shutdown)
            end_start()
            if hasattr(os, "nice"):
                # After the embedded server was started, which would have the same priority.
                os.nice(WORKER_NICENESS)
            await run_until_signalled(
                application.run_worker,
                *health,
                on_started=lambda: typer.echo(translate("cli.working", language)),
                shutdown=shutdown,
            )

    with (
        exit_on_error(language),
        bind_metrics_socket(settings, language) as metrics_listener,
        tracing(f"eva-{ProcessKind.WORKER}"),
    ):
        run_event_loop(work())
    shutdown.end_process()


def begin_start() -> None:
    """Leave the garbage alone until `end_start`: to look for some among what imports create takes a fifth of a
    start."""
    gc.disable()


def end_start() -> None:
    """Collect garbage from now on, but not among what the process has created up to here and keeps."""
    gc.freeze()
    gc.enable()


def bind_socket(host: str, port: int, language: Language, *, taken_key: str = "cli.port_taken") -> socket.socket:
    """Open the socket to listen on.

    Args:
        host: address to listen on.
        port: port to listen on.
        language: of the message.
        taken_key: of the message for a port that is in use.

    Raises:
        Exit: the port is in use.
        BadParameter: the address cannot be listened on.
    """
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            fail(translate(taken_key, language, port=port))
        raise typer.BadParameter(f"{host}:{port}: {error.strerror}") from error


@contextmanager
def bind_metrics_socket(settings: Settings, language: Language) -> Iterator[socket.socket | None]:
    """Open the socket of EVA_METRICS_PORT; None without that setting.

    Raises:
        Exit: the port is in use.
    """
    if settings.metrics_port is None:
        yield None
        return
    with bind_socket("0.0.0.0", settings.metrics_port, language, taken_key="cli.metrics_port_taken") as listener:
        yield listener


def serve_health(
    application: "BotApplication", listener: socket.socket | None, shutdown: "GracefulShutdown"
) -> list[Callable[[], Awaitable[None]]]:
    """The task that serves health checks and metrics at a port of their own; none without that port."""
    from webhooks.app import create_health_app
    from webhooks.server import serve

    return [] if listener is None else [serve(create_health_app(application, shutdown=shutdown), listener)]


def serve_site(
    settings: Settings,
    host: str,
    port: int,
    *,
    run_worker: bool,
    polling: bool = False,
    prepare: "Callable[[BotApplication, str], Awaitable[str]] | None" = None,
) -> None:
    """Serve the site and the webhooks until stopped.

    Args:
        settings: of this process.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        run_worker: whether this process also runs jobs, unless EVA_RUN_WORKER is false.
        polling: whether this process polls Telegram for updates.
        prepare: runs before the site is served; gets its base URL and returns what to print below the address.
    """
    language = terminal_language()
    # Before the imports, which take seconds on a slow machine.
    typer.echo(translate("cli.starting", language))
    begin_start()
    from bot.app import open_application
    from core.runtime import GracefulShutdown, ProcessKind, run_event_loop, run_until_signalled
    from core.tracing import tracing
    from leaderboard_web.app import create_app
    from leaderboard_web.urls import url_for
    from webhooks.app import create_webhook_app
    from webhooks.server import serve

    shutdown = GracefulShutdown(settings.drain_seconds, has_exit_limit=True)
    with (
        exit_on_error(language),
        bind_socket(host, port, language) as listener,
        bind_metrics_socket(settings, language) as metrics_listener,
        tracing(f"eva-{ProcessKind.RUN if run_worker else ProcessKind.SERVE}"),
    ):

        async def work() -> None:
            async with open_application(settings, ProcessKind.RUN if run_worker else ProcessKind.SERVE) as application:
                _warn_about_secret_key(application, language)
                site = create_webhook_app(
                    application, create_app(application, samples=SAMPLES, shutdown=shutdown), shutdown=shutdown
                )
                end_start()
                tasks = _background_tasks(application, run_worker=run_worker and settings.run_worker, polling=polling)
                tasks += serve_health(application, metrics_listener, shutdown)
                root = f"http://{_display_host(host)}:{listener.getsockname()[1]}"
                message = translate("cli.serving", language, url=root + url_for("chat"))
                if prepare is not None:
                    message = f"{message}\n{await prepare(application, root)}"
                await run_until_signalled(
                    serve(site, listener, shutdown), *tasks, on_started=lambda: typer.echo(message), shutdown=shutdown
                )

        run_event_loop(work())
    shutdown.end_process()


def _background_tasks(
    application: "BotApplication", *, run_worker: bool, polling: bool
) -> list[Callable[[], Awaitable[None]]]:
    """What runs next to the site."""
    from core.services import deletion

    tasks: list[Callable[[], Awaitable[None]]] = [partial(deletion.run_late_deletion, application.resources)]
    if run_worker:
        tasks.append(application.run_worker)
    if polling:
        tasks.append(application.run_polling)
    return tasks


def _warn_about_secret_key(application: "BotApplication", language: Language) -> None:
    if application.resources.is_secret_key_changed:
        typer.echo(translate("cli.secret_key_changed", language), err=True)


def _display_host(host: str) -> str:
    """The host as it stands in a URL that works on this machine."""
    if host in {"0.0.0.0", "::"}:
        return "localhost"
    return f"[{host}]" if ":" in host else host

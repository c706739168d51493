"""The front door: the `eva` command, and the only place where Eva's parts are put together.

What a command needs is imported inside it, so that `eva ask` answers in a moment and never meets TensorFlow.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import socket
import sys
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console

from bot.texts import Language, negotiate, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from bot.service import Service
    from core.vision.classifier import StyleClassifier

SAMPLES = Path(__file__).parent / "samples"


class Direction(StrEnum):
    """What `eva migrate` does."""

    UP = "up"
    DOWN = "down"
    CHECK = "check"


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Eva names the style of an outfit and shows on the photo why.",
)

telegram = typer.Typer(no_args_is_help=True, help="What Telegram must know.")
corrections = typer.Typer(no_args_is_help=True, help="What people corrected.")
app.add_typer(telegram, name="telegram")
app.add_typer(corrections, name="corrections")


def spoken() -> Language:
    """The language of this terminal, by LC_ALL, LC_MESSAGES and LANG."""
    return negotiate(next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None))


def _language(wish: str | None) -> Language:
    if wish is None:
        return spoken()
    if wish not in set(Language):
        raise typer.BadParameter(text("cli.unknown_language", spoken(), language=wish))
    return Language(wish)


Lang = Annotated[
    str | None, typer.Option("--lang", metavar="ko|en", help="Eva's language; your terminal's if not given.")
]
Data = Annotated[Path, typer.Option(help="Folder with labels.csv and photos/.", exists=True, file_okay=False)]


@app.command()
def ask(
    photo: Annotated[Path, typer.Argument(help="A photo of an outfit.", show_default=False)],
    lang: Lang = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Where the heat picture goes; PHOTO-eva.jpg in this folder if not given."),
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="No typing, all at once.")] = False,
) -> None:
    """Show Eva a photo and hear what she says."""
    language = _language(lang)
    from bot.batch import read_file  # noqa: PLC0415
    from bot.terminal import say, show_bars  # noqa: PLC0415
    from bot.voice import speak  # noqa: PLC0415
    from core.photos import read_photo  # noqa: PLC0415
    from core.vision.overlay import heat_jpeg  # noqa: PLC0415
    from core.vision.verdict import Band  # noqa: PLC0415

    console = Console(highlight=False)
    with _kindly(language), console.status(text("cli.looking", language)):
        try:
            data = read_file(photo)
        except FileNotFoundError:
            _stop(text("cli.no_such_file", language, path=str(photo)))
        except OSError:
            _stop(text("cli.unreadable", language, path=str(photo)))
        picture = read_photo(data)
        with _classifier() as classifier:
            verdict = classifier.judge(picture)
    bubbles = speak(verdict, photo=hashlib.sha256(data).hexdigest(), language=language)
    say(console, bubbles, typed=not fast)
    if verdict.band is not Band.NOT_AN_OUTFIT:
        show_bars(console, verdict, language)
    elif save is None:
        return
    target = _free_name(photo) if save is None else save
    try:
        if target.exists() and target.samefile(photo):
            _stop(text("cli.not_saved", language, path=str(target)))
        target.write_bytes(heat_jpeg(picture.image, verdict.cam))
    except OSError:
        _stop(text("cli.not_saved", language, path=str(target)))
    console.print(text("cli.saved", language, path=str(target)), markup=False, soft_wrap=True)


@app.command()
def judge(
    paths: Annotated[list[Path], typer.Argument(help="Photos, and folders to walk.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    cam: Annotated[Path | None, typer.Option(help="Folder for the heat pictures.", file_okay=False)] = None,
    lang: Lang = None,
) -> None:
    """Judge many photos; exits with 1 if any of them could not be judged."""
    language = _language(lang)
    from bot.batch import Failed, find_photos, judge_all  # noqa: PLC0415
    from bot.terminal import judged_table, progress  # noqa: PLC0415

    photos = find_photos(paths)
    if not photos:
        _stop(text("cli.no_photos", language, path=", ".join(map(str, paths))))
    failed = 0
    results = []
    with (
        _kindly(language),
        _classifier() as classifier,
        progress(text("cli.judging", language), len(photos)) as step,
    ):
        try:
            for result in judge_all(photos, classifier, language, cam):
                failed += isinstance(result, Failed)
                if as_json:
                    typer.echo(json.dumps(result.as_json(), ensure_ascii=False))
                else:
                    results.append(result)
                step()
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            _stop(text("cli.not_saved", language, path=str(error.filename or cam)))
    if not as_json:
        Console(highlight=False).print(judged_table(results, language))
    typer.echo(text("cli.judged", language, done=len(photos) - failed, failed=failed), err=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def doctor(lang: Lang = None) -> None:
    """Say what works here, and how to mend what does not."""
    language = _language(lang)
    from bot.doctor import State, examine  # noqa: PLC0415
    from bot.terminal import show_checks  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    checks = examine(Settings(), language)
    show_checks(Console(highlight=False), checks, language)
    raise typer.Exit(1 if any(check.state is State.MISSING for check in checks) else 0)


Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)]


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

    with _kindly(language):
        run_loop(work())


@app.command()
def migrate(
    direction: Annotated[Direction, typer.Argument(help="up, down, or check.")] = Direction.UP,
    to: Annotated[str, typer.Option(help="Down to which step; one back if not given, `base` for all.")] = "-1",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before tables are deleted.")] = False,
) -> None:
    """Bring the database's tables up to date, or back; or say whether they are."""
    language = spoken()
    from core.db.migrate import migrate_down, migrate_up, migrations_missing  # noqa: PLC0415
    from core.memory import open_database  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    async def work() -> str | None:
        async with open_database(Settings()) as database:
            match direction:
                case Direction.UP:
                    await migrate_up(database)
                case Direction.DOWN:
                    await migrate_down(database, to)
                    return None
            return await migrations_missing(database)

    if direction is Direction.DOWN and not yes:
        typer.confirm(text("cli.migrate.sure", language), abort=True)
    with _kindly(language):
        missing = run_loop(work())
    if missing is not None:
        _stop(text("cli.migrate.differs", language, difference=missing))
    typer.echo(text("cli.migrate.back" if direction is Direction.DOWN else "cli.migrate.current", language))


@app.command()
def chat(lang: Lang = None) -> None:
    """Talk to Eva as on Telegram, without an account: type, name a photo, press a button by its number."""
    import asyncio  # noqa: PLC0415

    from fastapi import FastAPI  # noqa: PLC0415
    from pydantic import SecretStr  # noqa: PLC0415

    from bot.service import open_service  # noqa: PLC0415
    from bot.telegram.sender import make_bot  # noqa: PLC0415
    from bot.telegram.setup import set_webhook  # noqa: PLC0415
    from bot.testing.chat import Chat  # noqa: PLC0415
    from bot.testing.telegram import FakeTelegram  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.process import until_stopped  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415
    from webhooks.doors import doors  # noqa: PLC0415
    from webhooks.server import serve_app  # noqa: PLC0415

    language, given = _language(lang), Settings()
    console = Console(highlight=False)
    with _kindly(language), FakeTelegram() as messenger, _door("127.0.0.1", 0, language) as door:
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
                site = FastAPI()
                for router in doors(service):
                    site.include_router(router)
                await until_stopped(serve_app(site, door), *service.work, lambda: type_(service))

        run_loop(work())


def _typed() -> str | None:
    """The next line that is typed; None at the end."""
    try:
        return input("> " if sys.stdin.isatty() else "")
    except EOFError:
        return None


@telegram.command()
def setup(
    url: Annotated[str | None, typer.Option(help="Eva's public address; EVA_PUBLIC_URL if not given.")] = None,
) -> None:
    """Tell Telegram where Eva is, and put her commands into its menu, in both languages."""
    from telegram.error import InvalidToken, TelegramError  # noqa: PLC0415

    from bot.telegram.sender import make_bot  # noqa: PLC0415
    from bot.telegram.setup import set_commands, set_webhook  # noqa: PLC0415
    from core.errors import TokenRefused  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    language, settings = spoken(), Settings()
    root = (url or str(settings.public_url or "")).rstrip("/")
    if settings.telegram_token is None or settings.telegram_secret is None or not root:
        _stop(text("cli.telegram.unset", language))

    async def work() -> None:
        async with make_bot(settings) as bot:
            await set_commands(bot)
            await set_webhook(bot, f"{root}/telegram/webhook", settings)

    try:
        run_loop(work())
    except InvalidToken:
        _stop(str(TokenRefused()))
    except TelegramError as error:
        _stop(text("cli.telegram.refused", language, reason=error.message))
    typer.echo(text("cli.telegram.set_up", language, url=f"{root}/telegram/webhook"))


@corrections.command("export")
def export_corrections(
    out: Annotated[Path, typer.Option(help="Folder for labels.csv and photos/.", file_okay=False)],
) -> None:
    """Write the photos whose style people corrected, as data for `eva train`."""
    from core.corrections import export_corrections as write  # noqa: PLC0415
    from core.memory import open_memory  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.settings import Settings  # noqa: PLC0415

    language = spoken()

    async def work() -> int:
        async with open_memory(Settings()) as memory:
            return await write(memory, out)

    with _kindly(language):
        try:
            count = run_loop(work())
        except OSError:
            _stop(text("cli.not_saved", language, path=str(out)))
    typer.echo(text("cli.corrections", language, count=count, path=str(out)))


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder of this run; a run that is there goes on.")],
    weights: Annotated[
        Path | None, typer.Option(help="ImageNet weights; downloaded if not given.", dir_okay=False)
    ] = None,
    backbone: Annotated[str, typer.Option(help="vgg16, vgg19 or resnet50.")] = "vgg16",
    recipe: Annotated[
        Path | None, typer.Option(help="Recipe as JSON, in place of the first one's defaults.", exists=True)
    ] = None,
    start: Annotated[Path | None, typer.Option(help="model.keras of a run to go on from.", exists=True)] = None,
    teacher_features: Annotated[Path | None, typer.Option(help="Features of a second teacher.", dir_okay=False)] = None,
) -> None:
    """Train Eva's network."""
    from core.training.recipe import Recipe, read_recipe  # noqa: PLC0415

    with _kindly(spoken()):
        _training().train(
            data=data,
            weights=weights,
            out=out,
            recipe=read_recipe(recipe) if recipe else Recipe(backbone=backbone),
            teacher_features=teacher_features,
            start=start,
        )


@app.command()
def compare(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the features and the table.", file_okay=False)],
    weights: Annotated[
        Path | None, typer.Option(help="ImageNet weights; downloaded if not given.", dir_okay=False)
    ] = None,
    backbone: Annotated[str, typer.Option(help="vgg16, vgg19 or resnet50.")] = "vgg16",
    photos: Annotated[int, typer.Option(help="Training photos to learn from.", min=100)] = 3000,
) -> None:
    """Compare framings and poolings on frozen features."""
    with _kindly(spoken()):
        _training().compare_candidates(data=data, weights=weights, out=out, backbone=backbone, photos=photos)


@app.command()
def evaluate(
    data: Data,
    run: Annotated[Path, typer.Option(help="Folder of the training run.", exists=True, file_okay=False)],
    report: Annotated[Path, typer.Option(help="Folder for the report.", file_okay=False)],
    split: Annotated[str, typer.Option(help="train, val or test.")] = "test",
    models: Annotated[Path | None, typer.Option(help="The exported model; core/models if not given.")] = None,
) -> None:
    """Report how well the exported model does, and keep the figures in its card."""
    from core.vision.classifier import MODELS  # noqa: PLC0415

    with _kindly(spoken()):
        _training().evaluate(data=data, run=run, models=models or MODELS, split=split, report=report)


@app.command()
def export(
    data: Data,
    run: Annotated[Path, typer.Option(help="Folder of the training run.", exists=True, file_okay=False)],
    models: Annotated[Path | None, typer.Option(help="Where the model goes; core/models if not given.")] = None,
) -> None:
    """Make the model that ships with Eva from a trained network."""
    from core.vision.classifier import MODELS  # noqa: PLC0415

    with _kindly(spoken()):
        _training().export(data=data, run=run, models=models or MODELS)


def main() -> None:
    """Run the command line."""
    app()


def _serve(host: str, port: int, *, inline: bool, polling: bool) -> None:
    """Serve the page and the doors; `inline`, do the queue's work beside it unless EVA_WORKER=off."""
    from bot.service import open_service  # noqa: PLC0415
    from core.logs import set_up_logs  # noqa: PLC0415
    from core.process import run as run_loop  # noqa: PLC0415
    from core.process import until_stopped  # noqa: PLC0415
    from core.settings import Settings, WorkerPlace  # noqa: PLC0415
    from leaderboard_web.app import create_app  # noqa: PLC0415
    from leaderboard_web.chat import TRY  # noqa: PLC0415
    from webhooks.doors import doors  # noqa: PLC0415
    from webhooks.server import serve_app  # noqa: PLC0415

    language, settings = spoken(), Settings()
    set_up_logs(settings.env, secrets=settings.secrets)
    with _kindly(language), _door(host, port, language) as door:

        async def work() -> None:
            works = inline and settings.worker is WorkerPlace.INLINE
            async with open_service(settings, works=works) as service:
                site = create_app(service, samples=SAMPLES)
                for router in doors(service):
                    site.include_router(router)
                beside = [*service.work, *([service.poll] if polling else [])]
                named = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)
                address = text("cli.serving", language, url=f"http://{named}:{door.getsockname()[1]}{TRY}")
                await until_stopped(serve_app(site, door), *beside, begin=lambda: typer.echo(address))

        run_loop(work())


def _door(host: str, port: int, language: Language) -> socket.socket:
    """The socket to listen on."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _stop(text("cli.port_taken", language, port=port))
        raise typer.BadParameter(f"{host}:{port}: {error.strerror}") from error


def _classifier() -> StyleClassifier:
    from core.settings import Settings  # noqa: PLC0415
    from core.vision.classifier import load_classifier  # noqa: PLC0415

    return load_classifier(Settings())


def _training() -> ModuleType:
    if any(find_spec(name) is None for name in ("tensorflow", "matplotlib", "sklearn")):
        _stop(text("cli.no_training", spoken()))
    from core.training import commands  # noqa: PLC0415

    return commands


def _free_name(photo: Path) -> Path:
    """A name for the heat picture in the current folder that no file has yet."""
    target, number = Path(f"{photo.stem}-eva.jpg"), 2
    while target.exists():
        target = Path(f"{photo.stem}-eva-{number}.jpg")
        number += 1
    return target


@contextlib.contextmanager
def _kindly(language: Language) -> Iterator[None]:
    """Turn Eva's errors into her sentences and exit code 1."""
    from bot.voice import apologise  # noqa: PLC0415
    from core.errors import (  # noqa: PLC0415
        EngineUnavailable,
        EvaError,
        MemoryFault,
        ModelError,
        SecretMissing,
        TokenRefused,
        TrainingError,
    )

    try:
        yield
    except (TrainingError, MemoryFault, SecretMissing, TokenRefused) as error:
        # Only who runs Eva meets these, and can do something about them.
        _stop(str(error))
    except EngineUnavailable as error:
        mend = text("cli.doctor.engine.mend", language, engine=os.environ.get("EVA_ENGINE", "litert"))
        _stop(f"{mend} ({error.detail})")
    except ModelError as error:
        _stop(f"{apologise(error, language)}\n{text('cli.doctor.model.mend', language)} ({error})")
    except EvaError as error:
        _stop(apologise(error, language))


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    main()

"""`eva demo`: Eva with samples on the leaderboard and a report to decide, in a data folder of its own."""

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import typer

from core.i18n.translations import Language, translate
from core.settings import Environment, Settings
from eva.cli_errors import fail, load_settings, terminal_language
from eva.serve import PANEL, SAMPLES, Host, Port, serve_site

if TYPE_CHECKING:
    from bot.app import BotApplication

MODERATOR = "demo-moderator"
SHARED = (
    ("Linen Heron 24", Language.EN, "street", 9),
    ("누빔 두루미 58", Language.KO, "business_casual", 8),
    ("Corduroy Fox 71", Language.EN, "retro", 6),
    ("페이즐리 여우 77", Language.KO, "ethnic", 5),
    ("새틴 고양이 12", Language.KO, "feminine", 4),
    ("Denim Otter 33", Language.EN, "casual", 3),
    ("Pleated Robin 46", Language.EN, "girlish", 2),
    ("트위드 수달 85", Language.KO, "mode", 1),
)
"""Owner, their language, sample and number of hearts of each look on the leaderboard."""
REPORTED_SAMPLE = "retro"
REPORT_REASONS = ("no_outfit", "other: This is a drawing.")

app = typer.Typer()


@app.command(rich_help_panel=PANEL)
def demo(
    host: Host = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Start with samples on the leaderboard and print a moderator's login link."""
    language = terminal_language()
    if not SAMPLES.is_dir():
        fail(translate("cli.no_samples", language))

    async def prepare(application: "BotApplication", root: str) -> str:
        await seed_leaderboard(application)
        return translate("cli.moderator", language, url=f"{root}{await create_moderator_link(application, language)}")

    serve_site(demo_settings(load_settings()), host, port, run_worker=True, prepare=prepare)


def demo_settings(settings: Settings) -> Settings:
    """The same settings with data of their own, whatever database and storage the environment names.

    `https` addresses and messengers are left out: a demonstration runs on this machine.
    """
    return Settings(
        engine=settings.engine,
        model_dir=settings.model_dir,
        env=Environment.DEVELOPMENT,
        data_dir=settings.data_dir / "demo",
        database_url=None,
        storage_url=None,
        secret_key=None,
        public_url=None,
        telegram_token=None,
        kakao_skill_key=None,
        admins=(f"telegram:{MODERATOR}",),
    )


async def seed_leaderboard(application: "BotApplication") -> None:
    """Judge and share the samples and report one of them; does nothing if an earlier start did it."""
    from core.db import moderation, people, reactions
    from core.db.schema import IdentityProvider

    database = application.resources.database
    async with database.connection() as connection:
        if await people.get_by_identity(connection, IdentityProvider.TELEGRAM, MODERATOR):
            return
    looks_by_sample = {
        sample: await _share_sample(application, name, language, SAMPLES / f"{sample}.jpg")
        for name, language, sample, _ in SHARED
    }
    async with database.transaction() as connection:
        visitors = [
            await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, f"demo {number}", language=Language.EN
            )
            for number in range(max(hearts for *_, hearts in SHARED))
        ]
        for _, _, sample, hearts in SHARED:
            for visitor in visitors[:hearts]:
                await reactions.create_heart(connection, looks_by_sample[sample], visitor.id)
        for reason, visitor in zip(REPORT_REASONS, visitors, strict=False):
            await moderation.create_report(connection, looks_by_sample[REPORTED_SAMPLE], visitor.id, reason)
        await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, MODERATOR, language=Language.EN)


async def create_moderator_link(application: "BotApplication", language: Language) -> str:
    """The path of a new login link of the moderator."""
    from core.db import one_time_tokens, people
    from core.db.schema import IdentityProvider
    from core.urls import login_link_path

    async with application.resources.database.transaction() as connection:
        moderator = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, MODERATOR, language=language
        )
        return login_link_path(await one_time_tokens.create(connection, moderator.id))


async def _share_sample(application: "BotApplication", name: str, language: Language, path: Path) -> UUID:
    from anyio import to_thread

    from core.db import looks, people
    from core.db.schema import Channel, IdentityProvider
    from core.services.photo_judging import PhotoSource

    database = application.resources.database
    async with database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, f"demo-{path.stem}", language=language
        )
        await people.update_display_name(connection, person.id, name)
    source = PhotoSource(person_id=person.id, channel=Channel.TELEGRAM, message_id="demo", language=language)
    photo = await to_thread.run_sync(path.read_bytes)
    judged = await application.conversation.photo_judging.judge_photo(photo, source)
    async with database.transaction() as connection:
        await looks.share(connection, judged.look.id)
    return judged.look.id

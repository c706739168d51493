"""A look to report, with visitors and a moderator."""

from dataclasses import dataclass

from core.db import looks, people
from core.db.identities import create_identity
from core.db.schema import Channel, IdentityProvider
from core.i18n.translations import Language
from core.resources import open_resources
from core.settings import Settings
from core.signing import VisitorTokenSigner, load_secret_key
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.browser.judged_samples import judge_sample

OWNER = "Velvet Wren 8"
MODERATOR = "Moderator Min"


@dataclass(frozen=True, slots=True)
class SeededReport:
    """A shared look; the visitors and the moderator as the tokens of their cookies."""

    id: str
    moderator: str
    visitors: list[str]


async def create_reported_look(settings: Settings) -> SeededReport:
    """Share a look, and create three visitors and a moderator."""
    visitors = VisitorTokenSigner(load_secret_key(settings))
    tokens = [visitors.issue() for _ in range(4)]
    async with open_resources(settings) as resources:
        async with resources.database.transaction() as connection:
            owner = await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, "reported", language=Language.EN
            )
            assert await people.update_display_name(connection, owner.id, OWNER)
            moderator = await people.get_or_create_by_identity(
                connection, IdentityProvider.TELEGRAM, "moderator", language=Language.EN
            )
            assert await people.update_display_name(connection, moderator.id, MODERATOR)
            for place, token in enumerate(tokens):
                key = visitors.verify(token) or ""
                if place == 0:
                    assert await create_identity(connection, moderator.id, IdentityProvider.WEB, key)
                else:
                    # With a chat, because of visitors without one, one report for each address counts.
                    visitor = await people.get_or_create_by_identity(
                        connection, IdentityProvider.WEB, key, language=Language.EN
                    )
                    assert await create_identity(connection, visitor.id, IdentityProvider.TELEGRAM, f"visitor {place}")
        look = await judge_sample(resources, owner.id, "retro", make_outputs(Style.GIRLISH), channel=Channel.TELEGRAM)
        async with resources.database.transaction() as connection:
            assert await looks.share(connection, look.id)
    return SeededReport(id=str(look.id), moderator=tokens[0], visitors=tokens[1:])

"""A look to report, with visitors and a moderator."""

from dataclasses import dataclass

from core.db import looks, people
from core.db.schema import Channel, IdentityProvider
from core.resources import open_resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.signing import VisitorTokenSigner, load_secret_key
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.conftest import ROOT

OWNER = "Velvet Wren 8"
MODERATOR = "Moderator Min"


@dataclass(frozen=True, slots=True)
class ReportedLook:
    """A shared look; the visitors and the moderator as the tokens of their cookies."""

    id: str
    moderator: str
    visitors: list[str]


async def create_reported_look(settings: Settings) -> ReportedLook:
    """Share a look, and create three visitors and a moderator."""
    visitors = VisitorTokenSigner(load_secret_key(settings))
    tokens = [visitors.issue() for _ in range(4)]
    async with open_resources(settings) as resources:
        with StyleClassifier(FakeBackend([make_outputs(Style.GIRLISH)]), FAKE_MODEL_CARD) as classifier:
            async with resources.database.transaction() as connection:
                owner = await people.get_or_create_by_identity(
                    connection, IdentityProvider.TELEGRAM, "reported", language="en"
                )
                assert await people.set_display_name(connection, owner.id, OWNER)
                moderator = await people.get_or_create_by_identity(
                    connection, IdentityProvider.TELEGRAM, "moderator", language="en"
                )
                assert await people.set_display_name(connection, moderator.id, MODERATOR)
                for place, token in enumerate(tokens):
                    key = visitors.verify(token) or ""
                    if place == 0:
                        assert await people.add_identity(connection, moderator.id, IdentityProvider.WEB, key)
                    else:
                        # With a chat, because of visitors without one, one report for each address counts.
                        visitor = await people.get_or_create_by_identity(
                            connection, IdentityProvider.WEB, key, language="en"
                        )
                        assert await people.add_identity(
                            connection, visitor.id, IdentityProvider.TELEGRAM, f"visitor {place}"
                        )
            judged = await PhotoJudgingService(resources, classifier).judge_photo(
                (ROOT / "samples" / "retro.jpg").read_bytes(),
                person_id=owner.id,
                channel=Channel.TELEGRAM,
                source_message_id="reported",
                language="en",
            )
        async with resources.database.transaction() as connection:
            assert await looks.share(connection, judged.look.id)
    return ReportedLook(id=str(judged.look.id), moderator=tokens[0], visitors=tokens[1:])

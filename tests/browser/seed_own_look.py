"""A look that a known visitor shares."""

from core.db import looks, people
from core.db.schema import Channel, IdentityProvider
from core.resources import open_resources
from core.services.photo_judging import PhotoJudgingService
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.conftest import ROOT


async def share_own_look(settings: Settings, key: str, name: str) -> str:
    """Share a look of the visitor with this key, under this name; its id."""
    with StyleClassifier(FakeBackend([make_outputs(Style.CASUAL)]), FAKE_MODEL_CARD) as classifier:
        async with open_resources(settings) as resources:
            async with resources.database.transaction() as connection:
                person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language="en")
                assert await people.set_display_name(connection, person.id, name)
            judged = await PhotoJudgingService(resources, classifier).judge_photo(
                (ROOT / "samples" / "business_casual.jpg").read_bytes(),
                person_id=person.id,
                channel=Channel.WEB,
                source_message_id="own",
                language="en",
            )
            async with resources.database.transaction() as connection:
                assert await looks.share(connection, judged.look.id)
    return str(judged.look.id)

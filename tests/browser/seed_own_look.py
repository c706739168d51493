"""A look that a known visitor shares."""

from core.db import looks, people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import open_resources
from core.settings import Settings
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.browser.judged_samples import judge_sample


async def share_own_look(settings: Settings, key: str, name: str) -> str:
    """Share a look of the visitor with this key, under this name; its id."""
    async with open_resources(settings) as resources:
        async with resources.database.transaction() as connection:
            person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language=Language.EN)
            assert await people.update_display_name(connection, person.id, name)
        look = await judge_sample(resources, person.id, "business_casual", make_outputs(Style.CASUAL))
        async with resources.database.transaction() as connection:
            assert await looks.share(connection, look.id)
    return str(look.id)

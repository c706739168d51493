"""People with the widest possible names."""

from uuid import UUID

from core.conversation.display_names import MAX_NAME_LENGTH, normalize_display_name
from core.db import one_time_tokens, people, reactions, relations
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate, variant_keys
from core.resources import Resources, open_resources
from core.settings import Settings
from core.signing import VisitorTokenSigner, load_secret_key
from tests.browser.seed_accounts import create_account


def longest_generated_name(language: Language) -> str:
    """The longest name that can be generated in a language."""
    parts = {
        part: max((translate(key, language) for key in variant_keys(f"name.{part}", language)), key=len)
        for part in ("first", "second")
    }
    return f"{translate('name.pattern', language, **parts)} 888"


WIDEST = [MAX_NAME_LENGTH * "W", MAX_NAME_LENGTH * "뷁", *map(longest_generated_name, Language)]
"""Names without a space to break at, and with some; the first one is the moderator's."""


async def create_named_account(
    resources: Resources, visitors: VisitorTokenSigner, name: str, subject: str
) -> dict[str, str]:
    """Create a person of this name; their looks by kind, token, login link and id."""
    assert normalize_display_name(name) == name
    token = visitors.issue()
    key = visitors.verify(token) or ""
    account = await create_account(resources, token, key)
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language=Language.EN)
        assert await people.update_display_name(connection, person.id, name)
        assert await create_identity(connection, person.id, IdentityProvider.TELEGRAM, subject)
        await people.record_name_question(connection, person.id, UUID(account["private"]), chat="web")
        link = await one_time_tokens.create(connection, person.id)
    return {**account, "name": name, "link": link, "id": str(person.id)}


async def create_named_accounts(settings: Settings) -> list[dict[str, str]]:
    """Create people with looks of every kind, who follow and keep what the others share; the first is a moderator."""
    visitors = VisitorTokenSigner(load_secret_key(settings))
    async with open_resources(settings) as resources:
        accounts = [
            await create_named_account(resources, visitors, name, f"wide {number}" if number else "moderator")
            for number, name in enumerate(WIDEST)
        ]
        async with resources.database.transaction() as connection:
            for account in accounts:
                for other in accounts:
                    if account is not other:
                        await relations.create_follow(connection, UUID(account["id"]), UUID(other["id"]))
                        await reactions.create_bookmark(connection, UUID(other["shared"]), UUID(account["id"]))
    return accounts

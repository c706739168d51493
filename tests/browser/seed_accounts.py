"""People with looks of every kind, bookmarks and follows."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, update

from core.db import leaderboard, look_images, looks, moderation, people, reactions, relations, schema
from core.db.schema import IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources, open_resources
from core.settings import Settings
from core.signing import VisitorTokenSigner, load_secret_key
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.browser.judged_samples import judge_sample

KINDS: list[tuple[str, str, dict[str, Any]]] = [
    ("gone", "retro", {"style": Style.RETRO, "confidence": 0.64}),
    ("old", "business_casual", {"style": Style.BUSINESS_CASUAL, "confidence": 0.83}),
    ("held", "street", {"style": Style.STREET, "confidence": 0.58}),
    ("shared", "ethnic", {"style": Style.ETHNIC, "confidence": 0.91}),
    ("nothing", "no_outfit", {"style": Style.MODE, "outfit": 0.05}),
    ("private", "astronaut", {"style": Style.GIRLISH, "confidence": 0.72}),
]
"""Kind of each look, its sample photo and verdict; the last one is the newest."""


async def create_account(resources: Resources, token: str, key: str) -> dict[str, str]:
    """Create a person with one look of each kind; the look ids by kind, and the visitor `token`.

    They keep the looks of the board and follow the people who shared them, if there are any.
    """
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language=Language.EN)
    look_ids: dict[str, str] = {}
    for kind, sample, seen in KINDS:
        outputs = make_outputs(seen["style"], **{name: value for name, value in seen.items() if name != "style"})
        look = await judge_sample(resources, person.id, sample, outputs)
        look_ids[kind] = str(look.id)
        async with resources.database.transaction() as connection:
            await apply_kind(connection, resources, kind, look)
    async with resources.database.transaction() as connection:
        for entry in await leaderboard.get_page(connection, limit=20):
            if entry.look.person_id != person.id:
                await relations.create_follow(connection, person.id, entry.look.person_id)
                await reactions.create_bookmark(connection, entry.look.id, person.id)
    return {**look_ids, "token": token}


async def apply_kind(connection: Any, resources: Resources, kind: str, look: looks.Look) -> None:
    """Bring a look into the state of its kind."""
    if kind in {"shared", "held"}:
        assert await looks.share(connection, look.id)
    if kind == "held":
        for number in range(3):
            other = await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, f"reporter {number}", language=Language.EN
            )
            await moderation.create_report(connection, look.id, other.id)
    if kind == "gone":
        await resources.storage.delete([look.photo_key or "", look.heatmap_key or ""])
        await look_images.clear_image_keys(connection, [look.id])
    if kind in {"gone", "old", "shared", "held"}:
        days = timedelta(days=9 if kind == "gone" else 2, hours=3)
        old = func.now() - (timedelta(hours=21, minutes=30) if kind == "old" else days)
        await connection.execute(update(schema.looks).where(schema.looks.c.id == look.id).values(created_at=old))


async def create_accounts(settings: Settings, number: int) -> list[dict[str, str]]:
    """Create people, see `create_account`."""
    visitors = VisitorTokenSigner(load_secret_key(settings))
    async with open_resources(settings) as resources:
        tokens = [visitors.issue() for _ in range(number)]
        return [await create_account(resources, token, visitors.verify(token) or "") for token in tokens]

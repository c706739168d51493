"""The main color of an outfit, which has a threshold of its own: it is taken back and exported like what is seen."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from core.clothing import Color, Item
from core.conversation.reply import ReplyKind
from core.conversation.reply_texts import reply_sentences
from core.conversation.service import ConversationService
from core.db import looks, people
from core.db.people import Person
from core.db.worn_counts import count_worn
from core.i18n.translations import Language
from core.resources import Resources
from core.services.corrections_export import export_corrections
from core.styles import Style
from tests.factories import classify_with_attributes
from tests.factories import create_look as create_stored_look
from tests.integration.core.conversation.conftest import create_look, current, make_service, say
from tests.texts import variants


@pytest.fixture
def service(resources: Resources) -> ConversationService:
    return make_service(resources, {Item.COAT: 0.9, Color.BLACK: 0.9, Item.BOOTS: 0.8}, {Item.BOOTS: (0.9, 0.5)})


@pytest.mark.parametrize("message", ["it's not pink", "핑크 아니야", "the coat isn't pink", "not pink, it's red"])
async def test_the_main_color_can_be_taken_back_where_no_color_is_seen(
    service: ConversationService, mina: Person, message: str
) -> None:
    verdict = classify_with_attributes(Style.FEMININE, {Item.COAT: 0.9, Color.PINK: 0.3})
    assert verdict.attributes is not None
    assert not verdict.attributes.colors
    verdict = replace(verdict, attributes=replace(verdict.attributes, main_color=Color.PINK))
    async with service.resources.database.transaction() as connection:
        look = await create_stored_look(connection, mina.id, verdict=verdict)

    reply = await say(service, mina, message)

    assert (reply.kind, reply.thing) == (ReplyKind.ITEM_CORRECTED, Color.PINK)
    attributes = (await current(service, look)).verdict.attributes
    assert attributes is not None
    assert attributes.main_color is None
    async with service.resources.database.connection() as connection:
        assert not (await count_worn(connection, mina.id, since=look.created_at)).main_colors
    again = await say(service, mina, "is it pink?")
    assert set(reply_sentences(again)) <= variants("talk.item.told", Language.EN, thing="the pink")


async def test_the_export_names_the_main_color_first(
    service: ConversationService, mina: Person, tmp_path: Path
) -> None:
    look = await create_look(service, mina)
    attributes = look.verdict.attributes
    assert attributes is not None
    for main_color, colors in ((Color.RED, "red black"), (Color.BLACK, "black"), (None, "black")):
        async with service.resources.database.transaction() as connection:
            stored = replace(attributes, main_color=main_color).to_dict()
            await looks.update_where(
                connection, look.id, attributes=stored, item_corrections={"boots": None}, told_colors=None
            )
            await people.record_learning_consent(connection, mina.id, is_given=True)
        await export_corrections(service.resources, tmp_path)
        with (tmp_path / "attributes.csv").open(newline="", encoding="utf-8") as file:
            [row] = csv.DictReader(file)
        assert row["colours"] == colors

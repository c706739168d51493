"""A conversation service with a scripted model, and helpers that act for a person."""

import json

import pytest

from core.clothing import Color, Item
from core.conversation.actions import Action, ActionType, tag_name
from core.conversation.reply import Reply
from core.conversation.reply_checkpoints import restore_reply
from core.conversation.service import ConversationService
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import Channel, IdentityProvider
from core.i18n.translations import Language
from core.resources import Resources
from core.services.photo_judging import JudgedPhoto, PhotoJudgingService, PhotoSource
from core.settings import Settings
from core.styles import Style
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import (
    FAKE_ATTRIBUTES_CARD,
    FAKE_MODEL_CARD,
    FakeBackend,
    add_attributes,
    make_outputs,
)
from tests.factories import make_photo

EN = Language.EN
CHAT = "telegram:42"
SHOES_AND_JEANS: dict[Attribute, float] = {Item.JEANS: 0.9, Color.BLUE: 0.9, Item.SNEAKERS: 0.9, Color.RED: 0.9}
JEANS_BLUE_SNEAKERS_RED: dict[Attribute, tuple[float, float]] = {
    **dict.fromkeys((Item.JEANS, Color.BLUE), (0.5, 0.5)),
    **dict.fromkeys((Item.SNEAKERS, Color.RED), (0.95, 0.5)),
}


@pytest.fixture
def service(resources: Resources) -> ConversationService:
    """A service whose model sees Casual in every photo, with a limit of three photos a day."""
    model = FakeBackend(lambda _: make_outputs(Style.CASUAL, second=Style.STREET, second_confidence=0.08))
    judging = PhotoJudgingService(resources, StyleClassifier(model, FAKE_MODEL_CARD), daily_limit=3)
    settings = Settings(public_url="https://eva.example/")
    return ConversationService(resources, judging, settings)


@pytest.fixture
async def mina(service: ConversationService) -> Person:
    return await service.get_or_create_person(IdentityProvider.TELEGRAM, "42", "en-GB")


async def judge(service: ConversationService, person: Person, seed: int, source_message_id: str) -> JudgedPhoto:
    source = PhotoSource(
        person_id=person.id, channel=Channel.TELEGRAM, message_id=source_message_id, language=person.language
    )
    return await service.photo_judging.judge_photo(make_photo(seed), source)


async def create_look(service: ConversationService, person: Person, seed: int = 1) -> Look:
    return (await judge(service, person, seed, f"{seed}")).look


async def reload(service: ConversationService, person: Person) -> Person:
    async with service.resources.database.transaction() as connection:
        current = await people.get(connection, person.id)
    assert current is not None
    return current


async def create_named_person(service: ConversationService, subject: str, name: str) -> Person:
    person = await service.get_or_create_person(IdentityProvider.TELEGRAM, subject, "en")
    async with service.resources.database.transaction() as connection:
        assert await people.update_display_name(connection, person.id, name)
    return person


async def act(
    service: ConversationService,
    person: Person,
    action_type: ActionType,
    look: Look | None = None,
    style: Style | None = None,
) -> Reply:
    """Handle an action of the person as they are stored now."""
    current = await reload(service, person)
    name_tag = tag_name(current.pending_name) if action_type is ActionType.CONFIRM_NAME else None
    action = Action(type=action_type, look_id=None if look is None else look.id, style=style, name_tag=name_tag)
    return await service.handle_action(current, action, chat=CHAT)


async def write(service: ConversationService, person: Person, message: str, look: Look | None = None) -> Reply | None:
    """Handle a message of the person as they are stored now."""
    look_id = None if look is None else look.id
    return await service.handle_text(await reload(service, person), message, look_id, chat=CHAT)


async def is_shared(service: ConversationService, look: Look) -> bool:
    async with service.resources.database.connection() as connection:
        current = await looks.get(connection, look.id)
    return current is not None and current.shared_at is not None


async def restore(service: ConversationService, person: Person, reply: Reply, message: str | None = None) -> Reply:
    """The reply that a later attempt restores from the checkpoint."""
    checkpoint = json.loads(json.dumps(reply.to_checkpoint()))
    async with service.resources.database.connection() as connection:
        return await restore_reply(connection, person, checkpoint, message)


async def say(service: ConversationService, person: Person, message: str) -> Reply:
    """The reply to a message that gets one."""
    reply = await write(service, person, message)
    assert reply is not None, message
    return reply


async def current(service: ConversationService, look: Look) -> Look:
    """The look as it is stored now."""
    async with service.resources.database.connection() as connection:
        stored = await looks.get(connection, look.id)
    assert stored is not None
    return stored


def make_service(
    resources: Resources, things: dict[Attribute, float], peaks: dict[Attribute, tuple[float, float]]
) -> ConversationService:
    """A service whose model sees these items and colors, each with its place if it is not in the middle."""
    outputs = add_attributes(make_outputs(Style.BUSINESS_CASUAL), things, peaks=peaks)
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    return ConversationService(resources, PhotoJudgingService(resources, classifier), Settings())

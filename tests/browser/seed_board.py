"""Looks that several people share."""

from itertools import count

from core.clothing import Color, Item
from core.db import look_feedback, looks, people, reactions
from core.db.schema import Channel, IdentityProvider, PendingQuestion
from core.i18n.translations import Language
from core.resources import Resources, open_resources
from core.settings import Settings
from core.styles import Style
from core.vision.attributes import Attribute
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, add_attributes, make_outputs
from tests.browser.judged_samples import judge_sample

SCRIPT_NAME = "<img src=x onerror=window.hacked=1>"
"""A name that `core.conversation.display_names` refuses, written to the database directly."""

SHARED = [
    ("Linen Heron 24", "street", Style.STREET, 0.72, (0.3, 0.5)),
    ("미나", "ethnic", Style.ETHNIC, 0.91, (0.6, 0.5)),
    ("Corduroy Fox 71", "retro", Style.RETRO, 0.66, (0.4, 0.4)),
    ("새틴 고양이 12", "business_casual", Style.BUSINESS_CASUAL, 0.83, (0.3, 0.6)),
    (SCRIPT_NAME, "street", Style.STREET, 0.55, (0.7, 0.5)),
    ("Denim Otter 33", "ethnic", Style.FEMININE, 0.48, (0.5, 0.3)),
]
"""Owner, sample, style, confidence and peak of the heatmap; the first one has the most hearts."""

WORN: dict[str, dict[Attribute, tuple[float, tuple[float, float]]]] = {
    "street": {
        Item.HAT: (0.97, (0.08, 0.5)),
        Item.HOODIE: (0.93, (0.35, 0.5)),
        Item.TROUSERS: (0.88, (0.7, 0.5)),
        Color.GREEN: (0.9, (0.35, 0.5)),
    },
    "ethnic": {
        Item.TRADITIONAL: (0.95, (0.4, 0.5)),
        Item.SKIRT: (0.84, (0.7, 0.5)),
        Item.LONG: (0.8, (0.75, 0.5)),
        Color.RED: (0.92, (0.7, 0.5)),
        Color.WHITE: (0.7, (0.3, 0.5)),
    },
    "retro": {
        Item.DRESS: (0.96, (0.5, 0.5)),
        Item.DOTS: (0.91, (0.55, 0.5)),
        Item.HEELS: (0.74, (0.92, 0.5)),
        Color.RED: (0.95, (0.5, 0.5)),
    },
    "business_casual": {
        Item.BLAZER: (0.94, (0.35, 0.5)),
        Item.TROUSERS: (0.9, (0.7, 0.5)),
        Color.NAVY: (0.93, (0.35, 0.5)),
        Color.BEIGE: (0.81, (0.7, 0.5)),
    },
}
"""What is seen of each sample: the probability of a thing and where it is."""


async def share_sample(
    resources: Resources, number: int, entry: tuple[str, str, Style, float, tuple[float, float]]
) -> str:
    """Judge one photo and share it; its id."""
    name, sample, style, confidence, hot = entry
    rest = (1 - confidence) * 0.6
    outputs = add_attributes(
        make_outputs(style, confidence=confidence, second=Style.CASUAL, second_confidence=rest, peak=hot),
        {thing: probability for thing, (probability, _) in WORN[sample].items()},
        peaks={thing: place for thing, (_, place) in WORN[sample].items()},
        axis=number,
    )
    async with resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, f"seed {number}", language=Language.EN
        )
        await people.update_display_name(connection, person.id, name)
    look = await judge_sample(
        resources, person.id, sample, outputs, channel=Channel.TELEGRAM, card=FAKE_ATTRIBUTES_CARD
    )
    async with resources.database.transaction() as connection:
        if number == 0:
            await look_feedback.update_pending_question(connection, look.id, PendingQuestion.GUESS)
            await look_feedback.record_guess(connection, look.id, Style.CASUAL)
            await look_feedback.record_correction(connection, look.id, Style.MODE)
        assert await looks.share(connection, look.id)
        for fan in range(2 * (len(SHARED) - number)):
            whose = await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, f"fan {fan}", language=Language.EN
            )
            await reactions.create_heart(connection, look.id, whose.id)
    return str(look.id)


async def share_samples(settings: Settings) -> dict[str, str]:
    """Share all; their ids by owner."""
    async with open_resources(settings) as resources:
        return {
            entry[0]: await share_sample(resources, number, entry)
            for number, entry in zip(count(), SHARED, strict=False)
        }

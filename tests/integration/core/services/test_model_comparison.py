"""Another model is compared with the one in use, on photos that Eva may learn from."""

import json
from datetime import timedelta

from sqlalchemy import func, select

from core.db import look_feedback, people, schema
from core.i18n.translations import Language
from core.resources import Resources
from core.services.model_comparison import compare_models, summarize
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from core.vision.verdict import ConfidenceBand
from eva.shadow import to_json, to_text
from tests.factories import create_look, create_person, end_images, make_photo, make_verdict


def model(style: Style) -> StyleClassifier:
    return StyleClassifier(FakeBackend(lambda _: make_outputs(style)), FAKE_MODEL_CARD)


async def test_two_models_are_compared_on_photos_that_eva_may_learn_from(resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        agreed, refused = [await create_person(connection) for _ in range(2)]
        for person, answer in ((agreed, True), (refused, False)):
            await people.record_learning_consent(connection, person.id, is_given=answer)
        corrected, gone, broken, foreign, uncorrected, ended = [
            await create_look(connection, person.id) for person in (agreed, agreed, agreed, refused, agreed, agreed)
        ]
        for look in (corrected, gone, broken, foreign, ended):
            await look_feedback.record_correction(connection, look.id, Style.RETRO)
    for number, look in enumerate((corrected, foreign, uncorrected, ended)):
        assert look.photo_key is not None
        await resources.storage.put(look.photo_key, make_photo(seed=number))
    assert broken.photo_key is not None
    await resources.storage.put(broken.photo_key, b"no picture")
    await end_images(resources, ended, timedelta(minutes=1))

    steps: list[None] = []
    comparison = await compare_models(
        resources, model(Style.STREET), model(Style.RETRO), limit=10, on_photo=lambda: steps.append(None)
    )
    assert (comparison.photos, comparison.missing, len(steps)) == (1, 2, 3)
    assert (comparison.same_style, comparison.current_right, comparison.candidate_right) == (0, 0, 1)
    assert comparison.style_changes == {(Style.STREET, Style.RETRO): 1}
    async with resources.database.connection() as connection:
        stored = await connection.scalar(select(func.count()).select_from(schema.looks))
        kept = await connection.scalar(select(schema.looks.c.style).where(schema.looks.c.id == corrected.id))
    assert (stored, kept) == (6, corrected.verdict.style), "nothing is stored"
    report = to_json(comparison) + to_text(comparison, Language.EN) + to_text(comparison, Language.KO)
    assert "could not be decoded" in to_text(comparison, Language.EN)
    assert "for 0 of 1, " in to_text(comparison, Language.EN), "of how many photos"
    assert "열 수 없는" in to_text(comparison, Language.KO)
    assert "{" not in to_text(comparison, Language.EN) + to_text(comparison, Language.KO)
    for private in (corrected.id, corrected.photo_key, agreed.id):
        assert str(private) not in report
    assert json.loads(to_json(comparison))["style_changes"] == {"street>retro": 1}


def test_agreements_are_counted() -> None:
    street, retro = make_verdict(first=0.7), make_verdict(style=Style.RETRO, first=0.7)
    likely, nothing = make_verdict(ConfidenceBand.LIKELY, first=0.6), make_verdict(ConfidenceBand.NOT_AN_OUTFIT)
    pairs = [
        (Style.STREET, street, street),
        (Style.STREET, street, likely),
        (Style.RETRO, street, retro),
        (Style.STREET, street, nothing),
        (Style.STREET, nothing, nothing),
    ]
    found = summarize("a", "b", pairs, missing=2)
    assert (found.photos, found.missing, found.outfits, found.outfit_changes) == (5, 2, 3, 1)
    assert (found.same_style, found.same_band) == (2, 2)
    assert (found.current_right, found.candidate_right) == (2, 3)
    assert 0.2 < found.distance < 0.3
    empty = summarize("a", "b", [], missing=0)
    assert (empty.distance, empty.style_changes) == (0.0, {})
    assert to_text(empty, Language.EN).count("\n") == 0

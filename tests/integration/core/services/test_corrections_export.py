"""What people corrected comes back as training data that the school reads."""

from pathlib import Path

import pytest
from PIL import Image

from core.db import look_feedback, people
from core.db.schema import Channel
from core.i18n.translations import Language
from core.resources import Resources
from core.services.corrections_export import export_corrections
from core.services.photo_judging import PhotoJudgingService, PhotoSource
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from tests.factories import create_person
from tests.images import encode_image, make_quadrants

photo_table = pytest.importorskip("core.training.photo_table", reason="the extra `train` is not installed")


async def test_corrected_photos_are_exported_with_labels(resources: Resources, tmp_path: Path) -> None:
    judging = PhotoJudgingService(
        resources, StyleClassifier(FakeBackend(lambda _: make_outputs(Style.CASUAL)), FAKE_MODEL_CARD)
    )
    async with resources.database.transaction() as connection:
        person = (await create_person(connection)).id
    wrong, right = [
        await judging.judge_photo(
            encode_image(make_quadrants(120, side)),
            PhotoSource(person_id=person, channel=Channel.TELEGRAM, message_id=str(side), language=Language.KO),
        )
        for side in (160, 300)
    ]
    async with resources.database.transaction() as connection:
        await look_feedback.record_correction(connection, wrong.look.id, Style.MODE)
        await people.record_learning_consent(connection, person, is_given=True)

    assert await export_corrections(resources, tmp_path / "corrections") == 1

    table = photo_table.read_photo_table(tmp_path / "corrections", with_attributes=False)
    assert (table.split.tolist(), table.source.tolist()) == (["train"], ["corrections"])
    assert (table.style[0, 0], table.second[0, 0]) == (Style.MODE.position, Style.CASUAL.position)
    with Image.open(table.folder / table.photo[0]) as image:
        assert image.size == (120, 160)
    assert right.look.photo_key is not None
    assert str(person) not in (tmp_path / "corrections" / "labels.csv").read_text("utf-8")

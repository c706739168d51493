"""What people corrected comes back as training data that the school reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.corrections import export_corrections
from core.db import opinions
from core.db.tables import Channel
from core.judging import Judging
from core.memory import Memory
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_outputs
from tests.integration.records import a_person
from tests.pictures import corners, encode

dataset = pytest.importorskip("core.training.dataset", reason="the extra `train` is not installed")


async def test_corrected_photos_become_labels(memory: Memory, tmp_path: Path) -> None:
    judging = Judging(memory, StyleClassifier(ScriptedEngine(lambda _: scripted_outputs(Style.CASUAL)), SCRIPTED_CARD))
    async with memory.database.begin() as connection:
        person = (await a_person(connection)).id
    wrong, right = [
        await judging.judge(
            encode(corners(120, side)), person_id=person, channel=Channel.TELEGRAM, source=str(side), language="ko"
        )
        for side in (160, 300)
    ]
    async with memory.database.begin() as connection:
        await opinions.correct(connection, wrong.look.id, Style.MODE)

    assert await export_corrections(memory, tmp_path / "corrections") == 1

    (example,) = dataset.read_examples(tmp_path / "corrections", dataset.Split.TRAIN)
    assert (example.label.style, example.label.second, example.source) == (Style.MODE, Style.CASUAL, "corrections")
    assert example.open().size == (120, 160)
    assert right.look.photo_key is not None
    assert str(person) not in (tmp_path / "corrections" / "labels.csv").read_text("utf-8")

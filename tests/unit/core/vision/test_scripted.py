from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.errors import NoScriptedVerdict
from core.photos import Picture
from core.styles import STYLES, Style
from core.vision.classifier import StyleClassifier
from core.vision.region import Height, Side
from core.vision.scripted import SCRIPTED_CARD, ScriptedEngine, scripted_by_hash, scripted_outputs
from core.vision.verdict import Band


def _picture(colour: tuple[int, int, int] = (10, 20, 30)) -> Picture:
    return Picture(image=Image.new("RGB", (200, 400), colour), width=200, height=400, format="PNG")


def test_script_is_played_in_its_order_and_then_ends() -> None:
    script = [scripted_outputs(Style.RETRO), scripted_outputs(Style.MODE)]
    classifier = StyleClassifier(ScriptedEngine(script), SCRIPTED_CARD)
    assert [classifier.judge(_picture()).style for _ in script] == [Style.RETRO, Style.MODE]
    with pytest.raises(NoScriptedVerdict):
        classifier.judge(_picture())


def test_verdict_is_the_one_described_and_says_that_it_is_scripted() -> None:
    outputs = scripted_outputs(
        Style.ETHNIC,
        confidence=0.45,
        second=Style.STREET,
        second_confidence=0.4,
        outfit=0.7,
        hot=(0.1, 0.35),
    )
    verdict = StyleClassifier(ScriptedEngine([outputs]), SCRIPTED_CARD).judge(_picture())
    assert (verdict.style, verdict.runner_up, verdict.band) == (Style.ETHNIC, Style.STREET, Band.TORN)
    assert verdict.confidence == pytest.approx(0.45, abs=1e-6)
    assert verdict.probabilities[Style.STREET] == pytest.approx(0.4, abs=1e-6)
    assert verdict.probabilities[Style.CASUAL] == pytest.approx(0.15 / 6, abs=1e-6)
    assert verdict.outfit == pytest.approx(0.7, abs=1e-6)
    assert (verdict.region.height, verdict.region.side) == (Height.UPPER, Side.LEFT)
    assert (verdict.engine, verdict.model) == ("scripted", "scripted")


def test_every_caller_gets_a_line_of_its_own() -> None:
    script = [scripted_outputs(STYLES[index % 8], confidence=0.5 + index / 1000) for index in range(200)]
    engine = ScriptedEngine(iter(script))
    pixels = np.zeros((256, 256, 3), np.uint8)
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: engine.forward(pixels), script))
    assert {id(outputs) for outputs in given} == {id(outputs) for outputs in script}


def test_by_hash_answers_the_same_photo_alike_and_other_photos_differently() -> None:
    classifier = StyleClassifier(ScriptedEngine(scripted_by_hash), SCRIPTED_CARD)
    photos = [_picture((red, 90, 200)) for red in range(64)]
    first, again = ([classifier.judge(photo) for photo in photos] for _ in range(2))
    assert [dict(verdict.probabilities) for verdict in first] == [dict(verdict.probabilities) for verdict in again]
    assert {verdict.style for verdict in first} == set(STYLES)
    assert {verdict.band for verdict in first} == set(Band)
    assert {verdict.engine for verdict in first} == {"scripted"}

"""Heatmaps as JPEGs, and their tags: what they name, in which order, and where they point."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.clothing import Color, Item
from core.i18n.clothing_names import name_whole_things, thing_name
from core.i18n.translations import Language
from core.services.heatmaps import encode_heatmap_jpeg, make_tags
from core.settings import Settings
from core.styles import STYLES, Style
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier, load_classifier
from core.vision.heatmap import draw_heatmap, find_spot
from core.vision.verdict import Verdict
from tests.factories import classify_with_attributes, make_verdict

TOP, BOTTOM = (0.2, 0.5), (0.9, 0.5)


@pytest.fixture(scope="module")
def bundled() -> Iterator[StyleClassifier]:
    with load_classifier(Settings()) as classifier:
        yield classifier


def _texts(verdict: Verdict, language: Language = Language.EN) -> list[str]:
    return [tag.text for tag in make_tags(verdict, language)]


def test_jpeg_is_the_drawn_image_without_metadata() -> None:
    photo, verdict = Image.radial_gradient("L").convert("RGB").resize((480, 640)), make_verdict()
    photo.info["comment"] = b"taken at home"
    photo.info["exif"] = b"Exif\0\0"
    data = encode_heatmap_jpeg(photo, verdict, Language.EN)
    read = Image.open(io.BytesIO(data))
    assert (read.format, read.mode, read.size) == ("JPEG", "RGB", (480, 640))
    assert b"taken at home" not in data
    assert b"Exif" not in data
    difference = np.asarray(read).astype(int) - np.asarray(draw_heatmap(photo, verdict.cam))
    assert np.abs(difference).mean() < 4


def test_tags_name_what_carries_the_style_first() -> None:
    verdict = classify_with_attributes(
        Style.FEMININE,
        {Item.BAG: 0.95, Item.DRESS: 0.9, Item.FLORAL: 0.8, Item.HEELS: 0.7, Item.HAT: 0.6},
        peaks={Item.BAG: BOTTOM, Item.HEELS: BOTTOM, Item.HAT: TOP},
    )
    assert _texts(verdict, Language.KO) == ["플로럴 원피스", "가방", "힐"]
    assert make_tags(classify_with_attributes(Style.MODE, {}), Language.KO) == []


def test_a_garment_whose_color_is_the_reason_comes_first() -> None:
    verdict = classify_with_attributes(
        Style.RETRO,
        {Item.DRESS: 0.6, Color.RED: 0.9, Item.HAT: 0.99, Item.BAG: 0.98, Item.SNEAKERS: 0.97},
        peaks={Item.HAT: (0.05, 0.5), Item.BAG: (0.6, 0.05), Item.SNEAKERS: (0.95, 0.5)},
    )
    assert verdict.attributes is not None
    assert [reason.thing for reason in verdict.attributes.reasons_for(Style.RETRO)] == [Color.RED]
    assert _texts(verdict)[0] == "red dress"
    assert make_tags(verdict, Language.EN)[0].short_text == "dress"
    assert [tag.is_reason for tag in make_tags(verdict, Language.EN)] == [True, False, False]


def test_reasons_of_the_runner_up_do_not_come_first() -> None:
    verdict = classify_with_attributes(
        Style.CASUAL,
        {Item.BLAZER: 0.9, Item.BAG: 0.95, Item.JEANS: 0.6},
        peaks={Item.BAG: TOP},
        confidence=0.5,
        second=Style.BUSINESS_CASUAL,
        second_confidence=0.3,
    )
    assert verdict.attributes is not None
    assert Item.BLAZER in [reason.thing for reason in verdict.attributes.reasons_for(Style.BUSINESS_CASUAL)]
    assert _texts(verdict) == ["jeans", "bag", "blazer"]


def test_a_thing_without_a_place_has_no_tag() -> None:
    """Shoes that were inferred from what is worn above them, and what would be the fourth tag."""
    things: dict[Attribute, float] = {Item.BOOTS: 0.95, Item.JACKET: 0.9, Item.BAG: 0.8, Item.BELT: 0.7}
    verdict = classify_with_attributes(Style.STREET, things, peaks={Item.BOOTS: (0.1, 0.5)})
    assert "boots" in [each.name for each in name_whole_things(verdict, Language.EN)]
    assert sorted(_texts(verdict)) == ["bag", "belt", "jacket"]


def test_hats_are_pointed_at_above_faces_and_shoes_below_legs() -> None:
    verdict = classify_with_attributes(
        Style.ETHNIC,
        {Item.HAT: 0.9, Item.SUNGLASSES: 0.9, Item.SNEAKERS: 0.9},
        peaks={Item.HAT: (0.3, 0.5), Item.SUNGLASSES: (0.3, 0.5), Item.SNEAKERS: (0.7, 0.5)},
    )
    down = {tag.text: find_spot(tag.cam, tag.edge)[1] for tag in make_tags(verdict, Language.EN)}
    assert down["hat"] < 0.22
    assert down["sunglasses"] == pytest.approx(0.3, abs=0.04)
    assert down["sneakers"] > 0.78


@pytest.mark.parametrize("name", [*STYLES, "astronaut"])
def test_pictures_of_samples_light_what_the_words_name(
    bundled: StyleClassifier, samples: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Most of the evidence is lit, the dots of reasons are in it, and tags are in the order of the sentence."""
    with Image.open(samples / f"{name}.jpg") as file:
        verdict = bundled.classify(file.convert("RGB"))
        gray = Image.new("RGB", file.size, (200, 200, 200))
    tags = make_tags(verdict, Language.EN)
    spots: list[tuple[int, int]] = []
    monkeypatch.setattr("core.vision.heatmap.draw_tags", lambda _image, _tags, found: spots.extend(found))
    brightness = np.asarray(draw_heatmap(gray, verdict.cam, tags).convert("L"))
    evidence = np.asarray(Image.fromarray(verdict.cam).resize(gray.size, Image.Resampling.BICUBIC)).clip(0)

    assert evidence[brightness > 120].sum() >= 0.6 * evidence.sum()
    assert len(spots) == len(tags)
    for tag, (x, y) in zip(tags, spots, strict=True):
        assert not tag.is_reason or brightness[y, x] > 150, tag.text
    assert verdict.attributes is not None
    named = [
        each.worn_on or each.thing
        for reason in verdict.attributes.reasons_for(verdict.style)
        if (each := verdict.attributes.find_seen(reason.thing)) is not None
    ]
    garments = [thing for thing in dict.fromkeys(named) if isinstance(thing, Item)]
    assert [tag.short_text for tag in tags if tag.is_reason] == [thing_name(thing, Language.EN) for thing in garments]
    assert [tag.is_reason for tag in tags] == sorted((tag.is_reason for tag in tags), reverse=True)

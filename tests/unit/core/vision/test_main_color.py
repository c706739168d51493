"""The main color is that of most of the clothes, whatever the background and the padding look like."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.clothing import COLORS, Color
from core.images.decoding import decode_photo
from core.settings import Settings
from core.styles import Style
from core.vision.classifier import StyleClassifier, load_classifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FakeBackend, add_attributes, make_outputs
from core.vision.main_color import BINS, GRAYS, MainColorModel, count_clothes_pixels
from tests.conftest import ROOT

BLACK, WHITE, RED, BLUE = (12, 12, 12), (250, 250, 250), (200, 20, 30), (30, 60, 190)


def _picture(*stripes: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Horizontal stripes of 16 px, 16 px wide."""
    return np.repeat(np.array(stripes, np.uint8)[:, None], 16, axis=0).repeat(16, axis=1)


def test_pixels_of_clothes_are_counted_and_others_are_not() -> None:
    clothes = np.array([[0.1, 0.1], [0.9, 0.9], [0.9, 0.9], [0.6, 0.4]], np.float32)

    shares = count_clothes_pixels(_picture(RED, BLACK, BLACK, WHITE), clothes)

    assert shares.shape == (BINS,)
    assert (shares[0], shares[GRAYS - 1]) == (pytest.approx(0.8), pytest.approx(0.2))
    assert shares[GRAYS:].sum() == 0


def test_grays_have_no_hue_and_each_hue_has_bins_of_its_own() -> None:
    worn = np.ones((1, 1), np.float32)
    bins = {color: count_clothes_pixels(_picture(color), worn) for color in (BLACK, WHITE, (128, 128, 128), RED, BLUE)}

    assert all(shares.max() == 1 for shares in bins.values())
    places = {color: int(shares.argmax()) for color, shares in bins.items()}
    assert len(set(places.values())) == len(places)
    assert {color for color, place in places.items() if place < GRAYS} == {BLACK, WHITE, (128, 128, 128)}


def test_every_pixel_value_has_a_bin() -> None:
    values = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    values[0, 0], values[0, 2] = 0, 255

    assert count_clothes_pixels(values, np.ones((20, 14), np.float32)).sum() == pytest.approx(1)


def test_a_photo_without_clothes_has_no_shares() -> None:
    assert count_clothes_pixels(_picture(RED), np.zeros((20, 14), np.float32)).sum() == 0


def test_the_padding_of_a_photo_is_not_worn() -> None:
    """A wide photo has a wide padding above and below; the clothes are everywhere."""
    photo = Image.new("RGB", (320, 80), RED)
    bins = count_clothes_pixels(np.asarray(photo), np.ones((1, 1), np.float32))
    kernel = np.zeros((len(COLORS) + BINS, len(COLORS)))
    kernel[len(COLORS) + int(bins.argmax()), COLORS.index(Color.RED)] = 20.0
    model = MainColorModel(kernel=kernel, bias=np.zeros(len(COLORS)), threshold=0.999)
    assert FAKE_ATTRIBUTES_CARD.attributes is not None
    card = replace(FAKE_ATTRIBUTES_CARD, attributes=replace(FAKE_ATTRIBUTES_CARD.attributes, main_color=model))

    def judge(image: Image.Image) -> Color | None:
        outputs = add_attributes(make_outputs(Style.CASUAL), {})
        attributes = StyleClassifier(FakeBackend([outputs]), card).classify(image).attributes
        assert attributes is not None
        return attributes.main_color

    assert judge(photo) is Color.RED
    assert judge(Image.new("RGB", (320, 80), BLUE)) is None


def test_scores_count_as_well_as_pixels() -> None:
    kernel = np.eye(len(COLORS) + BINS, len(COLORS))
    model = MainColorModel(kernel=kernel, bias=np.zeros(len(COLORS)), threshold=0.5)
    scores, nothing = np.zeros(len(COLORS), np.float32), np.zeros(BINS, np.float32)
    scores[COLORS.index(Color.NAVY)] = 4.0

    assert model.find(scores, nothing) is Color.NAVY
    assert model.find(scores / np.float32(4), nothing) is None


@pytest.mark.parametrize(("rows", "columns", "biases"), [(-1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_a_model_of_another_release_is_refused(rows: int, columns: int, biases: int) -> None:
    count = len(COLORS)
    own = MainColorModel(kernel=np.ones((count + BINS, count)), bias=np.ones(count), threshold=0.5).to_dict()
    assert MainColorModel.from_dict(own).to_dict() == own
    kernel, bias = np.ones((count + BINS + rows, count + columns)), np.ones(count + biases)
    with pytest.raises(ValueError, match="another shape"):
        MainColorModel.from_dict(own | {"kernel": kernel.tolist(), "bias": bias.tolist()})


def test_the_shipped_model_names_the_main_color_of_samples() -> None:
    drawn = {"retro": Color.RED, "girlish": Color.PINK, "mode": Color.BLACK}
    with load_classifier(Settings()) as classifier:
        for sample, color in drawn.items():
            attributes = classifier.classify(decode_photo((ROOT / "samples" / f"{sample}.jpg").read_bytes())).attributes
            assert attributes is not None
            assert attributes.main_color is color, sample

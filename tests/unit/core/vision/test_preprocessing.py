import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.vision.classifier import ModelInput, fit_to_input
from core.vision.model_card import Preprocessing, ResizeMode


def _halves(width: int, height: int) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), (255, 0, 0))
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return image


@pytest.mark.parametrize("size", [(300, 600), (600, 300), (64, 64), (1280, 853), (80, 400)])
@pytest.mark.parametrize("fit", ResizeMode)
@pytest.mark.parametrize("shape", [(256, 256), (256, 320)])
def test_input_has_the_size_of_the_card(size: tuple[int, int], fit: ResizeMode, shape: tuple[int, int]) -> None:
    framed = fit_to_input(_halves(*size), Preprocessing(width=shape[0], height=shape[1], resize_mode=fit))
    assert framed.pixels.shape == (shape[1], shape[0], 3)
    assert framed.pixels.dtype == np.uint8


def test_letterbox_pads_the_whole_image() -> None:
    framed = fit_to_input(_halves(300, 600), Preprocessing(resize_mode=ResizeMode.LETTERBOX, padding_color=(9, 8, 7)))
    assert framed.image_box == (0.25, 0.0, 0.75, 1.0)
    assert (framed.pixels[:, :64] == (9, 8, 7)).all()
    assert (framed.pixels[:, 192:] == (9, 8, 7)).all()
    assert (framed.pixels[:, 66:120] == (255, 0, 0)).all()
    assert (framed.pixels[:, 136:190] == (0, 0, 255)).all()


def test_stretch_fills_the_input() -> None:
    framed = fit_to_input(_halves(300, 600), Preprocessing(resize_mode=ResizeMode.STRETCH))
    assert framed.image_box == (0.0, 0.0, 1.0, 1.0)
    assert (framed.pixels[:, :120] == (255, 0, 0)).all()
    assert (framed.pixels[:, 136:] == (0, 0, 255)).all()


def test_center_crop_shows_the_center() -> None:
    image = Image.new("RGB", (300, 900), (0, 255, 0))
    image.paste((255, 0, 0), (0, 310, 300, 590))
    framed = fit_to_input(image, Preprocessing(resize_mode=ResizeMode.CENTER_CROP))
    assert framed.image_box == (0.0, 0.0, 1.0, 1.0)
    assert (framed.pixels[12:244] == (255, 0, 0)).all()


def test_image_is_not_modified() -> None:
    image = _halves(256, 256)
    before = image.tobytes()
    framed = fit_to_input(image, Preprocessing())
    assert image.tobytes() == before
    assert framed.pixels.tobytes() == before


def test_crop_keeps_the_cells_of_the_image() -> None:
    framed = fit_to_input(_halves(300, 600), Preprocessing())
    cells = np.arange(256, dtype=np.float32).reshape(16, 16)
    assert (framed.crop_to_image(cells) == cells[:, 4:12]).all()


def test_crop_of_a_wide_image_keeps_whole_rows() -> None:
    framed = fit_to_input(_halves(600, 300), Preprocessing())
    cells = np.arange(256, dtype=np.float32).reshape(16, 16)
    assert (framed.crop_to_image(cells) == cells[4:12]).all()


def test_crop_in_a_portrait_input() -> None:
    framed = fit_to_input(_halves(300, 600), Preprocessing(width=224, height=320))
    assert framed.pixels.shape == (320, 224, 3)
    cells = np.arange(280, dtype=np.float32).reshape(20, 14)
    assert (framed.crop_to_image(cells) == cells[:, 2:12]).all()


@given(st.integers(64, 700), st.integers(64, 700))
def test_letterbox_crop_has_the_proportions_of_the_image(width: int, height: int) -> None:
    framed = fit_to_input(Image.new("RGB", (width, height)), Preprocessing())
    rows, columns = framed.crop_to_image(np.zeros((16, 16), np.float32)).shape
    scale = 16 / max(width, height)
    assert abs(rows - height * scale) <= 1.1
    assert abs(columns - width * scale) <= 1.1


def test_crop_keeps_at_least_one_cell() -> None:
    framed = ModelInput(pixels=np.zeros((2, 2, 3), np.uint8), image_box=(0.0, 0.51, 1.0, 0.52))
    cells = np.arange(16, dtype=np.float32).reshape(4, 4)
    assert framed.crop_to_image(cells).tolist() == [[8.0, 9.0, 10.0, 11.0]]

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from core.vision.heatmap import COLOR_MAP, MAX_SIDE, TRANSPARENT_BELOW, blend_heatmap, encode_heatmap_jpeg


def _photo(width: int, height: int) -> Image.Image:
    draw = np.random.default_rng(4)
    coarse = Image.fromarray(draw.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def _corner_cam() -> np.ndarray:
    cam = np.full((16, 12), 0.05, np.float32)
    cam[:4, :4] = 1.0
    return cam


def test_pixels_below_the_limit_are_unchanged() -> None:
    photo = _photo(480, 640)
    shown = np.asarray(blend_heatmap(photo, _corner_cam()))
    original = np.asarray(photo)
    # Bicubic resizing reaches two cells, 80 pixels, beyond the hot ones.
    assert (shown[240:] == original[240:]).all()
    assert (shown[:, 240:] == original[:, 240:]).all()
    assert (shown[40:120, 40:120] != original[40:120, 40:120]).any(axis=-1).mean() > 0.9


def test_zero_map_changes_nothing() -> None:
    photo = _photo(480, 640)
    assert blend_heatmap(photo, np.zeros((16, 12), np.float32)).tobytes() == photo.tobytes()


def test_input_is_not_modified() -> None:
    photo = _photo(480, 640)
    before = photo.tobytes()
    blend_heatmap(photo, np.ones((16, 12), np.float32))
    assert photo.tobytes() == before


def test_opacity_grows_with_the_map() -> None:
    photo = Image.new("RGB", (64, 64), (128, 128, 128))
    white = Image.new("RGB", (64, 64), (255, 255, 255))
    visible = []
    for heat in np.linspace(0, 1, 11):
        cam = np.full((4, 4), heat, np.float32)
        difference = np.asarray(blend_heatmap(white, cam)).astype(int) - np.asarray(blend_heatmap(photo, cam))
        visible.append(difference.mean() / 127)
    assert visible[0] == 1.0
    assert all(later <= earlier for earlier, later in pairwise(visible))
    assert visible[-1] < 0.5


def test_photo_is_visible_at_the_maximum() -> None:
    black = np.asarray(blend_heatmap(Image.new("RGB", (64, 64), "black"), np.ones((4, 4), np.float32))).astype(int)
    white = np.asarray(blend_heatmap(Image.new("RGB", (64, 64), "white"), np.ones((4, 4), np.float32))).astype(int)
    assert (white - black).min() >= 0.33 * 255


def test_color_is_where_the_map_is_high() -> None:
    cam = np.zeros((16, 12), np.float32)
    cam[12, 3] = 1.0
    gray = Image.new("RGB", (480, 640), (128, 128, 128))
    changed = np.abs(np.asarray(blend_heatmap(gray, cam)).astype(int) - 128).sum(axis=-1)
    row, column = np.unravel_index(int(changed.argmax()), changed.shape)
    assert abs(row - 12.5 * 40) <= 20
    assert abs(column - 3.5 * 40) <= 20


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (640, 480)),
        ((1280, 960), (1280, 960)),
        ((1632, 1224), (816, 612)),
        ((900, 3000), (300, 1000)),
    ],
)
def test_side_is_limited(size: tuple[int, int], expected: tuple[int, int]) -> None:
    shown = blend_heatmap(Image.new("RGB", size), np.ones((16, 16), np.float32))
    assert shown.size == expected
    assert max(shown.size) <= MAX_SIDE


def test_jpeg_is_the_blended_image_without_metadata() -> None:
    photo = _photo(480, 640)
    photo.info["comment"] = b"taken at home"
    photo.info["exif"] = b"Exif\0\0"
    data = encode_heatmap_jpeg(photo, _corner_cam())
    read = Image.open(io.BytesIO(data))
    assert (read.format, read.mode, read.size) == ("JPEG", "RGB", (480, 640))
    assert b"taken at home" not in data
    assert b"Exif" not in data
    difference = np.asarray(read).astype(int) - np.asarray(blend_heatmap(photo, _corner_cam()))
    assert np.abs(difference).mean() < 4


def test_lightness_rises_in_perceptually_equal_steps() -> None:
    oklab = _oklab(COLOR_MAP[np.linspace(0, 255, 17).round().astype(int)])
    assert (np.diff(oklab[:, 0]) > 0).all()
    steps = np.linalg.norm(np.diff(oklab, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.35


def test_colors_are_distinct_in_srgb() -> None:
    assert len(np.unique(COLOR_MAP, axis=0)) == 256


def test_transparency_limit_is_applied() -> None:
    photo = Image.new("RGB", (64, 64), (128, 128, 128))
    below = blend_heatmap(photo, np.full((4, 4), TRANSPARENT_BELOW, np.float32))
    above = blend_heatmap(photo, np.full((4, 4), TRANSPARENT_BELOW + 0.05, np.float32))
    assert below.tobytes() == photo.tobytes()
    assert above.tobytes() != photo.tobytes()


def _oklab(srgb: np.ndarray) -> np.ndarray:
    """From 8-bit sRGB, by the matrices of the published definition (the inverse way of the one under
    test)."""
    encoded = srgb / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lms = (
        linear
        @ np.array(
            [
                [0.4122214708, 0.5363325363, 0.0514459929],
                [0.2119034982, 0.6806995451, 0.1073969566],
                [0.0883024619, 0.2817188376, 0.6299787005],
            ]
        ).T
    )
    oklab: np.ndarray = (
        np.cbrt(lms)
        @ np.array(
            [
                [0.2104542553, 0.7936177850, -0.0040720468],
                [1.9779984951, -2.4285922050, 0.4505937099],
                [0.0259040371, 0.7827717662, -0.8086757660],
            ]
        ).T
    )
    return oklab

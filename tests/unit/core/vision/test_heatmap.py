from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.vision.heatmap import (
    CONTOUR_LEVEL,
    MAX_SIDE,
    MAX_TAGS,
    Tag,
    draw_heatmap,
    draw_tags,
    find_spot,
    place_tag,
)


def _photo(width: int, height: int) -> Image.Image:
    draw = np.random.default_rng(4)
    coarse = Image.fromarray(draw.integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def _corner_cam() -> np.ndarray:
    cam = np.full((16, 12), 0.04, np.float32)
    cam[:4, :4] = 1.0
    return cam


def _tag(text: str, short_text: str | None = None, cam: np.ndarray | None = None, **more: Any) -> Tag:
    return Tag(text=text, short_text=short_text or text, cam=_corner_cam() if cam is None else cam, **more)


def test_what_counts_is_unchanged_and_the_rest_is_dim_and_pale() -> None:
    photo = _photo(480, 640)
    shown, original = (np.asarray(image).astype(int) for image in (draw_heatmap(photo, _corner_cam()), photo))

    # Bicubic resizing reaches two cells, 80 pixels, beyond the warm ones.
    assert (shown[:100, :100] == original[:100, :100]).all()
    dimmed, before = shown[240:, 240:], original[240:, 240:]
    assert dimmed.max() <= 0.55 * 255
    assert np.ptp(dimmed, axis=-1).mean() < 0.3 * np.ptp(before, axis=-1).mean()
    assert dimmed.mean() > 0.4 * before.mean()


@pytest.mark.parametrize("color", ["black", "white", "red", "olive", (16, 14, 18)])
def test_contour_is_visible_on_any_color(color: str | tuple[int, int, int]) -> None:
    cam = np.zeros((16, 12), np.float32)
    cam[4:12, 3:9] = 1.0
    shown = np.asarray(draw_heatmap(Image.new("RGB", (480, 640), color), cam).convert("L")).astype(int)

    row = shown[320]
    crossing = row[40:200]
    assert crossing.max() > 235
    assert crossing.min() < 140
    assert abs(crossing.max() - row[240]) + abs(crossing.min() - row[240]) > 110


def test_heatmap_has_no_hue_of_its_own() -> None:
    for gray in (0, 90, 255):
        shown = np.asarray(draw_heatmap(Image.new("RGB", (480, 640), (gray,) * 3), _corner_cam())).astype(int)
        assert np.ptp(shown, axis=-1).max() <= 6
    red = np.asarray(draw_heatmap(Image.new("RGB", (480, 640), (200, 20, 30)), _corner_cam()))
    assert tuple(red[40, 40]) == (200, 20, 30)


def test_zero_map_changes_nothing_but_the_metadata() -> None:
    photo = _photo(480, 640)
    photo.info["comment"] = b"taken at home"
    shown = draw_heatmap(photo, np.zeros((16, 12), np.float32))
    assert shown.tobytes() == photo.tobytes()
    assert shown.info == {}


def test_input_is_not_modified() -> None:
    photo = _photo(480, 640)
    before = photo.tobytes()
    draw_heatmap(photo, _corner_cam(), [_tag("가죽 재킷")])
    assert photo.tobytes() == before


def test_a_single_warm_cell_has_a_contour() -> None:
    cam = np.zeros((16, 12), np.float32)
    cam[12, 3] = 1.0
    gray = Image.new("RGB", (480, 640), (128, 128, 128))
    bright = np.asarray(draw_heatmap(gray, cam).convert("L")) > 200
    rows, columns = np.nonzero(bright)
    assert abs(rows.mean() - 12.5 * 40) <= 20
    assert abs(columns.mean() - 3.5 * 40) <= 20
    assert CONTOUR_LEVEL < 0.5


def test_cells_near_the_level_of_the_contour_are_no_specks() -> None:
    cam = np.zeros((16, 12), np.float32)
    cam[2:6, 2:6] = 1.0
    cam[12, 3] = CONTOUR_LEVEL + 0.005
    cam[10, 8:10] = CONTOUR_LEVEL - 0.005
    shown = np.asarray(draw_heatmap(Image.new("RGB", (480, 640), (200, 200, 200)), cam).convert("L")).astype(int)
    assert (shown[495:506, 135:146] == 200).all(), "a single cell is lit in its middle"
    assert shown[400:440, 320:400].max() < 115, "weaker ones are dimmed and without a contour"


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
    shown = draw_heatmap(Image.new("RGB", size), _corner_cam())
    assert shown.size == expected
    assert max(shown.size) <= MAX_SIDE


def _lit_share(cam: np.ndarray, tags: Sequence[Tag] = ()) -> float:
    """Share of the evidence at whose place a drawn gray photo is brighter than where it is dimmed."""
    size = (40 * cam.shape[1], 40 * cam.shape[0])
    shown = np.asarray(draw_heatmap(Image.new("RGB", size, (200, 200, 200)), cam, tags).convert("L")).astype(int)
    centers = shown[20::40, 20::40]
    return float(cam[centers > 130].sum() / cam.sum())


def test_most_of_the_evidence_is_lit() -> None:
    spread = np.full((16, 12), 0.15, np.float32)
    spread[8:] = 0.0
    spread[0, 0] = 1.0
    assert _lit_share(spread) >= 0.6
    random = np.random.default_rng(4)
    for _ in range(20):
        cam = (random.random((16, 12)) ** random.uniform(1, 9)).astype(np.float32)
        assert _lit_share(cam) >= 0.6


def test_equal_cells_at_the_level_of_the_contour_are_lit() -> None:
    for value in (0.059203066, 0.0668056, 0.11882294, 0.12475825, 0.2):
        cam = np.full((8, 6), value, np.float32)
        cam[0, 0] = 1.0
        assert _lit_share(cam) >= 0.6, value


def test_reasons_are_pointed_at_in_the_lit_area() -> None:
    cam = _corner_cam()
    cam[12:14, 4:8] = 0.12
    trousers = np.zeros((16, 12), np.float32)
    trousers[11:15, 4:8] = 0.9
    trousers[0, 0] = 1.0
    trousers[15, 5] = 1.0
    tag = _tag("trousers", cam=trousers, is_reason=True)
    photo = Image.new("RGB", (480, 640), (200, 200, 200))
    without, shown = (
        np.asarray(draw_heatmap(photo, cam, [replace(tag, is_reason=is_reason)]).convert("L")).astype(int)
        for is_reason in (False, True)
    )
    assert without[530, 200:230].max() < 130
    assert shown[530, 200:230].min() > 130
    assert without[400, 400] == shown[400, 400] < 130


def test_spot_is_the_center_of_the_largest_warm_part() -> None:
    cam = np.zeros((16, 12), np.float32)
    cam[2:4, 2:4] = 0.9
    cam[14, 10] = 1.0
    assert find_spot(cam, None) == pytest.approx((3 / 12, 3 / 16))
    cam[2:4, 2:4] = 0.15
    assert find_spot(cam, None) == pytest.approx((10.5 / 12, 14.5 / 16))
    legs = np.zeros((16, 12), np.float32)
    legs[8:11, [4, 6]] = 1.0
    across, down = find_spot(legs, None)
    assert legs[int(16 * down), int(12 * across)] == 1


def test_spot_may_be_at_an_edge_of_the_warm_part() -> None:
    cam = np.zeros((16, 12), np.float32)
    cam[2:9, 4] = [0.1, 0.6, 0.8, 1.0, 0.8, 0.6, 0.1]
    assert [find_spot(cam, edge)[1] for edge in (0, None, -1)] == pytest.approx([3.5 / 16, 5.5 / 16, 7.5 / 16])


@pytest.mark.parametrize("spot", [(0, 0), (479, 639), (240, 320), (5, 630)])
def test_tags_stay_inside_and_apart(spot: tuple[int, int]) -> None:
    taken: list[tuple[int, int, int, int]] = []
    for width in (150, 120, 200, 90):
        box = place_tag(spot, (width, 32), (480, 640), taken, gap=14)
        assert box is not None
        assert box[0] >= 0
        assert box[1] >= 0
        assert box[2] <= 480
        assert box[3] <= 640
        for other in taken:
            assert box[2] <= other[0] or other[2] <= box[0] or box[3] <= other[1] or other[3] <= box[1]
        taken.append(box)
    assert place_tag(spot, (500, 32), (480, 640), [], gap=14) is None


def test_tags_cover_no_dots() -> None:
    random = np.random.default_rng(5)
    tags = [_tag("white trousers", "trousers") for _ in range(3)]
    for _ in range(60):
        spots = [(int(x), int(y)) for x, y in random.integers((10, 10), (470, 630), (3, 2))]
        image = Image.new("RGB", (480, 640), (90, 90, 90))
        draw_tags(image, tags, spots)
        assert [image.getpixel(spot) for spot in spots] == [(255, 255, 255)] * 3


def test_a_name_that_is_too_long_is_shortened() -> None:
    long, narrow = "oversized white checked coat", Image.new("RGB", (240, 640), (90, 90, 90))

    def draw(text: str, short_text: str) -> bytes:
        image = narrow.copy()
        draw_tags(image, [_tag(text, short_text)], [(120, 320)])
        return image.tobytes()

    assert draw(long, "coat") == draw("coat", "coat")
    assert draw(long, "coat") != narrow.tobytes()
    assert draw(long, long) == narrow.tobytes()


@pytest.mark.parametrize("color", ["black", "white"])
def test_tags_are_legible_on_dark_and_light_photos(color: str) -> None:
    images = []
    for texts in ((), ("가죽 재킷",), ("가죽 재킷", "boots", "bag"), ("가죽 재킷", "boots", "bag", "hat")):
        image = draw_heatmap(Image.new("RGB", (480, 640), color), _corner_cam(), [_tag(text) for text in texts])
        images.append(np.asarray(image.convert("L")).astype(int))
    plain, one, three, four = images
    changed = np.abs(one - plain) > 60
    assert 600 < changed.sum() < 12000
    assert (np.abs(three - one) > 60).any()
    assert (three == four).all()
    assert MAX_TAGS == 3

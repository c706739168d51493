import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.vision.region import Height, Side, region_of

MAPS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=16),
    elements=st.floats(0, 1, width=16),
)


def _hot(rows: slice, columns: slice, shape: tuple[int, int] = (12, 8)) -> np.ndarray:
    cam = np.zeros(shape, np.float32)
    cam[rows, columns] = 1.0
    return cam


@pytest.mark.parametrize(
    ("rows", "height"),
    [
        (slice(0, 4), Height.UPPER),
        (slice(4, 8), Height.MIDDLE),
        (slice(8, 12), Height.LOWER),
        (slice(0, 12), Height.ALL_OVER),
        (slice(0, 7), Height.UPPER),
    ],
)
def test_height(rows: slice, height: Height) -> None:
    assert region_of(_hot(rows, slice(None))).height is height


@pytest.mark.parametrize(
    ("columns", "side"),
    [
        (slice(0, 4), Side.LEFT),
        (slice(4, 8), Side.RIGHT),
        (slice(0, 8), Side.BOTH),
        (slice(3, 5), Side.BOTH),
        (slice(0, 6), Side.LEFT),
        (slice(1, 8), Side.BOTH),
    ],
)
def test_side_is_as_the_viewer_sees_it(columns: slice, side: Side) -> None:
    assert region_of(_hot(slice(None), columns)).side is side


def test_thirds_split_a_row_that_lies_on_their_border() -> None:
    cam = np.array([[0.0], [1.0], [0.0], [0.0]], np.float32)
    # The second of four rows covers 0.25 to 0.5 of the height: a third of it lies above 1/3.
    assert region_of(cam).height is Height.MIDDLE


def test_the_side_is_that_of_the_named_third() -> None:
    cam = _hot(slice(0, 3), slice(0, 3))
    cam[10:12, 5:8] = 0.9
    region = region_of(cam)
    assert (region.height, region.side) == (Height.UPPER, Side.LEFT)


def test_concentration_is_one_for_one_cell_and_zero_for_an_even_map() -> None:
    assert region_of(_hot(slice(3, 4), slice(2, 3))).concentration == 1.0
    assert region_of(np.ones((12, 8), np.float32)).concentration == pytest.approx(0.0, abs=0.02)


def test_concentration_counts_the_cells_that_hold_half_of_the_heat() -> None:
    # 25 of 101 cells are hot alike; 13 of them hold half.
    cam = np.zeros((1, 101), np.float32)
    cam[0, :25] = 1.0
    assert region_of(cam).concentration == pytest.approx(1 - 2 * 12 / 100)


def test_nothing_hot_is_all_over() -> None:
    region = region_of(np.zeros((16, 12), np.float32))
    assert (region.height, region.side, region.concentration) == (Height.ALL_OVER, Side.BOTH, 0.0)


def test_a_map_of_one_cell() -> None:
    region = region_of(np.ones((1, 1), np.float32))
    assert (region.height, region.side) == (Height.ALL_OVER, Side.BOTH)


@given(MAPS)
def test_mirroring_swaps_the_side_and_nothing_else(cam: np.ndarray) -> None:
    swapped = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT, Side.BOTH: Side.BOTH}
    region, mirrored = region_of(cam), region_of(np.ascontiguousarray(cam[:, ::-1]))
    left = _share_left(cam)
    if min(abs(left - 0.6), abs(left - 0.4)) > 1e-4:
        assert mirrored.side is swapped[region.side]
    assert mirrored.height is region.height
    assert 0.0 <= region.concentration <= 1.0


def _share_left(cam: np.ndarray) -> float:
    if cam.sum() == 0:
        return 0.5
    columns = cam.sum(axis=0, dtype=np.float64)
    half = cam.shape[1] // 2
    middle = columns[half] / 2 if cam.shape[1] % 2 else 0.0
    return float((columns[:half].sum() + middle) / columns.sum())

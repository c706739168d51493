import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.lib.stride_tricks import sliding_window_view

from core.vision.verdict import HorizontalPart, VerticalPart, activation_map, locate_evidence


class ToyNetwork:
    """Convolution 3x3, ReLU, 2x2 max pooling, mean over positions, one linear layer; written out in numpy."""

    def __init__(self, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self.kernel = draw.normal(size=(3, 3, 3, 5))
        self.weights = draw.normal(size=(5, 8))
        self.bias = draw.normal(size=8)

    def features(self, image: np.ndarray) -> np.ndarray:
        windows = sliding_window_view(np.pad(image, ((1, 1), (1, 1), (0, 0))), (3, 3), axis=(0, 1))
        convolved = np.maximum(np.einsum("hwcij,ijcf->hwf", windows, self.kernel), 0)
        rows, columns, channels = convolved.shape
        pooled: np.ndarray = convolved.reshape(rows // 2, 2, columns // 2, 2, channels).max(axis=(1, 3))
        return pooled

    def evidence(self, image: np.ndarray) -> np.ndarray:
        return (self.features(image) @ self.weights).astype(np.float32)

    def logits(self, image: np.ndarray) -> np.ndarray:
        logits: np.ndarray = self.features(image).mean(axis=(0, 1)) @ self.weights + self.bias
        return logits


@pytest.mark.parametrize("style", range(8))
def test_map_equals_the_explicit_sum_over_channels(style: int) -> None:
    network = ToyNetwork(seed=style)
    image = np.random.default_rng(1).normal(size=(8, 12, 3))
    features = network.features(image)
    by_hand = np.zeros((4, 6))
    for row in range(4):
        for column in range(6):
            for channel in range(5):
                by_hand[row, column] += features[row, column, channel] * network.weights[channel, style]
            by_hand[row, column] = max(by_hand[row, column], 0.0)
    by_hand /= by_hand.max() or 1.0

    assert activation_map(network.evidence(image)[..., style]) == pytest.approx(by_hand, abs=1e-5)


def test_mean_evidence_plus_bias_is_the_logit() -> None:
    network = ToyNetwork(seed=3)
    image = np.random.default_rng(2).normal(size=(8, 12, 3))
    assert network.evidence(image).mean(axis=(0, 1)) + network.bias == pytest.approx(network.logits(image), abs=1e-5)


def test_map_of_known_evidence() -> None:
    cam = activation_map(np.array([[-3.0, 0.0], [2.0, 4.0]], np.float32))
    assert cam.tolist() == [[0.0, 0.0], [0.5, 1.0]]


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_map_without_positive_evidence_is_zero(value: float) -> None:
    assert activation_map(np.full((3, 2), value, np.float32)).tolist() == [[0.0, 0.0]] * 3


def test_map_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        activation_map(np.ones((2, 2), np.float32))[0, 0] = 5.0


@given(arrays(np.float32, (4, 3), elements=st.floats(-100, 100, width=32)))
def test_map_is_finite_between_zero_and_one(evidence: np.ndarray) -> None:
    cam = activation_map(evidence)
    assert np.isfinite(cam).all()
    assert cam.min() >= 0.0
    assert cam.max() == (1.0 if evidence.max() > 0 else 0.0)
    assert (cam[evidence <= 0] == 0).all()


MAPS = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=16),
    elements=st.floats(0, 1, width=16),
)


def _make_cam(rows: slice, columns: slice, shape: tuple[int, int] = (12, 8)) -> np.ndarray:
    cam = np.zeros(shape, np.float32)
    cam[rows, columns] = 1.0
    return cam


@pytest.mark.parametrize(
    ("rows", "height"),
    [
        (slice(0, 4), VerticalPart.UPPER),
        (slice(4, 8), VerticalPart.MIDDLE),
        (slice(8, 12), VerticalPart.LOWER),
        (slice(0, 12), VerticalPart.ALL_OVER),
        (slice(0, 7), VerticalPart.UPPER),
    ],
)
def test_vertical_part(rows: slice, height: VerticalPart) -> None:
    assert locate_evidence(_make_cam(rows, slice(None))).vertical is height


@pytest.mark.parametrize(
    ("columns", "side"),
    [
        (slice(0, 4), HorizontalPart.LEFT),
        (slice(4, 8), HorizontalPart.RIGHT),
        (slice(0, 8), HorizontalPart.BOTH),
        (slice(3, 5), HorizontalPart.BOTH),
        (slice(0, 6), HorizontalPart.LEFT),
        (slice(1, 8), HorizontalPart.BOTH),
    ],
)
def test_horizontal_part_is_as_the_viewer_sees_it(columns: slice, side: HorizontalPart) -> None:
    assert locate_evidence(_make_cam(slice(None), columns)).horizontal is side


def test_row_on_the_border_of_two_thirds_is_split() -> None:
    cam = np.array([[0.0], [1.0], [0.0], [0.0]], np.float32)
    # The second of four rows covers 0.25 to 0.5 of the height: a third of it lies above 1/3.
    assert locate_evidence(cam).vertical is VerticalPart.MIDDLE


def test_horizontal_part_is_that_of_the_named_third() -> None:
    cam = _make_cam(slice(0, 3), slice(0, 3))
    cam[10:12, 5:8] = 0.9
    region = locate_evidence(cam)
    assert (region.vertical, region.horizontal) == (VerticalPart.UPPER, HorizontalPart.LEFT)


def test_concentration_of_one_cell_and_of_a_uniform_map() -> None:
    assert locate_evidence(_make_cam(slice(3, 4), slice(2, 3))).concentration == 1.0
    assert locate_evidence(np.ones((12, 8), np.float32)).concentration == pytest.approx(0.0, abs=0.02)


def test_concentration_counts_the_cells_with_half_of_the_sum() -> None:
    # 25 of 101 cells are hot alike; 13 of them hold half.
    cam = np.zeros((1, 101), np.float32)
    cam[0, :25] = 1.0
    assert locate_evidence(cam).concentration == pytest.approx(1 - 2 * 12 / 100)


def test_zero_map_is_all_over() -> None:
    region = locate_evidence(np.zeros((16, 12), np.float32))
    assert (region.vertical, region.horizontal, region.concentration) == (
        VerticalPart.ALL_OVER,
        HorizontalPart.BOTH,
        0.0,
    )


def test_single_cell_map() -> None:
    region = locate_evidence(np.ones((1, 1), np.float32))
    assert (region.vertical, region.horizontal) == (VerticalPart.ALL_OVER, HorizontalPart.BOTH)


ON_A_BORDER = np.zeros((2, 4), np.float32)
ON_A_BORDER[0] = [0.5, 0.25, 0.125, 1.0]


@given(MAPS)
@example(ON_A_BORDER)
def test_mirroring_swaps_only_the_horizontal_part(cam: np.ndarray) -> None:
    swapped = {
        HorizontalPart.LEFT: HorizontalPart.RIGHT,
        HorizontalPart.RIGHT: HorizontalPart.LEFT,
        HorizontalPart.BOTH: HorizontalPart.BOTH,
    }
    region, mirrored = locate_evidence(cam), locate_evidence(np.ascontiguousarray(cam[:, ::-1]))
    assert mirrored.horizontal is swapped[region.horizontal]
    assert mirrored.vertical is region.vertical
    assert 0.0 <= region.concentration <= 1.0

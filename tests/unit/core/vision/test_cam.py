import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.lib.stride_tricks import sliding_window_view

from core.vision.cam import activation_map


class ToyNetwork:
    """Convolution 3x3, ReLU, 2x2 max pooling, mean over positions, one linear layer; written out in numpy."""

    def __init__(self, seed: int) -> None:
        draw = np.random.default_rng(seed)
        self.kernel = draw.normal(size=(3, 3, 3, 5))
        self.weights = draw.normal(size=(5, 8))
        self.bias = draw.normal(size=8)

    def features(self, picture: np.ndarray) -> np.ndarray:
        windows = sliding_window_view(np.pad(picture, ((1, 1), (1, 1), (0, 0))), (3, 3), axis=(0, 1))
        convolved = np.maximum(np.einsum("hwcij,ijcf->hwf", windows, self.kernel), 0)
        rows, columns, channels = convolved.shape
        pooled: np.ndarray = convolved.reshape(rows // 2, 2, columns // 2, 2, channels).max(axis=(1, 3))
        return pooled

    def evidence(self, picture: np.ndarray) -> np.ndarray:
        return (self.features(picture) @ self.weights).astype(np.float32)

    def logits(self, picture: np.ndarray) -> np.ndarray:
        logits: np.ndarray = self.features(picture).mean(axis=(0, 1)) @ self.weights + self.bias
        return logits


@pytest.mark.parametrize("style", range(8))
def test_map_of_a_toy_network_equals_the_sum_over_channels_written_out(style: int) -> None:
    network = ToyNetwork(seed=style)
    picture = np.random.default_rng(1).normal(size=(8, 12, 3))
    features = network.features(picture)
    by_hand = np.zeros((4, 6))
    for row in range(4):
        for column in range(6):
            for channel in range(5):
                by_hand[row, column] += features[row, column, channel] * network.weights[channel, style]
            by_hand[row, column] = max(by_hand[row, column], 0.0)
    by_hand /= by_hand.max() or 1.0

    assert activation_map(network.evidence(picture)[..., style]) == pytest.approx(by_hand, abs=1e-5)


def test_mean_evidence_and_bias_are_the_logit() -> None:
    network = ToyNetwork(seed=3)
    picture = np.random.default_rng(2).normal(size=(8, 12, 3))
    assert network.evidence(picture).mean(axis=(0, 1)) + network.bias == pytest.approx(
        network.logits(picture), abs=1e-5
    )


def test_map_by_hand() -> None:
    cam = activation_map(np.array([[-3.0, 0.0], [2.0, 4.0]], np.float32))
    assert cam.tolist() == [[0.0, 0.0], [0.5, 1.0]]


@pytest.mark.parametrize("value", [0.0, -2.0])
def test_no_evidence_for_the_style_gives_zeros(value: float) -> None:
    assert activation_map(np.full((3, 2), value, np.float32)).tolist() == [[0.0, 0.0]] * 3


def test_map_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        activation_map(np.ones((2, 2), np.float32))[0, 0] = 5.0


@given(arrays(np.float32, (4, 3), elements=st.floats(-100, 100, width=32)))
def test_map_lies_between_zero_and_one_and_is_finite(evidence: np.ndarray) -> None:
    cam = activation_map(evidence)
    assert np.isfinite(cam).all()
    assert cam.min() >= 0.0
    assert cam.max() == (1.0 if evidence.max() > 0 else 0.0)
    assert (cam[evidence <= 0] == 0).all()

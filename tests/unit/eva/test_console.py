import numpy as np

from eva.console import COLOR_MAP


def test_lightness_rises_in_perceptually_equal_steps() -> None:
    oklab = _oklab(COLOR_MAP[np.linspace(0, 255, 17).round().astype(int)])
    assert (np.diff(oklab[:, 0]) > 0).all()
    steps = np.linalg.norm(np.diff(oklab, axis=0), axis=1)
    assert steps.max() / steps.min() < 1.35


def test_colors_are_distinct_in_srgb() -> None:
    assert len(np.unique(COLOR_MAP, axis=0)) == 256


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

"""Colors that files describe by code points instead of a profile."""

import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.images.color_space import ColorSpace, convert_to_srgb
from core.images.decoding import decode_photo
from tests import images
from tests.unit.core.images.checks import center_color
from tests.unit.core.images.test_png_file import chunk, insert

COLORS = [(200, 30, 30), (30, 160, 40), (40, 60, 200), (220, 200, 60), (128, 128, 128), (0, 0, 0)]
FROM_SRGB = {
    "P3": np.array([[0.8225, 0.1774, 0.0], [0.0332, 0.9669, 0.0], [0.0171, 0.0724, 0.9108]]),
    "2020": np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]),
}
"""Matrices for linear light, rounded as in ITU-R BT.2087."""


def linear(color: tuple[int, ...]) -> Any:
    values = np.array(color) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def shown_color(level: tuple[int, ...], color_space: ColorSpace) -> Any:
    return convert_to_srgb(Image.new("RGB", (4, 4), level), color_space).getpixel((1, 1))


def encode_srgb(light: Any) -> Any:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def encode_bt2020(light: Any) -> Any:
    return np.where(light < 0.018054, 4.5 * light, 1.09929683 * light**0.45 - 0.09929683)


def encode_pq(light: Any, white_nits: float = 203.0) -> Any:
    power = (light * white_nits / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def encode_hlg(light: Any) -> Any:
    """For a screen of 1000 nits, white at 203."""
    screen = light * 0.203
    luminance = screen @ np.array((0.2126, 0.7152, 0.0722))
    scene = screen * max(luminance, 1e-9) ** (1 / 1.2 - 1)
    return np.where(
        scene <= 1 / 12,
        np.sqrt(3 * scene),
        0.17883277 * np.log(12 * np.maximum(scene, 1 / 12) - 0.28466892) + 0.55991073,
    )


ENCODINGS = {
    "P3, curve of sRGB": (ColorSpace(12, 13), "P3", encode_srgb),
    "BT.2020": (ColorSpace(9, 14), "2020", encode_bt2020),
    "BT.2020, 12 bits": (ColorSpace(9, 15), "2020", encode_bt2020),
    "PQ": (ColorSpace(9, 16), "2020", encode_pq),
    "PQ in P3": (ColorSpace(12, 16), "P3", encode_pq),
    "HLG": (ColorSpace(9, 18), "2020", encode_hlg),
    "P3, linear": (ColorSpace(12, 8), "P3", lambda light: light),
}


def encode(color: tuple[int, ...], gamut: str, curve: Any) -> tuple[int, ...]:
    values = curve(np.clip(FROM_SRGB[gamut] @ linear(color), 0, 1))
    return tuple(int(value) for value in (255 * values).round())


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("color", COLORS)
def test_color_is_shown_as_it_was_meant(name: str, color: tuple[int, ...]) -> None:
    color_space, gamut, curve = ENCODINGS[name]
    shown = shown_color(encode(color, gamut, curve), color_space)
    # Eight bits are few for dark colors of a curve made for ten, and for linear light.
    difference = np.abs(linear(shown) - linear(color)).max()
    assert difference < 0.025
    if name == "P3, curve of sRGB":
        assert shown == pytest.approx(color, abs=3)


@pytest.mark.parametrize("primaries", [1, 2, 0, 99])
@pytest.mark.parametrize("transfer", [1, 2, 6, 13, 14, 0, 99])
def test_srgb_and_unknown_code_points_change_nothing(primaries: int, transfer: int) -> None:
    image = images.make_quadrants()
    assert convert_to_srgb(image, ColorSpace(primaries, transfer)) is image


@pytest.mark.parametrize("curve", [encode_pq, encode_hlg])
def test_highlights_are_compressed_in_their_order(curve: Any) -> None:
    color_space = ColorSpace(9, 16 if curve is encode_pq else 18)
    grays = [np.array([light] * 3) for light in (0.5, 1.0, 2.0, 4.0)]
    levels = [tuple(int(value) for value in (255 * curve(gray)).round().clip(0, 255)) for gray in grays]
    shown = [shown_color(level, color_space)[0] for level in levels]
    assert shown == sorted(set(shown))
    assert shown[0] == pytest.approx(188, abs=3)
    assert 235 <= shown[1] <= 250
    assert shown[3] <= 255


P3_COLOR, P3_SHOWN = (184, 50, 41), (200, 30, 29)


def test_code_points_of_a_png() -> None:
    photo = images.encode_image(Image.new("RGB", (96, 96), P3_COLOR), "PNG")
    assert center_color(insert(chunk(b"cICP", bytes([12, 13, 0, 1])), photo)) == pytest.approx(P3_SHOWN, abs=3)


def test_code_points_of_a_png_count_before_its_profile() -> None:
    profile = images.display_p3_profile()
    photo = images.encode_image(Image.new("RGB", (96, 96), P3_COLOR), "PNG", icc_profile=profile)
    assert center_color(insert(chunk(b"cICP", bytes([1, 13, 0, 1])), photo)) == P3_COLOR


@pytest.mark.parametrize("content", [b"", b"\x0c", b"\x0c\x0d\0\1\0"])
def test_damaged_code_points_of_a_png_are_ignored(content: bytes) -> None:
    photo = images.encode_image(Image.new("RGB", (96, 96), P3_COLOR), "PNG")
    assert center_color(insert(chunk(b"cICP", content), photo)) == P3_COLOR


@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_code_points_of_heic_and_avif(form: str) -> None:
    data = images.encode_image(Image.new("RGB", (96, 96), P3_COLOR), form, quality=95)
    at = data.index(b"colrnclx") + 8
    p3 = data[:at] + struct.pack(">HH", 12, 13) + data[at + 4 :]
    assert center_color(p3) == pytest.approx(P3_SHOWN, abs=8)
    assert center_color(data) == pytest.approx(P3_COLOR, abs=5)


def test_transparent_and_gray_images_are_converted() -> None:
    transparent = Image.new("RGBA", (96, 96), (*P3_COLOR, 255))
    for image in (transparent, Image.new("L", (96, 96), 100)):
        data = insert(chunk(b"cICP", bytes([12, 13, 0, 1])), images.encode_image(image, "PNG"))
        assert decode_photo(data).mode == "RGB"


def chromaticities(*values: float) -> bytes:
    """A cHRM chunk: x and y of white, red, green and blue."""
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values)))


def gamma(encoding: float) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(encoding * 100_000)))


SRGB_CHROMATICITIES = chromaticities(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3_CHROMATICITIES = chromaticities(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
D50_CHROMATICITIES = chromaticities(0.3457, 0.3585, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)


def shown_png(level: tuple[int, ...], chunks: bytes) -> Any:
    photo = images.encode_image(Image.new("RGB", (80, 80), level), "PNG")
    return decode_photo(insert(chunks, photo)).getpixel((40, 40))


@pytest.mark.parametrize("color", COLORS)
def test_gamma_of_a_png_is_honored(color: tuple[int, int, int]) -> None:
    light = linear(color)
    for encoding in (1.0, 1 / 1.8, 0.3):
        level = tuple(int(value) for value in np.rint(255 * light**encoding))
        shown = shown_png(level, gamma(encoding))
        # Dark values have few steps in a linear encoding.
        assert np.abs(np.array(shown) - color).max() <= (26 if encoding == 1.0 else 6), (encoding, level)


@pytest.mark.parametrize("color", COLORS)
def test_chromaticities_of_a_png_are_honored_with_a_gamma(color: tuple[int, int, int]) -> None:
    light = FROM_SRGB["P3"] @ linear(color)
    level = tuple(int(value) for value in np.rint(255 * light.clip(0, 1) ** (1 / 2.2)))
    assert np.abs(np.array(shown_png(level, gamma(1 / 2.2) + P3_CHROMATICITIES)) - color).max() <= 6
    assert shown_png(level, P3_CHROMATICITIES) == level, "without a gamma they tell nothing"


def test_white_of_another_color_is_white() -> None:
    assert shown_png((255, 255, 255), gamma(1 / 1.8) + D50_CHROMATICITIES) == (255, 255, 255)


@pytest.mark.parametrize(
    "chunks",
    [
        gamma(1 / 2.2),
        gamma(0.45455) + SRGB_CHROMATICITIES,
        gamma(1.0) + chunk(b"sRGB", b"\0"),
        gamma(0.0),
        gamma(40_000.0),
        chunk(b"gAMA", b"\0\0\xff"),
        chunk(b"gAMA", struct.pack(">I", 100_000), checksum=7),
    ],
)
def test_gamma_that_tells_nothing_changes_nothing(chunks: bytes) -> None:
    assert shown_png((200, 30, 90), chunks) == (200, 30, 90)


@pytest.mark.parametrize("values", [(0.0,) * 8, (0.3,) * 8, (0.9, 0.05, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)])
def test_impossible_chromaticities_are_ignored(values: tuple[float, ...]) -> None:
    assert shown_png((200, 30, 90), gamma(1.0) + chromaticities(*values)) == shown_png((200, 30, 90), gamma(1.0))


def test_profile_and_code_points_count_before_a_gamma() -> None:
    image = Image.new("RGB", (80, 80), (200, 30, 30))
    profile = images.display_p3_profile()
    plain = images.encode_image(image, "PNG", icc_profile=profile)
    assert decode_photo(insert(gamma(1.0), plain)).getpixel((40, 40)) == decode_photo(plain).getpixel((40, 40))
    p3 = chunk(b"cICP", bytes((12, 13, 0, 1)))
    assert shown_png((200, 30, 30), p3 + gamma(1.0)) == shown_png((200, 30, 30), p3)

"""Conversion of pixels of any mode to opaque sRGB, by the color space that their file tells.

That is an ICC profile, code points (CICP, ITU-T H.273: `nclx` in HEIC and AVIF, `cICP` in PNG), or measured primaries
with a gamma (`cHRM` and `gAMA` in PNG).

Photos of phones use Display P3 with the curve of sRGB; screenshots of HDR videos, and HDR photos, BT.2020 with PQ or
HLG. Both HDR curves are shown as on a screen of standard range: white of 203 nits (ITU-R BT.2408) stays white's
neighbor, and what is brighter is compressed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.errors import NotAnImageError

Floats = NDArray[np.float32]

SRGB_PRIMARIES = 1
Chromaticity = tuple[float, float]
Primaries = tuple[Chromaticity, Chromaticity, Chromaticity]
"""Red, green and blue."""
D65: Chromaticity = (0.3127, 0.3290)
PRIMARIES: dict[int, Primaries] = {
    SRGB_PRIMARIES: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
"""With white D65, by `ColourPrimaries`."""
SRGB = PRIMARIES[SRGB_PRIMARIES]
BT709_TRANSFERS = {1, 6, 14, 15}
SRGB_TRANSFER, GAMMA_22, GAMMA_28, LINEAR, PQ, HLG = 13, 4, 5, 8, 16, 18
SRGB_GAMMA = 2.2
MAX_UNNOTICED_GAMMA_RATIO = 1.05
MAX_UNNOTICED_CHROMATICITY = 0.005
"""Differences up to which a file is as good as sRGB."""
BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
"""From XYZ to the responses that are adapted to another white, as in ICC profiles."""
HDR_WHITE_NITS = 203.0
HLG_PEAK_NITS = 1000.0
KNEE = 0.8
"""Linear light, of 1 for white, up to which HDR is shown as it is."""
ENCODING_STEPS = 4096
MAX_UNNOTICED_DIFFERENCE = 2
"""Difference of two 8-bit values, 0 to 255, up to which a profile counts as sRGB."""
PROFILE_CACHE_SIZE = 8
MAX_CACHED_PROFILE = 64 * 2**10
"""Bytes; those of cameras have at most 10 KiB. Longer ones would stay in memory at the cost of later photos."""


@dataclass(frozen=True, slots=True)
class ColorSpace:
    """Code points of primaries and transfer characteristics."""

    primaries: int
    transfer: int

    @property
    def is_like_srgb(self) -> bool:
        """Whether browsers show the values as sRGB: unknown code points, and the curve of BT.709 with its primaries."""
        is_plain = self.transfer in BT709_TRANSFERS | {SRGB_TRANSFER} or self.transfer not in _DECODERS
        return is_plain and (self.primaries == SRGB_PRIMARIES or self.primaries not in PRIMARIES)

    @property
    def is_hdr(self) -> bool:
        """Whether values may be brighter than white."""
        return self.transfer in (PQ, HLG)

    def to_linear_srgb(self, pixels: NDArray[np.uint8]) -> Floats:
        """Linear light of 8-bit pixels; brighter than white only for HDR before it is compressed."""
        decode = _DECODERS.get(self.transfer, decode_srgb)
        levels = decode(np.linspace(0, 1, 256, dtype=np.float32)).astype(np.float32)
        linear: Floats = levels[pixels] @ _matrix_to_srgb(PRIMARIES.get(self.primaries, SRGB), D65)
        if not self.is_hdr:
            return linear
        return _compress_highlights(_show_hlg(linear) if self.transfer == HLG else linear)


@dataclass(frozen=True, slots=True)
class MeasuredColorSpace:
    """Chromaticities and a gamma, as PNG tells them."""

    gamma: float
    """Exponent from values to linear light; 2.2 is close to sRGB."""
    primaries: Primaries
    white: Chromaticity = D65

    @property
    def is_like_srgb(self) -> bool:
        """Whether the values are practically those of sRGB."""
        ratio = self.gamma / SRGB_GAMMA
        pairs = zip((*self.primaries, self.white), (*SRGB, D65), strict=True)
        difference = max(abs(a - b) for point, expected in pairs for a, b in zip(point, expected, strict=True))
        is_same_curve = 1 / MAX_UNNOTICED_GAMMA_RATIO <= ratio <= MAX_UNNOTICED_GAMMA_RATIO
        return is_same_curve and difference <= MAX_UNNOTICED_CHROMATICITY

    @property
    def is_valid(self) -> bool:
        """Whether the primaries span a gamut that contains their white."""
        try:
            columns = _xyz_columns(self.primaries)
            return bool((np.linalg.solve(columns, _xyz(self.white)) > 0).all())
        except (ZeroDivisionError, np.linalg.LinAlgError):
            return False

    def to_linear_srgb(self, pixels: NDArray[np.uint8]) -> Floats:
        """Linear light of 8-bit pixels."""
        levels = (np.linspace(0, 1, 256) ** self.gamma).astype(np.float32)
        linear: Floats = levels[pixels] @ _matrix_to_srgb(self.primaries, self.white)
        return linear


def convert_to_srgb(image: Image.Image, color_space: ColorSpace | MeasuredColorSpace) -> Image.Image:
    """Convert an RGB image to sRGB."""
    if color_space.is_like_srgb:
        return image
    linear = color_space.to_linear_srgb(np.asarray(image))
    steps = (linear.clip(0, 1) ** np.float32(0.5) * (ENCODING_STEPS - 1) + np.float32(0.5)).astype(np.uint16)
    return Image.fromarray(_srgb_levels()[steps])


@lru_cache(maxsize=8)
def _matrix_to_srgb(primaries: Primaries, white: Chromaticity) -> Floats:
    """For row vectors of linear light; colors are adapted to the white of sRGB."""
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(BRADFORD @ _xyz(D65) / (BRADFORD @ _xyz(white))) @ BRADFORD
    matrix: NDArray[np.float64] = (
        np.linalg.inv(_matrix_to_xyz(SRGB, D65)) @ adaptation @ _matrix_to_xyz(primaries, white)
    )
    return matrix.T.astype(np.float32)


def _matrix_to_xyz(primaries: Primaries, white: Chromaticity) -> NDArray[np.float64]:
    columns = _xyz_columns(primaries)
    return columns * np.linalg.solve(columns, _xyz(white))


def _xyz_columns(primaries: Primaries) -> NDArray[np.float64]:
    return np.array([_xyz(primary) for primary in primaries]).T


def _xyz(chromaticity: Chromaticity) -> NDArray[np.float64]:
    """The color of luminance 1."""
    x, y = chromaticity
    return np.array((x / y, 1.0, (1 - x - y) / y))


@lru_cache(maxsize=1)
def _srgb_levels() -> NDArray[np.uint8]:
    """8-bit sRGB values of linear light, by its square root, which spreads dark values."""
    linear = np.linspace(0, 1, ENCODING_STEPS) ** 2
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * encoded).round().astype(np.uint8)


def decode_srgb(values: Floats) -> Floats:
    """Linear light of sRGB values, all 0 to 1 (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _decode_bt709(values: Floats) -> Floats:
    return np.where(values < 0.0812429, values / 4.5, ((values + 0.0992968) / 1.0992968) ** (1 / 0.45))


def _decode_pq(values: Floats) -> Floats:
    """SMPTE ST 2084, relative to white."""
    root = values ** (1 / 78.84375)
    light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    relative: Floats = (light * (10_000 / HDR_WHITE_NITS)).astype(np.float32)
    return relative


def _decode_hlg(values: Floats) -> Floats:
    """ARIB STD-B67: light of the scene, 0 to 1."""
    bright = (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(values <= 0.5, values**2 / 3, bright).astype(np.float32)


def _show_hlg(scene: Floats) -> Floats:
    """Light of the screen, relative to white (ITU-R BT.2100, gamma 1.2 for a peak of 1000 nits)."""
    luminance = np.maximum(scene @ np.array((0.2126, 0.7152, 0.0722), np.float32), 0)[..., np.newaxis]
    gain: Floats = np.power(luminance, np.float32(0.2), dtype=np.float32) * np.float32(HLG_PEAK_NITS / HDR_WHITE_NITS)
    return scene * gain


def _compress_highlights(linear: Floats) -> Floats:
    """Scale colors so that their largest channel stays below 1; hues stay."""
    largest = np.maximum(linear.max(axis=-1, keepdims=True), np.float32(1e-6))
    headroom = np.float32(1 - KNEE)
    excess = np.maximum(largest - KNEE, 0) / headroom
    compressed = KNEE + headroom * excess / (1 + excess)
    return linear * np.where(largest > KNEE, compressed / largest, np.float32(1))


_DECODERS: dict[int, Callable[[Floats], Floats]] = {
    **dict.fromkeys(BT709_TRANSFERS, _decode_bt709),
    SRGB_TRANSFER: decode_srgb,
    GAMMA_22: lambda values: values**2.2,
    GAMMA_28: lambda values: values**2.8,
    LINEAR: lambda values: values,
    PQ: _decode_pq,
    HLG: _decode_hlg,
}
"""From values 0 to 1 to linear light, by `TransferCharacteristics`."""


def to_averageable_mode(image: Image.Image) -> Image.Image:
    """Convert to a mode whose pixels can be averaged: L, LA, RGB, RGBA or CMYK, 8 bits a channel.

    Palettes are resolved, a transparent color becomes alpha, 16-bit gray keeps its upper 8 bits.

    Raises:
        NotAnImageError: the pixels cannot be displayed as colors (floating point, CIE Lab).
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        wide = np.asarray(image).clip(0, 0xFFFF).astype(np.uint16)
        return Image.fromarray((wide >> 8).astype(np.uint8))
    if image.mode in ("F", "LAB"):
        raise NotAnImageError(f"pixel mode {image.mode}")
    is_gray = image.mode in ("1", "L", "LA")
    if image.has_transparency_data:
        return image.convert("LA" if is_gray else "RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if is_gray else "RGB")


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Composite LA or RGBA on white; other modes are returned unchanged."""
    if image.mode not in ("LA", "RGBA"):
        return image
    opaque_mode = image.mode.removesuffix("A")
    background = Image.new(opaque_mode, image.size, "white")
    background.paste(image.convert(opaque_mode), mask=image.getchannel("A"))
    return background


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Convert L, RGB or CMYK to RGB in sRGB, using the file's ICC profile.

    A profile that is broken or made for another mode is ignored, as browsers do. Without a profile, L and RGB count as
    sRGB, and CMYK is converted by the plain formula.

    Returns:
        A new image, also where nothing changes.
    """
    transform = None
    if isinstance(profile, bytes) and profile:
        is_cached = len(profile) <= MAX_CACHED_PROFILE
        transform = (_srgb_transform if is_cached else _srgb_transform.__wrapped__)(profile, image.mode)
    if transform is None:
        return image.convert("RGB")
    # A transform is read-only once built (no one-pixel cache), so threads may share it.
    return transform.apply(image)


@lru_cache(maxsize=PROFILE_CACHE_SIZE)
def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform from a profile to sRGB; None if the profile is unusable or changes nothing."""
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            flags=ImageCms.Flags.NOCACHE,
        )
    except (ImageCms.PyCMSError, OSError):
        return None
    if mode != "RGB":
        return transform
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colors = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colors)))
    difference = np.abs(converted.astype(np.int16) - colors).max()
    return transform if difference > MAX_UNNOTICED_DIFFERENCE else None

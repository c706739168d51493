"""Conversion of pixels of any mode to opaque sRGB."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from core.errors import NotAnImageError

MAX_UNNOTICED_DIFFERENCE = 2
"""Difference of two 8-bit values, 0 to 255, up to which a profile counts as sRGB."""
PROFILE_CACHE_SIZE = 8
MAX_CACHED_PROFILE = 64 * 2**10
"""Bytes; those of cameras have at most 10 KiB. Longer ones would stay in memory at the cost of later photos."""


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

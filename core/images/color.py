"""Pixels of any kind to upright, opaque sRGB."""

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from core.errors import NotAnImageError

MAX_UNNOTICED_DIFFERENCE = 2
"""Difference of two 8-bit values, 0 to 255, that counts as none."""
PROFILE_CACHE_SIZE = 8


def to_averageable_mode(image: Image.Image) -> Image.Image:
    """Pixels that can be averaged: L, LA, RGB, RGBA or CMYK, 8 bits a channel.

    Palettes are looked up, a colour declared transparent becomes alpha, 16-bit grey keeps its upper 8 bits.

    Raises:
        NotAnImageError: the pixels have no colour that could be shown (floating point, CIE Lab).
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        wide = np.asarray(image).clip(0, 0xFFFF).astype(np.uint16)
        return Image.fromarray((wide >> 8).astype(np.uint8))
    if image.mode in ("F", "LAB"):
        raise NotAnImageError(f"pixels of kind {image.mode}")
    grey = image.mode in ("1", "L", "LA")
    if image.has_transparency_data:
        return image.convert("LA" if grey else "RGBA")
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("L" if grey else "RGB")


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Lay LA or RGBA on white; every other kind comes back as it is."""
    if image.mode not in ("LA", "RGBA"):
        return image
    opaque = image.mode.removesuffix("A")
    sheet = Image.new(opaque, image.size, "white")
    sheet.paste(image.convert(opaque), mask=image.getchannel("A"))
    return sheet


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Bring L, RGB or CMYK to RGB in sRGB by the file's ICC profile.

    A profile that is broken or made for another kind of pixels is ignored on purpose: the picture is still a
    picture, and browsers show it the same way. Without a profile, L and RGB count as sRGB, and CMYK is
    converted by the plain formula.

    Returns:
        A new picture, also where nothing had to change.
    """
    transform = _srgb_transform(profile, image.mode) if isinstance(profile, bytes) and profile else None
    if transform is None:
        return image.convert("RGB")
    # A transform is read-only once built (no one-pixel cache), so threads may share it.
    return transform.apply(image)


@lru_cache(maxsize=PROFILE_CACHE_SIZE)
def _srgb_transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB; None where there is none or where it changes nothing."""
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
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    there = np.asarray(transform.apply(Image.fromarray(colours)))
    moved = np.abs(there.astype(np.int16) - colours).max()
    return transform if moved > MAX_UNNOTICED_DIFFERENCE else None
